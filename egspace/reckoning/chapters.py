"""A repository's history as chapters: at each commit the swarm then described, the goals that changed, the evidence that
came and went. Read from git, so that every past moment is what the repository said then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial

from cells.ssot.mirror import READ_LIMIT, Mirror, Step
from cells.ssot.state import StateReading, read_state
from cells.ssot.swarm import Swarm
from cells.sync.reading import unreadable
from cells.sync.swarm import LIMIT
from egspace.models import CELL, PROJECT
from egspace.reckoning import goals
from egspace.reckoning.description import Describer, touches
from egspace.reckoning.goals import Goal
from egspace.reckoning.ledger import Subject


@dataclass(frozen=True, slots=True)
class Row:
    """What the record holds of one version of a piece of evidence.

    `at` is Unix seconds; `trust` is below 1 where sync flagged it; `matches` is cell key to why it was placed there.
    """

    pk: int
    path: str
    blob: str
    title: str
    at: float
    trust: float
    by_hand: bool
    matches: Mapping[str, str]


Rows = Mapping[tuple[str, str], Row]  # by path and blob


@dataclass(frozen=True, slots=True)
class Chapter:
    """One first-parent commit. `evidence` holds (path, row or None when it went); `goals` only what changed."""

    seq: int
    commit: str
    at: datetime
    swarm: Swarm
    retold: bool  # the swarm is another one than the commit before
    goals: Mapping[Subject, Goal]
    evidence: tuple[tuple[str, Row | None], ...]


class Book:
    """The documents of one mirror as text and as STATE; what was read is kept."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror
        self.text = lru_cache(maxsize=2048)(self._text)
        self.state = lru_cache(maxsize=2048)(self._state)

    def describer(self) -> Describer:
        return Describer(self.text, partial(self._whole, LIMIT))

    def _text(self, blob: str) -> str:
        return self._whole(READ_LIMIT, blob) or ""

    def _whole(self, most: int, blob: str) -> str | None:
        if self.mirror.sizes([blob])[blob] > most:
            return None
        return self.mirror.data(blob).decode("utf-8-sig", "replace")

    def _state(self, blob: str, section: str) -> StateReading:
        return read_state(self.text(blob), section or None)

    def goals(self, swarm: Swarm, tree: Mapping[str, str]) -> dict[Subject, Goal]:
        """The goals of all cells and projects of a swarm in one tree."""

        def state(path: str, section: str) -> StateReading | None:
            return self.state(tree[path], section) if path in tree else None

        found: dict[Subject, Goal] = {(CELL, cell.key): goals.of_cell(cell, state) for cell in swarm.cells}
        return found | {(PROJECT, one.key): goals.of_project(one, state) for one in swarm.projects}


def chapters(book: Book, steps: Iterable[Step], rows: Rows) -> Iterator[Chapter]:
    """Every commit of `steps`, oldest first, from the first one of the branch on."""
    tree: dict[str, str] = {}
    describer, swarm = book.describer(), Swarm()
    known: dict[Subject, Goal] = {}
    for seq, step in enumerate(steps):
        paths = _turn(tree, step)
        before, swarm = swarm, describer.at(tree, swarm) if touches(paths) else swarm
        retold = swarm is not before
        changed: dict[Subject, Goal] = {}
        if retold or paths & _told(swarm):
            now = book.goals(swarm, tree)
            changed = {subject: goal for subject, goal in now.items() if known.get(subject) != goal}
            known = now
        yield Chapter(seq, step.commit, step.at, swarm, retold, changed, _evidence(step, rows))


def _turn(tree: dict[str, str], step: Step) -> set[str]:
    for change in step.changes:
        if change.blob and not unreadable(change.path, change):
            tree[change.path] = change.blob
        else:
            tree.pop(change.path, None)
    return {change.path for change in step.changes}


def _told(swarm: Swarm) -> set[str]:
    return {cell.state for cell in swarm.cells if cell.state} | {
        one.state for one in swarm.projects if one.state
    }


def _evidence(step: Step, rows: Rows) -> tuple[tuple[str, Row | None], ...]:
    return tuple((change.path, rows.get((change.path, change.blob))) for change in step.changes)
