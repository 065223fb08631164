"""Where a subject wants to be, as text: its North Star and the G of its STATE; and its tasks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cells.ssot.state import Fact, StateReading
from cells.ssot.swarm_specs import CellSpec, ProjectSpec
from cells.stored import storable

GOALS = ("goal", "goal_short", "goal_mid")
State = Callable[[str, str], StateReading | None]  # path and section ("" for all of it) to what stands there


@dataclass(frozen=True, slots=True)
class Source:
    """One text a goal consists of: `what` is "north_star", a kind of fact, or "milestone"."""

    what: str
    text: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Goal:
    """`sources` is empty where nothing says what is wanted; `tasks` are those of the same STATE."""

    sources: tuple[Source, ...] = ()
    tasks: tuple[dict, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(source.text for source in self.sources)

    @property
    def counted(self) -> tuple[int, int]:
        """(open, all) tasks."""
        return sum(not task.get("done") for task in self.tasks), len(self.tasks)


def of_cell(cell: CellSpec, state: State) -> Goal:
    """North Star and the G of its own STATE; only where neither stands, what it does in the milestones."""
    read = state(cell.state, cell.state_section) if cell.state else None
    sources = [
        *([Source("north_star", cell.north_star, cell.path, cell.line)] if cell.north_star else []),
        *(_goals(read.facts, cell.state) if read else ()),
    ]
    milestones = [Source("milestone", text, cell.path, cell.line) for text in cell.actions.values() if text]
    return Goal(tuple(sources or milestones), _tasks(read))


def of_project(project: ProjectSpec, state: State) -> Goal:
    """The G of its STATE."""
    read = state(project.state, "") if project.state else None
    return Goal(tuple(_goals(read.facts, project.state)) if read else (), _tasks(read))


def _goals(facts: Iterable[Fact], path: str) -> Iterable[Source]:
    return (Source(fact.kind, storable(fact.text), path, fact.line) for fact in facts if fact.kind in GOALS)


def _tasks(read: StateReading | None) -> tuple[dict, ...]:
    return tuple(fact.data for fact in read.facts if fact.kind == "task") if read else ()
