"""What the API says, as shapes. Times are ISO 8601 with their offset; sentences are in the caller's language."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema

from cells.api.words import HealthState, OneOf, Up


class RepositoryOut(Schema):
    """`source` is without credentials; `problems` is what the last reading had to say."""

    key: str
    source: str
    branch: str
    head: str
    head_at: datetime | None
    synced_at: datetime | None
    newest_evidence_at: datetime | None
    swarm_origin: Annotated[str, OneOf(("declared", "discovered", "none"))]
    swarm_path: str
    cells: int
    waiting: int
    problems: list[str]


class FactOut(Schema):
    """A statement of a STATE document, as written, and where it stands; `data` is a task's owner, deadline, …"""

    kind: str
    text: str
    heading: str
    path: str
    line: int
    last_line: int
    commit: str
    data: dict[str, Any]


class StateOut(Schema):
    """The version of a STATE document (or of one section) that stands now: C, G and δ, and its tasks."""

    path: str
    section: str
    commit: str
    committed_at: datetime
    note: str | None
    open_tasks: int
    all_tasks: int
    facts: list[FactOut]
    tasks: list[FactOut]


class ProjectOut(Schema):
    repository: str
    key: str
    title: str
    state_path: str
    state: StateOut | None


class HealthOut(Schema):
    """How a cell is; `delta` is open / all tasks, null when there are none."""

    state: HealthState
    why: str
    waiting: int
    fresh: int
    evidence: int
    newest: datetime | None
    delta: float | None


class CellOut(Schema):
    """A cell as the swarm describes it (`path` and `line` say where) and how it is."""

    repository: str
    key: str
    title: str
    lane: str
    project: str | None
    stage: str
    owner: str
    cadence: str
    north_star: str
    contract: str
    path: str
    line: int
    health: HealthOut


class RelationOut(Schema):
    source: str
    target: str
    type: str


class CellDetail(CellOut):
    """With C, G, δ and tasks; `borrowed` when they are its project's, because it has no STATE of its own."""

    state: StateOut | None
    borrowed: bool
    conflicts: list[str]
    relations: list[RelationOut]
    milestones: dict[str, str]
    ask_modes: list[str]
    evidence_globs: list[str]
    memory: str


class ObservedOut(Schema):
    """When it was observed, and how we know (`source`: name, text or commit); `exact` is false when only the day is known."""

    at: datetime
    source: str
    written: str
    zone: str
    confidence: str
    exact: bool


class FlagOut(Schema):
    code: str
    sentence: str


class ClaimOut(Schema):
    subject: str
    predicate: str
    value: str
    unit: str
    vantage: str
    line: int


class EvidenceOut(Schema):
    """One piece of evidence that stands at the head, or (`source` github) the newest word of GitHub, where `url` is its
    page; `flags` say what is wrong with it."""

    id: int
    source: Annotated[str, OneOf(("ssot", "github"))]
    url: str
    path: str
    title: str
    kind: str
    picture: bool
    size: int
    blob: str
    commit: str
    committed_at: datetime
    observed: ObservedOut
    lane: str | None
    project: str | None
    cells: list[str]
    flags: list[FlagOut]
    claims: list[ClaimOut]


class EventOut(Schema):
    """Who did what to which, before and after. `seq` and `hash` are its link in the chain, null until it is sealed."""

    id: int
    at: datetime
    actor: str
    verb: str
    repository: str
    subject_type: str
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str
    seq: int | None
    hash: str | None


class ReadingOut(Schema):
    """How many repositories are known, and how many failed at their last reading."""

    known: int
    failing: int


class UpOut(Schema):
    """`worker` is seconds since a job last finished, null when none ever did."""

    status: Annotated[str, OneOf(("ok", "degraded", "down"))]
    database: Up
    broker: Up
    worker: float | None
    repositories: ReadingOut | None
