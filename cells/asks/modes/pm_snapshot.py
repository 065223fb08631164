"""pm_snapshot: where a project stands on one day, as JSON and as a page, in one file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Annotated, Any

from pydantic import BeforeValidator

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
from cells.asks.modes._context import Cell, Document, Facts, Project, Run, moment
from cells.asks.modes._snapshot_page import page
from cells.asks.modes.base import Mode, ModeRefused, Outcome, Section
from cells.patches.edits import AddFile
from cells.sentences import sentence

ALLOWED = ("reports/pm_snapshots/**",)
JST = timezone(timedelta(hours=9))
ACTIONS = 3
PROMPT = f"""
Write a snapshot of the project on the day of `as_of`: current {{summary, bullets}}, goals {{short_term, mid_term}}, gaps, up to three next_actions
{{id, title, details, evidence_refs, links, impact, effort, status}} chosen from the open tasks (impact and effort: high, medium or low, empty when
nobody said; status: todo, in_progress or done), evidence {{kind: doc, state or report, path, summary}} for what you relied on, and notes.
Do not guess what is newest: use the documents you are given. Leave a list empty rather than fill it.
{RULES}"""


class Context(Given):
    as_of: str
    cell: Cell
    project: Project | None = None
    facts: Facts = Facts()
    state_documents: list[Document] = []
    weekly: list[Document] = []
    recent_evidence_runs: list[Run] = []


def _under(key: str) -> BeforeValidator:
    """A string or list where an object belongs stands under `key`."""
    return BeforeValidator(
        lambda value: value if isinstance(value, dict) else {} if value is None else {key: value}
    )


class Current(Part):
    summary: Text = ""
    bullets: Texts = []


class Goals(Part):
    short_term: Texts = []
    mid_term: Texts = []


class NextAction(Worded):
    words = "title"

    id: Text = ""
    title: Text = ""
    details: Text = ""
    evidence_refs: Texts = []
    links: Texts = []
    impact: Text = ""
    effort: Text = ""
    status: Text = "todo"


class Source(Worded):
    words = "path"

    kind: Text = ""
    path: Text = ""
    summary: Text = ""


class Reply(Part):
    schema_version: Text = "pm_snapshot_v1"
    project_id: Text = ""
    generated_at: Text = ""
    current: Annotated[Current, _under("summary")]
    goals: Annotated[Goals, _under("short_term")] = Goals()
    gaps: Texts = []
    next_actions: Annotated[list[NextAction], BeforeValidator(as_list)] = []
    evidence: Annotated[list[Source], BeforeValidator(as_list)] = []
    notes: Texts = []
    needs: Needs = []
    warnings: Texts = []

    def says_nothing(self) -> bool:
        goals = self.goals.short_term or self.goals.mid_term
        return not (self.current.summary or self.current.bullets or goals or self.gaps or self.next_actions)


def _project(seen: Context) -> Project:
    if seen.project is None:
        raise ModeRefused(
            sentence(
                "This cell belongs to no project, so there is no snapshot to write; name its project in swarm.toml."
            )
        )
    return seen.project


def literally(context: dict[str, Any]) -> dict[str, Any]:
    """The facts of the STATE in force, and its first three open tasks in the order in which they stand."""
    seen = Context.model_validate(context)
    project, facts = _project(seen), seen.facts
    state = [{"kind": "state", "path": each.path, "summary": ""} for each in seen.state_documents[:1]]
    weekly = [{"kind": "report", "path": each.path, "summary": ""} for each in seen.weekly[:1]]
    said = bool(facts.current or facts.goal or facts.goal_short or facts.goal_mid or facts.gap or facts.tasks)
    return {
        "schema_version": "pm_snapshot_v1",
        "project_id": project.key,
        "generated_at": seen.as_of,
        "current": {"summary": facts.current[0] if facts.current else "", "bullets": facts.current[1:]},
        "goals": {"short_term": facts.goal_short or facts.goal, "mid_term": facts.goal_mid},
        "gaps": facts.gap,
        "next_actions": [
            {
                "id": f"n{number}",
                "title": task.text,
                "details": _details(task.owner, task.deadline),
                "status": "todo",
            }
            for number, task in enumerate(facts.open_tasks()[:ACTIONS], start=1)
        ],
        "evidence": [*state, *weekly] if said else [],
        "notes": [] if said else ["No STATE document of this project says where it stands."],
        "needs": [] if said else [need("weekly")],
    }


def _details(owner: str, deadline: str) -> str:
    return ", ".join(
        f"{name}: {value}" for name, value in (("owner", owner), ("deadline", deadline)) if value
    )


def outcome(reply: Reply, context: dict[str, Any]) -> Outcome:
    """One file: the JSON, a line `---`, and the page. Its day is the context's, never the answer's."""
    seen = Context.model_validate(context)
    project = _project(seen)
    at = moment(seen.as_of)
    warnings = list(reply.warnings)
    if reply.project_id not in ("", project.key):
        warnings.append(
            f"The answer named the project {one_line(reply.project_id, 80)}; it is {project.key}."
        )
    told = Outcome(warnings=tuple(warnings), needs=needed(reply.needs))
    if at is None or reply.says_nothing():
        return replace(told, rationale=tuple(reply.notes))
    day = at.astimezone(JST).date().isoformat()
    snapshot = _snapshot(reply, project, seen.as_of)
    content = f"{as_document(snapshot)}---\n\n{page(snapshot, day)}"
    known = {path for run in seen.recent_evidence_runs for path in run.related_files}
    known |= {each.path for each in (*seen.state_documents, *seen.weekly)}
    proof = tuple(dict.fromkeys(each.path for each in reply.evidence if each.path in known))
    path = f"reports/pm_snapshots/{day}_{slug(project.key)}.md"
    return replace(
        told,
        edits=(AddFile(path=path, content=content, evidence=proof),),
        title=f"Snapshot of {one_line(project.key, 60)} on {day}",
        rationale=tuple(filter(None, [one_line(reply.current.summary)])),
        plan=tuple(one_line(action.title) for action in reply.next_actions[:ACTIONS]),
    )


def _snapshot(reply: Reply, project: Project, as_of: str) -> dict[str, Any]:
    """The reply in its one form; actions after the third become notes, so that nothing is lost."""
    said = reply.model_dump(mode="json", exclude={"needs", "warnings"})
    said |= {"schema_version": "pm_snapshot_v1", "project_id": project.key, "generated_at": as_of}
    said["notes"] = [
        *reply.notes,
        *(f"{each.title} {each.details}".strip() for each in reply.next_actions[ACTIONS:]),
    ]
    said["next_actions"] = said["next_actions"][:ACTIONS]
    return said


def shown(reply: Reply) -> tuple[Section, ...]:
    current, goals = reply.current, reply.goals
    actions = (f"{each.title}\n{each.details}" for each in reply.next_actions)
    return (
        *section(sentence("Where it stands (C)"), [current.summary, *current.bullets]),
        *section(sentence("Where it wants to be (G)"), [*goals.short_term, *goals.mid_term]),
        *section(sentence("What is missing (δ)"), reply.gaps),
        *section(sentence("Next actions"), actions),
        *section(sentence("Relies on"), (f"{each.path} {each.summary}".strip() for each in reply.evidence)),
        *section(sentence("Notes"), reply.notes),
        *section(sentence("Warnings"), reply.warnings),
        *section(sentence("What evidence would change the answer"), need_lines(reply.needs)),
    )


MODE = Mode(
    key="pm_snapshot",
    title=sentence("Take a snapshot of the project"),
    explains=sentence(
        "Writes where the project stands today, its gap and its next three actions, as one report."
    ),
    context=Context,
    reply=Reply,
    prompt=PROMPT,
    literally=literally,
    outcome=outcome,
    shown=shown,
    allowed=ALLOWED,
)
