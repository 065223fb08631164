"""Where every subject has been: one mark at each commit that moved it.

A cell's trail begins before the repository first described it, where evidence of it is older: those marks are told
with its first description and say so (`described` is False).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cells.evidence.assign import CellIndex, cells_of, project_of
from cells.ssot.swarm import Swarm
from egspace.geometry import Array
from egspace.models import CELL, LANE, PROJECT, SWARM
from egspace.reckoning.chapters import Chapter, Row
from egspace.reckoning.description import index_of
from egspace.reckoning.goals import Goal
from egspace.reckoning.ledger import Ledger, Piece, Stand, Subject

# How sure a placing is, by why it was made: a text that names exactly one cell may still be about something else.
SURE = {"person": 1.0, "swarm": 1.0, "path": 1.0, "text": 0.5}
WHOLE: Subject = (SWARM, "")
NAMED = 5  # paths that a mark names of those that moved it
MOST_EARLY = 60  # swarms whose new cells get a trail from before their description; each is one more walk

GoalVector = Callable[[Goal], Array | None]


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """A subject stands here from this commit on."""

    subject: Subject
    seq: int
    commit: str
    at: datetime
    stand: Stand
    tasks: tuple[int, int]
    moved: dict[str, Any]
    described: bool = True
    present: bool = True


@dataclass(slots=True)
class _Moves:
    """What happened to one subject at one commit."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    goal: bool = False

    def told(self) -> dict[str, Any]:
        added, removed = sorted(self.added), sorted(self.removed)
        return {
            "added": added[:NAMED], "removed": removed[:NAMED], "goal": self.goal, "n": len(added) + len(removed),
        }  # fmt: skip


class Placing:
    """Which subjects a piece of evidence belongs to under one swarm, and how sure that is."""

    def __init__(self, swarm: Swarm) -> None:
        self.told_by = (
            [(cell.key, cell.lane, cell.project, cell.evidence) for cell in swarm.cells],
            swarm.projects,
        )
        self.cells = {cell.key: cell for cell in swarm.cells}
        self.projects = [project.key for project in swarm.projects]
        self.index: CellIndex = index_of(swarm)

    def of(self, row: Row) -> dict[Subject, float]:
        cells = self.cells_of(row)
        found: dict[Subject, float] = {WHOLE: 1.0} | {(CELL, key): sure for key, sure in cells.items()}
        for key, sure in cells.items():
            lane, project = (LANE, self.cells[key].lane), (PROJECT, self.cells[key].project)
            found[lane] = max(sure, found.get(lane, 0.0))
            if project[1]:
                found[project] = max(sure, found.get(project, 0.0))
        if own := project_of(row.path, self.projects):
            found[PROJECT, own] = 1.0
        return found

    def cells_of(self, row: Row) -> dict[str, float]:
        """A person's word, else what its path says, else what sync read in its text."""
        told = {key: SURE.get(why, 0.5) for key, why in row.matches.items() if key in self.cells}
        if row.by_hand:
            return told
        return {match.key: SURE[match.why] for match in cells_of(row.path, "", self.index)} or {
            key: sure for key, sure in told.items() if row.matches[key] == "text"
        }


class Walk:
    """One way through the chapters. Afterwards `ledger`, `placing` and `goals` tell how things stand at the end."""

    def __init__(self, ledger: Ledger, rows_to_vector: Mapping[str, int], goal_vector: GoalVector) -> None:
        self.ledger = ledger
        self.vector = rows_to_vector  # blob to row
        self.goal_vector = goal_vector
        self.placing = Placing(Swarm())
        self.standing: dict[str, Row] = {}  # path to the evidence in the tree
        self.under: dict[str, dict[Subject, float]] = {}
        self.goals: dict[Subject, Goal] = {}
        self.subjects: set[Subject] = set()
        self.stands: dict[Subject, Stand] = {}  # of the subjects, as last reckoned
        self.groups: dict[Subject, list[Subject]] = {}  # cell to the lane and the swarm whose G it is part of
        self._moves: defaultdict[Subject, _Moves] = defaultdict(_Moves)

    def marks(self, book: Iterable[Chapter]) -> Iterable[Mark]:
        for chapter in book:
            self._moves = defaultdict(_Moves)
            gone = self.retell(chapter.swarm) if chapter.retold else set()
            for subject, goal in chapter.goals.items():
                self.set_goal(subject, goal)
            for path, row in chapter.evidence:
                self.change(path, row)
            here = (chapter.seq, chapter.commit, chapter.at)
            nothing = Stand(None, None, None, 0, 0)
            yield from (Mark(one, *here, nothing, (0, 0), {}, present=False) for one in sorted(gone))
            for subject in sorted(self._moves.keys() & self.subjects):
                tasks = self.goals[subject].counted if subject in self.goals else (0, 0)
                self.stands[subject] = self.ledger.stand(subject)
                yield Mark(subject, *here, self.stands[subject], tasks, self._moves[subject].told())

    def retell(self, swarm: Swarm) -> set[Subject]:
        """Another swarm is described: place everything anew. Returns the subjects that are no more."""
        before, self.placing = self.placing, Placing(swarm)
        lanes: dict[Subject, list[Subject]] = {(LANE, lane.key): [] for lane in swarm.lanes}
        for cell in swarm.cells:
            lanes.setdefault((LANE, cell.lane), []).append((CELL, cell.key))
        cells = [(CELL, cell.key) for cell in swarm.cells]
        now = {WHOLE, *cells, *lanes, *((PROJECT, project.key) for project in swarm.projects)}
        gone, new = self.subjects - now, now - self.subjects
        self.subjects = now
        for subject in gone:
            self.ledger.forget(subject)
            self.goals.pop(subject, None)
            self.stands.pop(subject, None)
        before_members, self.ledger.members = self.ledger.members, {**lanes, WHOLE: cells}
        regrouped = {
            group for group, members in self.ledger.members.items() if before_members.get(group) != members
        }
        for subject in new | regrouped:
            self._moves[subject].goal = True
        self.groups = {(CELL, cell.key): [(LANE, cell.lane), WHOLE] for cell in swarm.cells}
        for row in self.standing.values() if self.placing.told_by != before.told_by else ():
            self.put(row)
        return gone

    def set_goal(self, subject: Subject, goal: Goal) -> None:
        if subject not in self.subjects:
            return
        self.goals[subject] = goal
        self.ledger.goals[subject] = self.goal_vector(goal)
        self._moves[subject].goal = True
        for group in self.groups.get(subject, ()):
            self._moves[group].goal = True

    def change(self, path: str, row: Row | None) -> None:
        if row is not None:
            self.standing[path] = row
            self.put(row, moved=True)
        elif self.standing.pop(path, None):
            for subject in self.under.pop(path, {}):
                self.ledger.drop(path, [subject])
                self._moves[subject].removed.append(path)

    def put(self, row: Row, *, moved: bool = False) -> None:
        """Under the subjects it belongs to now, and under no other."""
        before, now = self.under.get(row.path, {}), self.placing.of(row)
        if before == now and not moved:
            return
        self.under[row.path] = now
        for subject in before.keys() - now.keys():
            self.ledger.drop(row.path, [subject])
            self._moves[subject].removed.append(row.path)
        for subject in now if moved else [s for s in now if before.get(s) != now[s]]:
            self._moves[subject].added.append(row.path)
        self.ledger.place(self.piece(row), now)

    def piece(self, row: Row) -> Piece:
        return Piece(row.path, row.at, row.trust, self.vector.get(row.blob, -1))


def early(book: Sequence[Chapter], walk: Callable[[], Walk]) -> Iterable[Mark]:
    """The marks of cells from before they were described, told with their first description and their first goal."""
    wanted = _first_goals(book)
    for chapter, keys in _first_told(book)[:MOST_EARLY]:
        taken = walk()
        taken.retell(chapter.swarm)
        for key in keys:
            if goal := wanted.get((CELL, key)):
                taken.set_goal((CELL, key), goal)
        new = {(CELL, key) for key in keys}
        past = (
            Chapter(one.seq, one.commit, one.at, chapter.swarm, False, {}, one.evidence)
            for one in book[: chapter.seq]
        )
        for mark in taken.marks(past):
            if mark.subject in new:
                yield Mark(
                    mark.subject, mark.seq, mark.commit, mark.at, mark.stand, (0, 0), mark.moved, described=False
                )  # fmt: skip


def _first_told(book: Sequence[Chapter]) -> list[tuple[Chapter, set[str]]]:
    """Chapters after the first in which cells are described for the first time, newest first."""
    seen: set[str] = set()
    found = []
    for chapter in book:
        if chapter.retold:
            new = {cell.key for cell in chapter.swarm.cells} - seen
            seen |= new
            if new and chapter.seq:
                found.append((chapter, new))
    return found[::-1]


def _first_goals(book: Sequence[Chapter]) -> dict[Subject, Goal]:
    found: dict[Subject, Goal] = {}
    for chapter in book:
        for subject, goal in chapter.goals.items():
            if goal.sources:
                found.setdefault(subject, goal)
    return found
