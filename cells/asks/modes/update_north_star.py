"""update_north_star: what STATE and memory should say about the newest run, and nothing the run does not say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from cells.asks.modes._common import (
    RULES,
    Needs,
    Part,
    Text,
    Texts,
    as_list,
    as_word,
    need_lines,
    needed,
    one_line,
    refusal,
    section,
)
from cells.asks.modes._context import files_of
from cells.asks.modes._north_star import Context, literally
from cells.asks.modes.base import Mode, ModeRefused, Outcome, Section
from cells.patches.edits import AppendAfterHeading, Edit, MergeJson, ReplaceSection
from cells.sentences import Sentence, sentence

ALLOWED = ("STATE/**", "data/**/*.json")
PROMPT = f"""
You keep the North Star of one cell up to date: what its STATE document and its memory document say about where it stands.
Compare recent_evidence_runs with state_documents and memory_documents. Propose only what the newest runs prove and the documents do not say yet.
- state_patch: for each change {{"path", "match_heading", "operation", "markdown", "evidence"}}. path is one of state_documents; match_heading copies
  a heading of that document that stands there once; operation is append_after_heading (preferred) or replace_section (keep everything that is
  still true); evidence lists paths of related_files. Write evidence lines in the document's own form.
- memory_patch: {{"path", "merge", "evidence"}}; merge is an object that is deep-merged into that memory document. Name only what changes.
- If `conflicts` is not empty, propose nothing: name each conflict with both documents in `warnings`, and the missing vantage points in `needs`.
- A run counts only with status success, trust "ssot", timestamp_certain true and no flags. A run's time is its `timestamp`; if a document gives
  another time for it, change nothing and name both times in `warnings`.
{RULES}"""


def _operation(value: Any) -> Any:
    word = as_word(value)
    known = {"append": "append_after_heading", "add": "append_after_heading", "replace": "replace_section"}
    return (
        known.get(word, word.replace("-", "_")) if isinstance(word, str) else word or "append_after_heading"
    )


class StatePatch(Part):
    match_heading: Text
    operation: Annotated[Literal["append_after_heading", "replace_section"], BeforeValidator(_operation)] = (
        "append_after_heading"
    )
    markdown: Text = ""
    path: Text = ""
    evidence: Texts = []


def _merge(value: Any) -> Any:
    """The patch as an object with `merge`: null is empty, a bare object is what to merge, a list of one its item."""
    if isinstance(value, list) and len(value) <= 1:
        value = value[0] if value else None
    if not value:
        return {}
    return value if not isinstance(value, dict) or "merge" in value or "path" in value else {"merge": value}


class MemoryPatch(Part):
    merge: dict[str, Any] = {}
    path: Text = ""
    evidence: Texts = []


class Reply(Part):
    state_patch: Annotated[list[StatePatch], BeforeValidator(as_list)] = []
    memory_patch: Annotated[MemoryPatch, BeforeValidator(_merge)] = Field(default_factory=MemoryPatch)
    rationale: Texts = []
    warnings: Texts = []
    plan: Texts = []
    needs: Needs = []


def outcome(reply: Reply, context: dict[str, Any]) -> Outcome:
    """The edits to documents of this cell; an edit to any other is left out, and refused when nothing remains."""
    seen = Context.model_validate(context)
    warnings = list(reply.warnings)
    edits: list[Edit] = []
    refused: list[Sentence] = []
    for edit in _edits(reply, seen):
        if why := refusal(edit.path, seen.documents(), ALLOWED):
            refused.append(why)
        else:
            edits.append(edit)
    if refused and not edits:
        raise ModeRefused(refused[0])
    return Outcome(
        edits=tuple(edits),
        title=f"Update the North Star of {one_line(seen.cell.title or seen.cell.key, 80)}" if edits else "",
        rationale=tuple(reply.rationale),
        plan=tuple(reply.plan),
        warnings=(*warnings, *map(str, refused)),
        needs=needed(reply.needs),
    )


def _edits(reply: Reply, seen: Context) -> Iterator[Edit]:
    for patch in reply.state_patch:
        if patch.markdown.strip():
            path = patch.path or _first(each.path for each in seen.state_documents) or seen.cell.state_path
            kind = ReplaceSection if patch.operation == "replace_section" else AppendAfterHeading
            proof = _proof(patch.evidence, patch.markdown, seen)
            yield kind(path=path, match_heading=patch.match_heading, markdown=patch.markdown, evidence=proof)
    memory = reply.memory_patch
    if memory.merge:
        path = memory.path or _first(each.path for each in seen.memory_documents) or seen.cell.memory_path
        said = json.dumps(memory.merge, ensure_ascii=False)
        yield MergeJson(path=path, merge=memory.merge, evidence=_proof(memory.evidence, said, seen))


def _first(paths: Iterable[str]) -> str:
    return next(iter(paths), "")


def _proof(claimed: list[str], words: str, seen: Context) -> tuple[str, ...]:
    """The evidence of an edit: what the answer names and we showed, and the files of every run it writes about."""
    runs = seen.recent_evidence_runs
    shown = {path for run in runs for path in run.related_files}
    return tuple(dict.fromkeys([*(path for path in claimed if path in shown), *files_of(runs, words)]))


def shown(reply: Reply) -> tuple[Section, ...]:
    state = (f"{patch.path} · {patch.match_heading}\n{patch.markdown}" for patch in reply.state_patch)
    merged = json.dumps(reply.memory_patch.merge, ensure_ascii=False, indent=2)
    return (
        *section(sentence("Changes to STATE"), state),
        *section(sentence("Changes to memory"), [merged] if reply.memory_patch.merge else []),
        *section(sentence("Why"), reply.rationale),
        *section(sentence("Warnings"), reply.warnings),
        *section(sentence("Plan"), reply.plan),
        *section(sentence("What evidence would change the answer"), need_lines(reply.needs)),
    )


MODE = Mode(
    key="update_north_star",
    title=sentence("Update the North Star"),
    explains=sentence(
        "Proposes what STATE and memory should say about the newest runs of this cell, or says which evidence is missing."
    ),
    context=Context,
    reply=Reply,
    prompt=PROMPT,
    literally=literally,
    outcome=outcome,
    shown=shown,
    allowed=ALLOWED,
)
