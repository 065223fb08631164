"""doc_update: what documents should say that they do not say yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from cells.asks.modes._citing import Context, literally
from cells.asks.modes._common import (
    RULES,
    Needs,
    Part,
    Text,
    Texts,
    Worded,
    as_list,
    as_word,
    need_lines,
    needed,
    one_line,
    refusal,
    section,
)
from cells.asks.modes.base import Mode, ModeRefused, Outcome, Section
from cells.patches.edits import AppendAfterHeading, Archive, Edit, ReplaceFile, ReplaceSection
from cells.sentences import Sentence, sentence
from cells.ssot.state_lines import plain

ALLOWED = ("docs/**", "STATE/**")
PROMPT = f"""
Propose updates to the documents you are shown (`documents`, `state_documents`), and to no others. Each update:
{{"target": {{"path", "doc_type", "section_hint"}}, "reason", "change_type", "suggestion_markdown", "confidence", "evidence"}}.
section_hint copies a heading that stands there once. change_type: add or append_list_item (added at the end of that section), edit_paragraph
(the whole text of that section, sub-sections included, anew: keep what is still true), replace_whole_file (final_content holds the whole
document; only when nothing smaller will do, never shortened), archive (move a docs/ document that has had its day, unchanged, to the path
archive_to, which is docs/archive/ and its name unless you say). evidence lists the paths that prove it.
Documents that need no change go to no_change with a reason.
{RULES}"""

_APPEND = ("add", "append", "append-list-item", "append-after-heading")
_ARCHIVE = ("archive", "move", "move-file")
_REPLACE = ("edit-paragraph", "edit", "replace-section")


class Target(Worded):
    words = "path"

    path: Text = ""
    doc_type: Text = ""
    section_hint: Text = ""


class Update(Part):
    target: Target
    reason: Text = ""
    change_type: Text = "other"
    suggestion_markdown: Text = ""
    final_content: Text = ""
    archive_to: Text = ""
    confidence: Text = ""
    status: Text = ""
    evidence: Texts = []

    @model_validator(mode="before")
    @classmethod
    def _one_vocabulary(cls, value: Any) -> Any:
        """A target as a path, or beside its section under the names that reviews use."""
        if not isinstance(value, dict) or value.get("target"):
            return value
        names = ("path", "target_path", "target.path", "doc_type", "section_hint")
        target = {
            name.removeprefix("target_").removeprefix("target."): value[name]
            for name in names
            if value.get(name)
        }
        return {key: item for key, item in value.items() if key not in names} | {"target": target}

    def is_rejected(self) -> bool:
        said = (self.status, (self.model_extra or {}).get("decision"))
        return any(isinstance(word, str) and as_word(word).startswith("reject") for word in said)


class NoChange(Worded):
    words = "path"

    path: Text = ""
    reason: Text = ""


class Reply(Part):
    schema_version: Text = "doc_update_proposal_v1"
    project_id: Text = ""
    generated_at: Text = ""
    summary: Text = ""
    updates: Annotated[list[Update], BeforeValidator(as_list)]
    no_change: Annotated[list[NoChange], BeforeValidator(as_list)] = []
    notes: Texts = []
    needs: Needs = []
    warnings: Texts = []

    @model_validator(mode="before")
    @classmethod
    def _reviewed(cls, value: Any) -> Any:
        """A review's target files are updates with the whole text."""
        if not isinstance(value, dict) or "target_files" not in value:
            return value
        whole = [*as_list(value.get("updates")), *as_list(value["target_files"])]
        return {key: item for key, item in value.items() if key != "target_files"} | {"updates": whole}


def outcome(reply: Reply, context: dict[str, Any]) -> Outcome:
    """Edits to the documents that were shown; what cannot be placed is told, and refused when nothing else is left."""
    seen = Context.model_validate(context)
    known, edits, refused = seen.paths(), list[Edit](), list[Sentence]()
    for update in reply.updates:
        if update.is_rejected():
            continue
        why = refusal(update.target.path, known, ALLOWED) or _unplaced(update)
        if why:
            refused.append(why)
        else:
            edits.append(_edit(update, seen))
    if refused and not edits:
        raise ModeRefused(refused[0])
    return Outcome(
        edits=tuple(edits),
        title=_title(edits) if edits else "",
        rationale=tuple(filter(None, [reply.summary, *(update.reason for update in reply.updates)])),
        plan=tuple(reply.notes),
        warnings=(*reply.warnings, *_rejected(reply), *map(str, refused)),
        needs=needed(reply.needs),
    )


def _title(edits: list[Edit]) -> str:
    paths = list(dict.fromkeys(edit.path for edit in edits))
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"Update {one_line(paths[0], 100)}{more}"


def _rejected(reply: Reply) -> Iterator[str]:
    for update in reply.updates:
        if update.is_rejected():
            yield f"The answer itself rejects its update of {one_line(update.target.path)}; it was left out."


def _unplaced(update: Update) -> Sentence | None:
    """Why an update to a known document is no edit: no text, no section, or a kind of change we do not know."""
    path = one_line(update.target.path)
    if as_word(update.change_type) in _ARCHIVE:
        return _immovable(update)
    if not (update.suggestion_markdown.strip() or update.final_content.strip()):
        return sentence(
            "This answer wants to change %(path)s but says no text for it, so it was not proposed.", path=path
        )
    if update.final_content.strip():
        return None
    if as_word(update.change_type) not in (*_APPEND, *_REPLACE):
        return sentence(
            "This answer asks for the change %(change)s in %(path)s, which is none that can be made.",
            change=one_line(update.change_type, 60),
            path=path,
        )
    if not _heading(update):
        return sentence(
            "This answer does not say which section of %(path)s it changes, so it was not proposed.",
            path=path,
        )
    return None


def _immovable(update: Update) -> Sentence | None:
    """Only documents are archived, and stay documents; STATE is what the cells stand on."""
    if update.target.path.startswith("docs/") and _archive(update).startswith("docs/"):
        return None
    return sentence(
        "This answer wants to move %(path)s to %(to)s; only what lies under docs/ is archived, and stays there.",
        path=one_line(update.target.path),
        to=one_line(_archive(update)),
    )


def _archive(update: Update) -> str:
    return update.archive_to or f"docs/archive/{update.target.path.removeprefix('docs/')}"


def _edit(update: Update, seen: Context) -> Edit:
    path, heading = update.target.path, _heading(update)
    proof = tuple(dict.fromkeys(each for each in update.evidence if each in seen.evidence()))
    if as_word(update.change_type) in _ARCHIVE:
        return Archive(path=path, to=_archive(update), evidence=proof)
    if update.final_content.strip():
        return ReplaceFile(path=path, content=update.final_content, evidence=proof)
    if as_word(update.change_type) in _REPLACE:
        return ReplaceSection(
            path=path, match_heading=heading, markdown=update.suggestion_markdown, evidence=proof
        )
    return AppendAfterHeading(path=path, match_heading=heading, markdown=_addition(update), evidence=proof)


def _heading(update: Update) -> str:
    return update.target.section_hint.strip().lstrip("#").strip()


def _addition(update: Update) -> str:
    """The text to add, without the section's own heading, which models like to repeat."""
    first, _, rest = update.suggestion_markdown.lstrip("\n").partition("\n")
    repeated = first.startswith("#") and plain(first.lstrip("#")) == plain(_heading(update))
    return rest.lstrip("\n") if repeated and rest.strip() else update.suggestion_markdown


def shown(reply: Reply) -> tuple[Section, ...]:
    updates = (
        f"{each.target.path} · {each.target.section_hint} · {each.change_type}\n{each.reason}\n"
        f"{each.final_content or each.suggestion_markdown}"
        for each in reply.updates
    )
    return (
        *section(sentence("Summary"), [reply.summary]),
        *section(sentence("Changes to documents"), updates),
        *section(sentence("No change needed"), (f"{each.path}: {each.reason}" for each in reply.no_change)),
        *section(sentence("Notes"), reply.notes),
        *section(sentence("Warnings"), reply.warnings),
        *section(sentence("What evidence would change the answer"), need_lines(reply.needs)),
    )


MODE = Mode(
    key="doc_update",
    title=sentence("Update the documents"),
    explains=sentence("Proposes what the project's documents should say that the evidence says already."),
    context=Context,
    reply=Reply,
    prompt=PROMPT,
    literally=literally,
    outcome=outcome,
    shown=shown,
    allowed=ALLOWED,
)
