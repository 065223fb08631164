"""The values a swarm consists of: lanes, projects, cells, relations, executors, milestones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cells.sentences import Sentence

Origin = Literal["declared", "discovered", "none"]

# Lanes we know, with their English titles; a repository may add its own.
KNOWN_LANES = {
    "north-star": "North Star",
    "monitoring": "Monitoring",
    "persist-report": "Persist report",
    "cost": "Cost",
    "business-kpi": "Business KPI",
    "sample": "Sample",
}
STAGES = ("candidate", "active", "shelved", "archived")
UNASSIGNED = "unassigned"
CONSENT_KEYS = ("approvals", "goal_approvals", "owners")
MOST_PEOPLE = 9  # that have to approve one change


@dataclass(frozen=True, slots=True)
class Consent:
    """Who has to agree: how many people, how many where a goal changes (0: as many), and one of `owners`."""

    approvals: int = 1
    goal_approvals: int = 0
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """A lane: cells of one kind under one contract policy."""

    key: str
    title: str
    consent: Consent = Consent()


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """A project and the path of its STATE file ("" without one)."""

    key: str
    title: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class CellSpec:
    """A cell as declared; paths are relative to the repository, `path` and `line` say where it stands."""

    key: str
    lane: str
    project: str = ""
    title: str = ""
    north_star: str = ""
    state: str = ""
    state_section: str = ""
    memory: str = ""
    evidence: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    contract: str = ""
    stage: str = "active"
    owner: str = ""
    cadence: str = ""
    actions: dict[str, str] = field(default_factory=dict)
    note: str = ""
    consent: Consent = Consent()
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class RelationSpec:
    """A directed relation between two cells; `type` is a free word."""

    source: str
    target: str
    type: str


@dataclass(frozen=True, slots=True)
class ExecutorSpec:
    """Who may do work, where, and whether it may write."""

    key: str
    may_write: bool
    where: str


@dataclass(frozen=True, slots=True)
class MilestoneSpec:
    """A milestone that cells name in their actions."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Swarm:
    """A swarm and where it comes from; `dangling` relations name a cell no file so far declares."""

    title: str = ""
    lanes: tuple[LaneSpec, ...] = ()
    projects: tuple[ProjectSpec, ...] = ()
    cells: tuple[CellSpec, ...] = ()
    relations: tuple[RelationSpec, ...] = ()
    executors: tuple[ExecutorSpec, ...] = ()
    milestones: tuple[MilestoneSpec, ...] = ()
    origin: Origin = "none"
    path: str = ""
    problems: tuple[Sentence, ...] = ()
    dangling: tuple[RelationSpec, ...] = ()


class SwarmBroken(Exception):
    """The file is no TOML; `sentence` names line and column and says what to do."""

    def __init__(self, said: Sentence) -> None:
        super().__init__(str(said))
        self.sentence = said
