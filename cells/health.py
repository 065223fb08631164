"""How a cell is: on track, moving away, conflict, shelved, no evidence; and why, as a sentence.

"Fresh" and "now" are told by the newest evidence of the repository, not by the wall clock: a repository
nobody wrote to for a year still shows how its cells stood to each other, and the header says its age.
What GitHub told is not counted: it has another clock, and no past moment of the repository holds it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from django.db.models import Count, F, Max, Q

from cells.disagreements import conflicts_in, fresh
from cells.evidence.conflicts import Conflict
from cells.models import Ask, Cell, Evidence, Patch, Repository, StateVersion
from cells.patches import life
from cells.sentences import Sentence, sentence
from cells.shelves import Shelf, shelved

ON_TRACK, MOVING_AWAY, CONFLICT, SHELVED, NO_EVIDENCE, ARCHIVED = STATES = (
    "on-track", "moving-away", "conflict", "shelved", "no-evidence", "archived",
)  # fmt: skip
# What the contract says of what waits: its decisions and how many of each, and the first reason to review.
Verdicts: TypeAlias = tuple[tuple[tuple[str, int], ...], Sentence | None]
TREND = timedelta(days=28)
GROWN = 2  # so many more open tasks within TREND are a direction; one more is a day's work


@dataclass(frozen=True, slots=True)
class Health:
    """`fresh` and `evidence` count current pieces, `waiting` proposed patches; `delta` is open / all tasks, None unknown."""

    state: str
    why: Sentence
    waiting: int
    fresh: int
    evidence: int
    newest: datetime | None
    delta: float | None
    conflicts: tuple[Conflict, ...]
    shelved_by: Ask | None = None  # the answer that said the evidence does not carry a change
    again: bool = False  # new evidence of the kind it waited for has come
    verdicts: tuple[
        tuple[str, int], ...
    ] = ()  # the contract's decisions about what waits, and how many of each
    reason: Sentence | None = None  # of the newest waiting patch that a person has to see


@dataclass(frozen=True, slots=True)
class Seen:
    """What is counted about one cell before it is judged."""

    stage: str
    fresh: int
    evidence: int
    newest: datetime | None
    tasks: tuple[int, int] | None  # open, all: now
    earlier: tuple[int, int] | None  # open, all: four weeks before
    conflicts: tuple[Conflict, ...]
    need: Sentence | None = None  # what the last answer waits for
    again: bool = False


def judge(seen: Seen) -> tuple[str, Sentence]:
    """The state and its sentence; pure. Earlier rules win: what needs a person most comes first."""
    if seen.stage == Cell.ARCHIVED:
        return ARCHIVED, sentence("Archived: its loop has ended.")
    if seen.again:
        return SHELVED, sentence("Evidence of the kind it waited for has come in; ask it again.")
    if seen.need:
        return SHELVED, sentence("Shelved: needs evidence. %(need)s", need=seen.need)
    if seen.conflicts:
        return CONFLICT, seen.conflicts[0].sentence
    if seen.stage == Cell.SHELVED:
        return SHELVED, sentence("Shelved: it needs more evidence before anyone can decide.")
    if not seen.evidence:
        return NO_EVIDENCE, sentence("No evidence has been seen for this cell.")
    if not seen.fresh:
        return NO_EVIDENCE, sentence(
            "No fresh evidence: the newest is from %(day)s.", day=f"{seen.newest:%Y-%m-%d}"
        )
    if seen.tasks and seen.earlier and seen.tasks[0] - seen.earlier[0] >= GROWN:
        return MOVING_AWAY, sentence(
            "Moving away: %(open)s of %(all)s tasks are open, four weeks before it was %(was_open)s of %(was_all)s.",
            open=seen.tasks[0], all=seen.tasks[1], was_open=seen.earlier[0], was_all=seen.earlier[1],
        )  # fmt: skip
    return ON_TRACK, sentence("On track; fresh pieces of evidence: %(count)s.", count=seen.fresh)


def of_repository(repository: Repository) -> dict[int, Health]:
    """Cell id to health, for all cells of a repository, in a fixed number of queries."""
    now = as_of(repository)
    cells = list(
        repository.cells.annotate(
            waiting=Count("patches", filter=Q(patches__state=life.PROPOSED), distinct=True)
        )
    )
    counted = _evidence(repository, now)
    tasks, earlier = _tasks(repository, None), _tasks(repository, now - TREND)
    conflicts = conflicts_in(repository, now)
    shelves, verdicts = shelved(repository), verdicts_in(repository)
    result = {}
    for cell in cells:
        counts = counted.get(cell.pk, (0, 0, None))
        now_and_then = tasks.get(cell.pk), earlier.get(cell.pk)
        seen = Seen(cell.stage, *counts, *now_and_then, tuple(conflicts[cell.key]))
        result[cell.pk] = told(seen, cell.waiting, shelves.get(cell.pk), verdicts.get(cell.pk, ((), None)))
    return result


def told(seen: Seen, waiting: int, shelf: Shelf | None = None, verdicts: Verdicts = ((), None)) -> Health:
    """What was counted, with its judgement. Pure."""
    if shelf:
        seen = replace(seen, need=shelf.need, again=shelf.again)
    state, why = judge(seen)
    return Health(
        state, why, waiting, seen.fresh, seen.evidence, seen.newest, _share(seen.tasks) if seen.tasks else None,
        seen.conflicts, shelf.ask if shelf else None, bool(shelf and shelf.again), *verdicts,
    )  # fmt: skip


def as_of(repository: Repository) -> datetime:
    """The moment the repository speaks of: its newest evidence, else its last commit."""
    return repository.newest_evidence_at or repository.head_at or repository.created_at


def verdicts_in(repository: Repository) -> dict[int, Verdicts]:
    """Cell id to what the contract says of its waiting patches, and the first reason of the newest to review."""
    counted: dict[int, Counter[str]] = defaultdict(Counter)
    reasons: dict[int, Sentence] = {}
    rows = Patch.objects.filter(repository=repository, state=life.PROPOSED, cells__isnull=False).exclude(
        decision=""
    )
    for cell, decision, verdict in rows.order_by("-authored_at").values_list("cells", "decision", "verdict"):
        counted[cell][decision] += 1
        asking = [
            reason for reason in (verdict or {}).get("reasons", ()) if reason["decision"] == "REVIEW_REQUIRED"
        ]
        if asking:
            reasons.setdefault(cell, Sentence(asking[0]["text"], asking[0]["params"]))
    return {cell: (tuple(sorted(found.items())), reasons.get(cell)) for cell, found in counted.items()}


def _evidence(repository: Repository, now: datetime) -> dict[int, tuple[int, int, datetime | None]]:
    rows = Evidence.objects.filter(
        repository=repository, source=Evidence.SSOT, current=True, cells__isnull=False
    ).values("cells")
    counted: Iterable = rows.annotate(
        fresh=Count("pk", filter=Q(observed_at__range=(now - fresh(), now))),
        total=Count("pk"),
        newest=Max("observed_at"),
    ).values_list("cells", "fresh", "total", "newest")
    return {cell: (fresh, total, newest) for cell, fresh, total, newest in counted}


def _tasks(repository: Repository, before: datetime | None) -> dict[int, tuple[int, int]]:
    """Cell id to (open, all) of the version in force: the current one, or the last one before a moment. A document
    that the cell named once, and names no more, says nothing about it."""
    rows = StateVersion.objects.filter(
        repository=repository, all_tasks__gt=0, path=F("cell__state_path"), section=F("cell__state_section")
    )
    rows = rows.filter(committed_at__lte=before) if before else rows.filter(current=True)
    rows = rows.order_by("committed_at", "pk").annotate(owner=F("cell"))
    return {
        owner: (open_, all_) for owner, open_, all_ in rows.values_list("owner", "open_tasks", "all_tasks")
    }


def _share(tasks: tuple[int, int]) -> float:
    return tasks[0] / tasks[1]


def waiting(repository: Repository) -> int:
    """How many patches wait for a decision."""
    return Patch.objects.filter(repository=repository, state=life.PROPOSED).count()
