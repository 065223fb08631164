"""u_contract: what is understood, what is planned and what would be accepted, kept as a record under reports/ask/."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from cells.asks.modes._common import (
    RULES,
    Given,
    Needs,
    Part,
    Text,
    Texts,
    Worded,
    as_document,
    as_list,
    need,
    need_lines,
    needed,
    one_line,
    section,
    slug,
)
from cells.asks.modes._context import Cell, Conflict, Document, Facts, Run, Subject
from cells.asks.modes.base import Mode, Outcome, Section
from cells.patches.edits import AddFile
from cells.sentences import sentence

ALLOWED = ("reports/ask/**",)
PROMPT = f"""
You state the contract of understanding for one cell: where it stands (C), where it wants to be (G), what is missing (delta), what you assume
and do not know; then a plan whose items somebody can carry out, and what has to be true for the plan to count as done.
If `subject` is given, it is the waiting patch the question is about. `citations` name the documents you rely on, by path and lines.
Give `confidence` between 0 and 1 only if you can say why; otherwise leave it null.
{RULES}"""

_DESC = ("description", "title", "name", "step", "text", "task", "action")
_ITEM = {"id", "desc", "commands", "evidence", "risks", "steps", *_DESC}


class Context(Given):
    cell: Cell
    stamp: str
    repository: str = ""
    head: str = ""
    facts: Facts = Facts()
    state_documents: list[Document] = []
    conflicts: list[Conflict] = []
    recent_evidence_runs: list[Run] = []
    subject: Subject | None = None


def _understanding(value: Any) -> Any:
    """A string, or a list of them, is where the cell stands (C); "δ" is delta."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        return {"C": "\n".join(map(str, value)) if isinstance(value, list) else value}
    if "δ" in value and not value.get("delta"):
        return {("delta" if key == "δ" else key): item for key, item in value.items() if key != "delta"}
    return value


class Understanding(Part):
    C: Text = ""
    G: Text = ""
    delta: Text = ""
    assumptions: Texts = []
    unknowns: Texts = []


class PlanItem(Part):
    id: Text = ""
    desc: Text = ""
    commands: Annotated[list[str | dict[str, Any]], BeforeValidator(as_list)] = []
    evidence: Texts = []
    risks: Texts = []


def _plan(value: Any) -> Any:
    """Items for whatever was sent as a plan: a string, strings, an object with commands, an object of items."""
    if isinstance(value, dict):
        if not _ITEM.intersection(value) and all(isinstance(item, dict | str) for item in value.values()):
            value = [_item(item) | {"id": key} for key, item in value.items()]
        else:
            value = [value] if any(item not in (None, "", [], {}) for item in value.values()) else []
    items = [_item(each) for each in as_list(value)]
    return [{"id": f"p{number}"} | item for number, item in enumerate(items, start=1)]


def _item(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {"desc": value}
    said = next((key for key in _DESC if value.get(key)), None)
    if said is None or value.get("desc"):
        return value
    return {("desc" if key == said else key): item for key, item in value.items() if key != "desc"}


class Citation(Worded):
    words = "path"

    path: Text = ""
    lines: Text = ""


class Reply(Part):
    context_header: Text = ""
    typing: Text = ""
    confidence: float | str | None = Field(default=None, union_mode="left_to_right")
    understanding: Annotated[Understanding, BeforeValidator(_understanding)]
    plan: Annotated[list[PlanItem], BeforeValidator(_plan)] = []
    acceptance: Texts = []
    citations: Annotated[list[Citation], BeforeValidator(as_list)] = []
    needs: Needs = []
    warnings: Texts = []

    def says_nothing(self) -> bool:
        held = self.understanding
        return not (held.C or held.G or held.delta or self.plan or self.acceptance)


def literally(context: dict[str, Any]) -> dict[str, Any]:
    """C, G and δ as the STATE in force says them, its open tasks as the plan; nothing else."""
    seen = Context.model_validate(context)
    facts, subject = seen.facts, seen.subject
    current = [_about(subject), *facts.current] if subject else facts.current
    open_tasks = facts.open_tasks()[:20]
    found = bool(current or facts.goal or facts.goal_short or facts.goal_mid or facts.gap or open_tasks)
    return {
        "context_header": f"repo={seen.repository} / commit={seen.head[:12]} / cell={seen.cell.key}",
        "typing": "plan要約",
        "confidence": None,
        "understanding": {
            "C": "\n".join(current),
            "G": "\n".join([*facts.goal_short, *facts.goal_mid, *facts.goal]),
            "delta": "\n".join(facts.gap),
            "assumptions": [],
            "unknowns": [each.words() for each in seen.conflicts[:10]],
        },
        "plan": [
            {"id": f"p{number}", "desc": task.text, "commands": [], "evidence": [], "risks": []}
            for number, task in enumerate(open_tasks, start=1)
        ],
        "acceptance": [],
        "citations": [{"path": each.path, "lines": ""} for each in seen.state_documents[:1] if found],
        "needs": [] if found else [need("weekly")],
    }


def _about(subject: Subject) -> str:
    paths = ", ".join(one_line(file.path, 120) for file in subject.files[:5])
    return f"{one_line(subject.title, 200)}: {paths}"


def outcome(reply: Reply, context: dict[str, Any]) -> Outcome:
    """The answer as a record in its one normalised form, with everything it said; an empty one is plan-only."""
    seen = Context.model_validate(context)
    plan = tuple(one_line(f"{item.id}: {item.desc or json.dumps(item.commands)}") for item in reply.plan)
    told = Outcome(plan=plan, warnings=tuple(reply.warnings), needs=needed(reply.needs))
    if reply.says_nothing():
        return told
    left_out = {name for name in ("needs", "warnings") if not getattr(reply, name)}
    content = as_document(reply.model_dump(mode="json", exclude=left_out))
    shown_paths = {path for run in seen.recent_evidence_runs for path in run.related_files}
    shown_paths |= {each.path for each in seen.state_documents}
    cited = tuple(dict.fromkeys(each.path for each in reply.citations if each.path in shown_paths))
    path = f"reports/ask/ask_{slug(seen.cell.key)}_{seen.stamp}.json"
    return replace(
        told,
        edits=(AddFile(path=path, content=content, evidence=cited),),
        title=f"Keep the answer about {one_line(seen.cell.title or seen.cell.key, 80)}",
        rationale=tuple(filter(None, [one_line(reply.understanding.C)])),
    )


def shown(reply: Reply) -> tuple[Section, ...]:
    held = reply.understanding
    plan = (
        "\n".join([f"{item.id} {item.desc}".strip(), *map(_command, item.commands), *item.risks])
        for item in reply.plan
    )
    return (
        *section(sentence("Where it stands (C)"), [held.C]),
        *section(sentence("Where it wants to be (G)"), [held.G]),
        *section(sentence("What is missing (δ)"), [held.delta]),
        *section(sentence("Assumptions"), held.assumptions),
        *section(sentence("Not known"), held.unknowns),
        *section(sentence("Plan"), plan),
        *section(sentence("Accepted when"), reply.acceptance),
        *section(sentence("Relies on"), (f"{each.path} {each.lines}".strip() for each in reply.citations)),
        *section(sentence("Warnings"), reply.warnings),
        *section(sentence("What evidence would change the answer"), need_lines(reply.needs)),
    )


def _command(command: str | dict[str, Any]) -> str:
    return command if isinstance(command, str) else json.dumps(command, ensure_ascii=False)


MODE = Mode(
    key="u_contract",
    title=sentence("State the contract of understanding"),
    explains=sentence(
        "Writes down what is understood, planned and accepted, as a record under reports/ask/."
    ),
    context=Context,
    reply=Reply,
    prompt=PROMPT,
    literally=literally,
    outcome=outcome,
    shown=shown,
    allowed=ALLOWED,
)
