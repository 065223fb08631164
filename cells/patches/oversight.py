"""What a second person has yet to read: commits that landed outside, and patches that were landed by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import BooleanField, Case, Count, F, QuerySet, Value, When
from django.utils import timezone

from cells import audit
from cells.models import Cell, OutsideCommit, Repository, Review
from cells.patches import life
from cells.permissions import REVIEWER, require
from cells.refusals import Refused
from cells.sentences import sentence
from cells.ssot.commit import author_of
from cells.ssot.mirror import Mirror, decoded

OUTSIDE, BY_HAND = "outside", "by_hand"
MOST = 200  # commits read with one click, and looked at for a count
FIRST = 3
READ = sentence("Somebody has read this already.")


@dataclass(frozen=True, slots=True)
class Unread:
    """What this person could read: how many of each, and the first few."""

    outside: int = 0
    by_hand: int = 0
    commits: list[OutsideCommit] = field(default_factory=list)
    landings: list[Review] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.outside or self.by_hand)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list of both kinds: a commit that landed outside, or the review that landed a patch by hand."""

    kind: str
    row: OutsideCommit | Review

    @property
    def at(self) -> datetime:
        return self.row.noticed_at if isinstance(self.row, OutsideCommit) else self.row.at


def commits(repository: Repository) -> QuerySet[OutsideCommit]:
    return OutsideCommit.objects.filter(repository=repository)


def landings(repository: Repository) -> QuerySet[Review]:
    """Emergency landings that stand on main."""
    return Review.objects.filter(
        patch__repository=repository, emergency=True, void__isnull=True, patch__state=life.LANDED
    )


def of_patch(patch_id: int) -> Review | None:
    """The review by which a patch was landed by hand, None when it was not."""
    rows = Review.objects.filter(patch_id=patch_id, emergency=True, void__isnull=True)
    return rows.filter(patch__state=life.LANDED).select_related("by", "read_by", "patch").first()


def unread(repository: Repository, user: User) -> Unread:
    """For an inbox: of what is unread, what this person may read, which is not what they made themselves."""
    rows = list(commits(repository).filter(read_at=None).order_by("-pk")[:MOST])
    mine = barred(repository, rows, user)
    theirs = [row for row in rows if row.pk not in mine]
    by_hand = landings(repository).filter(read_at=None).exclude(by=user).select_related("by", "patch")
    found = list(by_hand.order_by("-pk")[:MOST])
    return Unread(len(theirs), len(found), theirs[:FIRST], found[:FIRST])


def in_cells(repository: Repository, only: Cell | None = None) -> dict[int, dict[str, int]]:
    """Cell id to how many of each kind are unread; only cells that have any."""
    outside = commits(repository).filter(read_at=None, cells__isnull=False).values_list("cells")
    by_hand = (
        landings(repository).filter(read_at=None, patch__cells__isnull=False).values_list("patch__cells")
    )
    if only is not None:
        outside, by_hand = outside.filter(cells=only), by_hand.filter(patch__cells=only)
    found: dict[int, dict[str, int]] = {}
    for kind, rows in ((BY_HAND, by_hand), (OUTSIDE, outside)):
        for cell, count in rows.order_by().annotate(count=Count("pk")):
            found.setdefault(cell, {})[kind] = count
    return found


def entries(repository: Repository, *, only_unread: bool, cells: QuerySet[Cell] | None = None) -> QuerySet:
    """Both kinds as one list, unread first, then newest first: {kind, pk, unread, when}; see `loaded`."""
    outside, by_hand = commits(repository), landings(repository)
    if cells is not None:
        ids = cells.values("pk")
        outside, by_hand = outside.filter(cells__in=ids), by_hand.filter(patch__cells__in=ids)
    if only_unread:
        outside, by_hand = outside.filter(read_at=None), by_hand.filter(read_at=None)
    both = _lines(outside, OUTSIDE, "noticed_at").union(_lines(by_hand, BY_HAND, "at"))
    return both.order_by("-unread", "-when", "-number")


def _lines(rows: QuerySet, kind: str, when: str) -> QuerySet:
    is_unread = Case(When(read_at=None, then=True), default=False, output_field=BooleanField())
    said = rows.order_by().annotate(kind=Value(kind), unread=is_unread)
    return said.values("kind", "unread", number=F("pk"), when=F(when))


def loaded(lines: Iterable[dict[str, object]]) -> list[Entry]:
    """The rows of some lines, in their order."""
    lines = list(lines)
    ids = {kind: [line["number"] for line in lines if line["kind"] == kind] for kind in (OUTSIDE, BY_HAND)}
    outside = OutsideCommit.objects.select_related("read_by").prefetch_related("cells").in_bulk(ids[OUTSIDE])
    reviews = Review.objects.select_related("by", "read_by", "patch").prefetch_related("patch__cells")
    by_hand = reviews.in_bulk(ids[BY_HAND])
    rows: dict[str, dict] = {OUTSIDE: outside, BY_HAND: by_hand}
    return [Entry(str(line["kind"]), rows[str(line["kind"])][line["number"]]) for line in lines]


def barred(repository: Repository, rows: Iterable[OutsideCommit], user: User) -> set[int]:
    """Those that this person cannot read: they made the commit, or the mirror does not hold it."""
    rows = list(rows)
    if not rows:
        return set()
    mirror, mail = Mirror(repository.mirror), user.email.lower()
    return {row.pk for row in rows if not mirror.has_commit(row.commit) or mail in makers(mirror, row.commit)}


def makers(mirror: Mirror, name: str) -> set[str]:
    """Mail addresses of who wrote a commit and who committed it."""
    commit = mirror.commit(name)
    return {author_of(commit).email.lower(), decoded(commit, commit.committer.raw_email).lower()} - {""}


def check_read(row: OutsideCommit, by: User) -> None:
    """Refuse who may not decide, who made the commit, and what somebody has read already."""
    require(by, REVIEWER)
    if row.read_at is not None:
        raise Refused(READ)
    mirror = Mirror(row.repository.mirror)
    if not mirror.has_commit(row.commit):
        raise Refused(sentence("The mirror does not hold this commit any more, so nobody can read it here."))
    if by.email.lower() in makers(mirror, row.commit):
        raise Refused(sentence("You made this commit yourself; a second person has to read it."))


def read(*, row: OutsideCommit, by: User) -> None:
    """A person has read what a commit from outside changes. Raises Refused."""
    check_read(row, by)
    with transaction.atomic():
        if not _read(row, by):
            raise Refused(READ)


def read_all(*, repository: Repository, by: User, upto: int) -> int:
    """The oldest MOST that are unread, no newer than the row `upto`, which is the newest the person saw; their own
    stay unread. Returns how many were read.
    """
    require(by, REVIEWER)
    rows = list(commits(repository).filter(read_at=None, pk__lte=upto).order_by("pk")[:MOST])
    mine = barred(repository, rows, by)
    if rows and len(mine) == len(rows):
        raise Refused(sentence("You made all of these yourself; a second person has to read them."))
    with transaction.atomic():
        return sum(_read(row, by) for row in rows if row.pk not in mine)


def _read(row: OutsideCommit, by: User) -> bool:
    """False when somebody was faster."""
    if OutsideCommit.objects.filter(pk=row.pk, read_at=None).update(read_by=by, read_at=timezone.now()) != 1:
        return False
    audit.record(
        actor=by, verb="read", subject=row, repository=row.repository.key,
        before={"read": False}, after={"read": True, "commit": row.commit},
    )  # fmt: skip
    return True
