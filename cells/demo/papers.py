"""Which evidence each cell produced over the year, and when: the schedule, not the wording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cells.demo import paper_kinds
from cells.demo.clock import Clock
from cells.demo.company import Cell, Company, dice
from cells.demo.paper_kinds import Sheet

# Old evidence is sparser than new: each gap is this much longer than the one after it.
THINNING = 1.4
LONGEST_GAP = 60.0
BY_PEOPLE = {"note", "memo", "table", "decision"}
BOTS = ("codex-worker", "vpm-rules", "kai-bot")


@dataclass(frozen=True, slots=True)
class Paper:
    """One delivery of evidence: its files, its first path, what it says in five words, who brought it."""

    cell: Cell
    kind: str
    observed: datetime
    committed: datetime
    files: dict[str, bytes]
    path: str
    headline: str
    remark: str
    author: str


def papers(company: Company, clock: Clock) -> list[Paper]:
    """All evidence of all cells by time of commit; no two papers share a path."""
    taken: set[str] = set()
    found = []
    for cell in company.cells:
        for paper in _papers_of(cell, clock):
            if taken.isdisjoint(paper.files):
                taken.update(paper.files)
                found.append(paper)
    return sorted(found, key=lambda paper: (paper.committed, paper.path))


def latest(found: list[Paper], cell: Cell, moment: datetime, most: int) -> list[Paper]:
    """The newest papers of a cell that main held at `moment`, newest first."""
    own = [p for p in found if p.cell.key == cell.key and p.committed < moment]
    return own[::-1][:most]


def _papers_of(cell: Cell, clock: Clock) -> Iterator[Paper]:
    kinds = cell.papers["kinds"]
    if not kinds:
        return
    ages = list(_ages(cell))
    for index, age in enumerate(reversed(ages), start=1):
        rng = dice(f"{cell.key}/{index}")
        kind = kinds[index % len(kinds)]
        people = kind in BY_PEOPLE
        observed = clock.at_desk(age) if people else clock.ago(age)
        sheet = Sheet(cell, observed, clock.age(observed), rng, index)
        files, headline = paper_kinds.KINDS[kind](sheet)
        yield Paper(
            cell=cell,
            kind=kind,
            observed=observed,
            committed=observed + timedelta(minutes=rng.randint(2, 25), seconds=rng.randint(0, 59)),
            files=files,
            path=next(iter(files)),
            headline=headline,
            remark=sheet.remark,
            author=cell.owner if people else rng.choice(BOTS),
        )


def _ages(cell: Cell) -> Iterator[float]:
    """Ages of the cell's evidence from the newest backwards to its birth."""
    rng = dice(f"{cell.key}/ages")
    age, gap = float(cell.papers["newest"]), float(cell.papers["every"])
    while age < cell.born - 1:
        yield age
        age += gap * rng.uniform(0.85, 1.15)
        gap = min(gap * THINNING, LONGEST_GAP)
