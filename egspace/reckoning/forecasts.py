"""The δ that each waiting patch would leave: its documents put into today's tree, then reckoned like any commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from cells.evidence.assign import TEXT_READ, cells_of
from cells.models import Patch, Repository
from cells.patches import life
from cells.ssot.mirror import Mirror
from cells.ssot.swarm import Swarm
from egspace.embedding import vectors
from egspace.embedding.packing import half
from egspace.models import CELL, PROJECT, Forecast, Position
from egspace.reckoning import gathering
from egspace.reckoning.chapters import Book, Row
from egspace.reckoning.description import index_of, touches
from egspace.reckoning.gathering import Material, Vectors
from egspace.reckoning.goals import Goal
from egspace.reckoning.ledger import Subject
from egspace.reckoning.trails import Walk

MOST = 500  # patches that are told of, the newest first
NEIGHBOURS = 8


@dataclass(frozen=True, slots=True)
class Change:
    """A waiting patch and what main would hold of each file it touches; blob "" where a file goes."""

    patch: Patch
    files: dict[str, str]
    goals: dict[Subject, Goal]
    rows: dict[str, Row]  # the evidence it brings, by path


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the forecasts need, read before anything is embedded."""

    changes: list[Change] = field(default_factory=list)
    texts: dict[str, Callable[[], str | None]] = field(default_factory=dict)


def material(repository: Repository, mirror: Mirror, known: Material) -> Waiting:
    """Every waiting patch that applies, with the texts that it brings."""
    found = Waiting()
    if not known.chapters:
        return found
    tree = {path: change.blob for path, change in mirror.files(repository.head).items()}
    swarm, describer = known.chapters[-1].swarm, known.book.describer()
    standing = known.book.goals(swarm, tree)
    names = _Names(swarm)
    patches = Patch.objects.filter(repository=repository, state=life.PROPOSED, applies=True)
    for patch in patches.order_by("-authored_at", "-pk")[:MOST]:
        files = landed(mirror, repository.head, patch)
        after = {path: blob for path, blob in (tree | files).items() if blob}
        goals: dict[Subject, Goal] = {}
        if touches(files):
            told = known.book.goals(describer.at(after, swarm), after)
            goals = {subject: goal for subject, goal in told.items() if standing.get(subject) != goal}
        rows = {
            path: names.row(known.book, patch, path, blob)
            for path, blob in files.items()
            if blob and _evidence(path, blob, known)
        }
        found.changes.append(Change(patch, files, goals, rows))
        found.texts.update({row.blob: partial(gathering.text_in, mirror, row.blob) for row in rows.values()})
        for goal in goals.values():
            if goal.sources:
                found.texts[vectors.blob_of(goal.text)] = partial(str, goal.text)
    return found


def landed(mirror: Mirror, head: str, patch: Patch) -> dict[str, str]:
    """Path to blob of what main would hold after it; "" for what would be gone."""
    paths = {name for file in patch.files for name in (file["path"], file.get("old_path")) if name}
    if not patch.merge_base:
        return {}
    merged = mirror.merge(patch.merge_base, head, patch.tip)
    there = {entry.path: str(entry.id) for entry in merged.index if entry.path in paths}
    return {path: there.get(path, "") for path in sorted(paths)}


def store(repository: Repository, walk: Walk, waiting: Waiting, known: Vectors) -> None:
    """Replace the forecasts of what waits; those of what landed stay, with what came of them."""
    Forecast.objects.filter(patch__repository=repository, patch__state=life.PROPOSED).delete()
    rows = [row for change in waiting.changes for row in forecast(repository, walk, change, known)]
    # One that somebody approved since it was read keeps what was told before.
    Forecast.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    settle(repository)


def forecast(repository: Repository, walk: Walk, change: Change, known: Vectors) -> Iterable[Forecast]:
    """One row per cell or project: those it moves, its own, and the nearest neighbours of its own."""
    ledger = walk.ledger.copy()
    moved: set[Subject] = set()
    for path, blob in change.files.items():
        before = walk.under.get(path, {})
        row = change.rows.get(path)
        if row is None and blob:
            continue
        ledger.drop(path, before)
        now = walk.placing.of(row) if row else {}
        if row:
            ledger.place(walk.piece(row), now)
        moved |= before.keys() | now.keys()
    for subject, goal in change.goals.items():
        if subject in walk.subjects:
            ledger.goals[subject] = known.goal(goal)
            moved.add(subject)
    own = {(CELL, cell.key) for cell in change.patch.cells.all()} & walk.subjects
    shown = {one for one in moved if one[0] in (CELL, PROJECT) and one in walk.subjects} | own
    near = [one for one in _neighbours(repository, own) if one in walk.subjects and one not in shown]
    for subject in [*sorted(shown), *near[:NEIGHBOURS]]:
        was, would = walk.stands[subject], ledger.stand(subject)
        yield Forecast(
            patch=change.patch, kind=subject[0], key=subject[1], own=subject in own or not own, head=repository.head,
            before=was.delta, after=would.delta, c=half(would.c), g=half(would.g),
        )  # fmt: skip


def settle(repository: Repository) -> None:
    """What landed since it was told of: the δ in force at its commit is what it left."""
    rows = Forecast.objects.filter(patch__repository=repository, patch__state=life.LANDED, actual=None)
    for row in rows.select_related("patch"):
        at = Position.objects.filter(repository=repository, commit=row.patch.commit).first()
        if at is None:
            continue
        there = Position.objects.filter(repository=repository, kind=row.kind, key=row.key, seq__lte=at.seq)
        left = there.order_by("-seq").first()
        if left is not None and left.delta is not None:
            Forecast.objects.filter(pk=row.pk).update(actual=left.delta)


class _Names:
    """Places evidence that is on no branch of ours yet, as sync would."""

    def __init__(self, swarm: Swarm) -> None:
        self.index = index_of(swarm)

    def row(self, book: Book, patch: Patch, path: str, blob: str) -> Row:
        text = book.text(blob)
        matches = {match.key: match.why for match in cells_of(path, text[:TEXT_READ], self.index)}
        return Row(0, path, blob, path, patch.authored_at.timestamp(), 1.0, False, matches)


def _evidence(path: str, blob: str, known: Material) -> bool:
    return path.startswith("reports/") or any(stored == path for stored, _ in known.rows)


def _neighbours(repository: Repository, own: set[Subject]) -> list[Subject]:
    """Cells that a relation joins to one of `own`."""
    keys = {key for _, key in own}
    joined = repository.relations.filter(source__key__in=keys) | repository.relations.filter(
        target__key__in=keys
    )
    ends = joined.order_by("pk").values_list("source__key", "target__key")[:200]
    return list(dict.fromkeys((CELL, key) for pair in ends for key in pair if key not in keys))
