"""What happened to a cell or in a lane, newest first: evidence, proposals, decisions, landings, conflicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from cells import health
from cells.disagreements import conflicts_in
from cells.models import Cell, Evidence, EvidenceCell, Lane, OutsideCommit, Patch, Repository, Review
from cells.patches import life
from cells.sentences import Sentence, sentence

NEWEST = 50


@dataclass(frozen=True, slots=True)
class Happening:
    """`name` stays the same as long as it is the same thing, also when the database was built anew."""

    name: tuple[str, ...]
    title: Sentence
    what: str | Sentence
    at: datetime  # when it came into the record
    view: str
    args: tuple[Any, ...]
    author: str = ""
    since: datetime | None = None  # when it was observed or written, where that is something else


def of_cell(cell: Cell) -> list[Happening]:
    evidence = Evidence.objects.filter(cells=cell)
    conflicts = _conflicts(cell.repository, {cell.key})
    return _newest(evidence, Patch.objects.filter(cells=cell), cell.outside.all(), conflicts)


def of_lane(lane: Lane) -> list[Happening]:
    """Of the lane itself and of its cells."""
    repository, cells = lane.repository, lane.cells.values("pk")
    evidence = Evidence.objects.filter(repository=repository).filter(
        Q(lane=lane) | Q(pk__in=EvidenceCell.objects.filter(cell__in=cells).values("evidence"))
    )
    touching = Patch.objects.filter(cells__in=cells).values("pk")
    patches = Patch.objects.filter(repository=repository).filter(Q(lane=lane) | Q(pk__in=touching))
    outside = OutsideCommit.objects.filter(cells__in=cells).distinct()
    return _newest(
        evidence, patches, outside, _conflicts(repository, set(lane.cells.values_list("key", flat=True)))
    )


def _newest(
    evidence: QuerySet[Evidence],
    patches: QuerySet[Patch],
    outside: QuerySet[OutsideCommit],
    conflicts: Iterable[Happening],
) -> list[Happening]:
    """No kind can be missing among the newest, because the newest of each were looked at."""
    reviews = Review.objects.filter(patch__in=patches.values("pk"), void__isnull=True)
    landed = patches.filter(state=life.LANDED, landed_at__isnull=False)
    pieces = list(evidence.order_by("-committed_at", "-pk")[:NEWEST])
    told = {row.commit for row in pieces}  # a commit that only brought evidence is told as that
    found = [
        *(_seen(row) for row in pieces),
        *(_proposed(row) for row in patches.order_by("-proposed_at", "-pk")[:NEWEST]),
        *(_decided(row) for row in reviews.select_related("patch", "by").order_by("-at", "-pk")[:NEWEST]),
        *(_landed(row) for row in landed.order_by("-landed_at", "-pk")[:NEWEST]),
        *(_outside(row) for row in outside.order_by("-noticed_at", "-pk")[:NEWEST] if row.commit not in told),
        *conflicts,
    ]
    return sorted(found, key=lambda one: (one.at, one.name), reverse=True)[:NEWEST]


def _seen(row: Evidence) -> Happening:
    return Happening(
        ("evidence", row.path, row.commit), sentence("Evidence: %(title)s", title=row.title or row.path), row.path,
        min(row.committed_at, row.read_at), "evidence", (row.pk,), since=row.observed_at,
    )  # fmt: skip


def _proposed(row: Patch) -> Happening:
    return Happening(
        (*_of(row), "proposed"), sentence("Proposed: %(title)s", title=row.title), row.rationale, row.proposed_at,
        "patch", (row.pk,), row.author_name, row.authored_at,
    )  # fmt: skip


DECIDED = {
    Review.APPROVE: sentence("Approved: %(title)s"),
    Review.REJECT: sentence("Rejected: %(title)s"),
    Review.SEND_BACK: sentence("Sent back: %(title)s"),
    Review.ARCHIVE: sentence("Archived: %(title)s"),
}


def _decided(row: Review) -> Happening:
    return Happening(
        (*_of(row.patch), row.decision, row.who, row.at.isoformat()),
        Sentence(DECIDED[row.decision].text, {"title": row.patch.title}), row.reason, row.at, "patch", (row.patch_id,), row.who,
    )  # fmt: skip


def _landed(row: Patch) -> Happening:
    assert row.landed_at
    return Happening(
        (*_of(row), "landed", row.commit), sentence("Landed: %(title)s", title=row.title),
        sentence("As commit %(commit)s.", commit=row.commit[:10]), row.landed_at, "patch", (row.pk,),
    )  # fmt: skip


def _outside(row: OutsideCommit) -> Happening:
    return Happening(
        ("outside", row.commit), sentence("Landed outside: %(title)s", title=row.subject),
        sentence("As commit %(commit)s.", commit=row.commit[:10]), row.noticed_at, "outside-commit", (row.pk,),
        row.author_name,
    )  # fmt: skip


def _conflicts(repository: Repository, keys: set[str]) -> list[Happening]:
    """Those that stand now, each once, with the first cell that it is about."""
    told = conflicts_in(repository, health.as_of(repository))
    found: dict[tuple[str, ...], Happening] = {}
    for key in sorted(keys):
        for one in told.get(key, ()):
            sides = one.left, one.right
            name = (
                "conflict", one.kind, one.subject, one.left.claim.predicate,
                *(side.evidence for side in sides), *(side.claim.value for side in sides),
            )  # fmt: skip
            what = sentence("Conflict: %(title)s", title=one.subject)
            at = max(side.at for side in sides)
            found.setdefault(name, Happening(name, what, one.sentence, at, "cell", (key,)))
    return list(found.values())


def _of(patch: Patch) -> tuple[str, ...]:
    return "patch", patch.branch, patch.tip
