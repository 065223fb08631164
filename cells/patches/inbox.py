"""The inbox: what needs one person, first what is addressed to them, then groups that ask the same question.

What waits and is not shown is counted with its reason. All of it is found by index, however much waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nlargest
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from cells.keyset import beyond, turned
from cells.models import Patch, Repository, Review, Snooze
from cells.patches import life, needs, ranks
from cells.sentences import Sentence, sentence

ORDER = ("rank", "authored_at", "pk")
FOLD = 3  # from so many on, a group shows its first one and how many are like it
PERSONAL = 20  # of each kind of what is addressed to a person; more of them stand in their groups
FAILED = 50  # these stand in no group

SNOOZED, HANDED, CLAIMED, OWN, AGREED = "snoozed", "handed", "claimed", "own", "agreed"
HIDDEN = (SNOOZED, HANDED, CLAIMED, OWN, AGREED)

_EDITORS: Any = Patch.editors.through


@dataclass(frozen=True, slots=True)
class Item:
    """A patch and why it stands where it stands."""

    patch: Patch
    why: Sentence


@dataclass(frozen=True, slots=True)
class Bundle:
    """Patches of one group: the first of them, and how many there are for this person."""

    key: str
    size: int
    rows: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """What one person is not shown in one repository, and why; what is addressed to them comes before all groups."""

    first: tuple[Item, ...]
    hidden: dict[int, str] = field(default_factory=dict)  # patch to one of HIDDEN
    groups: tuple[tuple[str, int], ...] = ()  # group to how many of it are left, in order

    @property
    def size(self) -> int:
        return len(self.first) + sum(size for _, size in self.groups)


def desk(repository: Repository, user: User) -> Desk:
    """Everything but the rows of the groups: they are fetched for one page by `bundles`."""
    hidden, of_group = _hidden(repository, user)
    first = _first(repository, user, hidden)
    for item in first:
        if item.patch.state == life.PROPOSED:
            of_group[item.patch.group] += 1
    rows = (
        waiting(repository).values("group").annotate(n=Count("pk"), rank=Min("rank"), at=Min("authored_at"))
    )
    ordered = sorted(rows.order_by(), key=lambda row: (row["rank"], row["at"], row["group"]))
    left = [(row["group"], row["n"] - of_group[row["group"]]) for row in ordered]
    return Desk(tuple(first), hidden, tuple((key, size) for key, size in left if size > 0))


def size(repository: Repository, user: User) -> int:
    """How many need this person."""
    waits, failed = waiting(repository).count(), failures(repository).count()
    return waits - len(_hidden(repository, user)[0]) + failed


def size_up_to(most: int, repository: Repository, user: User) -> int:
    """The same, counted no further than that, row by row: the header of every page says it."""
    found = failures(repository)[:most].count()
    return found + _for_them(repository, user)[: most - found].count() if found < most else most


def bundles(repository: Repository, desk: Desk, groups: Sequence[tuple[str, int]]) -> list[Bundle]:
    """The groups of one page with their first rows: all of a small group, one of a large one."""
    aside = aside_of(desk)
    found = {key: _numbers(repository, key, aside, size if size < FOLD else 1) for key, size in groups}
    items = {item.patch.pk: item for item in _items([pk for numbers in found.values() for pk in numbers])}
    return [Bundle(key, size, tuple(items[pk] for pk in found[key] if pk in items)) for key, size in groups]


def members(
    repository: Repository, key: str, aside: Iterable[int], limit: int, after: Sequence[object] = ()
) -> list[Item]:
    """So many patches of a group in their order, without those aside; beyond the place `after`."""
    return _items(_numbers(repository, key, set(aside), limit, after))


def _numbers(
    repository: Repository, key: str, aside: set[int], limit: int, after: Sequence[object] = ()
) -> list[int]:
    """Their numbers alone: read from the index, so that what is aside costs little."""
    rows = waiting(repository).filter(group=key)
    if after:
        rows = rows.filter(beyond(ORDER, after))
    numbers = rows.order_by(*ORDER).values_list("pk", flat=True).iterator(chunk_size=limit + 10)
    return list(islice((pk for pk in numbers if pk not in aside), limit))


def _items(numbers: Sequence[int]) -> list[Item]:
    """All of them at once, in this order."""
    rows = {patch.pk: patch for patch in shown(Patch.objects.filter(pk__in=numbers))}
    return [Item(rows[pk], ranks.WHY[rows[pk].rank]) for pk in numbers if pk in rows]


def around(repository: Repository, user: User, patch: Patch) -> tuple[Patch | None, Patch | None]:
    """What stands before and after a patch in the order of the inbox; the patch itself need not wait any more."""
    here = desk(repository, user)
    first = [item.patch for item in here.first]
    at = next((number for number, one in enumerate(first) if one.pk == patch.pk), None)
    if at is not None:
        before = first[at - 1] if at else None
        return before, first[at + 1] if at + 1 < len(first) else _end(
            repository, here, here.groups[:1], ORDER
        )
    keys = [key for key, _ in here.groups]
    place = keys.index(patch.group) if patch.group in keys else 0
    place_of = [getattr(patch, name) for name in ORDER]
    before = _beside(repository, here, patch, place_of, turned(ORDER))
    after = _beside(repository, here, patch, place_of, ORDER)
    before = (
        before
        or _end(repository, here, here.groups[:place][-1:], turned(ORDER))
        or (first[-1] if first else None)
    )
    after = after or _end(repository, here, here.groups[place + (patch.group in keys) :][:1], ORDER)
    return before, after


def top(repository: Repository, user: User) -> Patch | None:
    """What stands first."""
    here = desk(repository, user)
    return here.first[0].patch if here.first else _end(repository, here, here.groups[:1], ORDER)


def _beside(
    repository: Repository, desk: Desk, patch: Patch, place: Sequence[object], order: tuple[str, ...]
) -> Patch | None:
    rows = waiting(repository).filter(group=patch.group).exclude(pk=patch.pk).filter(beyond(order, place))
    return _next(rows.order_by(*order), aside_of(desk))


def _end(
    repository: Repository, desk: Desk, groups: Sequence[tuple[str, int]], order: tuple[str, ...]
) -> Patch | None:
    rows = waiting(repository).filter(group__in=[key for key, _ in groups])
    return _next(rows.order_by(*order), aside_of(desk))


def _next(rows: QuerySet[Patch], aside: set[int]) -> Patch | None:
    return next((patch for patch in rows.iterator(chunk_size=50) if patch.pk not in aside), None)


def aside_of(desk: Desk) -> set[int]:
    """What the groups do not show: it is hidden, or stands first already."""
    return {*desk.hidden, *(item.patch.pk for item in desk.first)}


def waiting(repository: Repository) -> QuerySet[Patch]:
    return Patch.objects.filter(repository=repository, state=life.PROPOSED)


def shown(rows: QuerySet[Patch]) -> QuerySet[Patch]:
    """With what a row of a list needs."""
    rows = rows.select_related("repository", "lane", "claimed_by", "handed_to", "handed_by", "pull")
    return rows.defer("pull__body", "pull__reviews", "pull__checks").prefetch_related("cells")


def failures(repository: Repository) -> QuerySet[Patch]:
    return Patch.objects.filter(repository=repository, state=life.FAILED)


def hidden(repository: Repository, user: User, kind: str) -> QuerySet[Patch]:
    """What waits and is not for this person now, by one of HIDDEN."""
    rows, now = waiting(repository), timezone.now()
    if kind == SNOOZED:
        asleep = Snooze.objects.filter(by=user, until__gt=now, digest=F("patch__digest"))
        return rows.filter(pk__in=asleep.values("patch"))
    if kind == HANDED:
        return rows.filter(handed_to__isnull=False).exclude(handed_to=user)
    if kind == CLAIMED:
        return rows.filter(claimed_until__gt=now).exclude(claimed_by=user)
    if kind == OWN:
        return rows.filter(pk__in=_proposed_by(user))
    agreed = _approvals().filter(by=user, digest=F("patch__digest"))
    return rows.filter(pk__in=agreed.values("patch"))


def _proposed_by(user: User) -> QuerySet[Any]:
    """The numbers of what they had a hand in; a union, because databases look up each part by its own index."""
    proposed = Patch.objects.filter(proposer=user).order_by().values("pk")
    edited = _EDITORS.objects.filter(user=user).values("patch_id")
    by_mail = Patch.objects.filter(author_email__in=_addresses(user)).order_by().values("pk")
    return proposed.union(edited, by_mail)


def _addresses(user: User) -> set[str]:
    return {user.email, user.email.lower()} - {""}


def _approvals() -> QuerySet[Review]:
    return Review.objects.filter(decision=Review.APPROVE, void__isnull=True).order_by()


def _for_them(repository: Repository, user: User) -> QuerySet[Patch]:
    """What waits and is not hidden from this person: each row is asked, so it is for a few of them."""
    now, this = timezone.now(), OuterRef("pk")
    asleep = Snooze.objects.filter(patch=this, by=user, until__gt=now, digest=OuterRef("digest"))
    edited = _EDITORS.objects.filter(patch=this, user=user)
    agreed = _approvals().filter(patch=this, by=user, digest=OuterRef("digest"))
    rows = waiting(repository).filter(~Exists(asleep), ~Exists(edited), ~Exists(agreed))
    rows = rows.filter(Q(handed_to=None) | Q(handed_to=user))
    rows = rows.exclude(Q(claimed_until__isnull=False, claimed_until__gt=now) & ~Q(claimed_by=user))
    return rows.exclude(proposer=user).exclude(author_email__in=_addresses(user)).order_by()


def _hidden(repository: Repository, user: User) -> tuple[dict[int, str], Counter[str]]:
    """Patch to why it is not shown; and how many of each group that are."""
    found: dict[int, str] = {}
    of_group: Counter[str] = Counter()
    for kind in HIDDEN:
        for pk, group in _of_kind(repository, user, kind):
            if pk not in found:
                found[pk] = kind
                of_group[group] += 1
    return found, of_group


def _of_kind(repository: Repository, user: User, kind: str) -> Iterable[tuple[int, str]]:
    if kind == SNOOZED:
        return [(pk, group) for pk, group, _, changed in _asleep(repository, user) if not changed]
    if kind == AGREED:
        return [(pk, group) for pk, group, _ in _approved(repository, _approvals().filter(by=user))]
    return hidden(repository, user, kind).order_by().values_list("pk", "group")


def _asleep(repository: Repository, user: User) -> Iterable[tuple[int, str, datetime, bool]]:
    """What this person put off and still waits: number, group, date, and whether it changed since.

    All that they put off is read and compared here: asked for what waits, a database begins with all that does.
    """
    rows = Snooze.objects.filter(by=user, until__gt=timezone.now()).values_list(
        "patch_id", "patch__group", "patch__authored_at", "digest", "patch__digest", "patch__state", "patch__repository_id"
    )  # fmt: skip
    for pk, group, at, seen, now, state, home in rows:
        if state == life.PROPOSED and home == repository.pk:
            yield pk, group, at, seen != now


def _approved(repository: Repository, given: QuerySet[Review]) -> Iterable[tuple[int, str, datetime]]:
    """What waits and was approved as it is now: number, group, date. Compared here, which spares reading all that waits."""
    rows = given.filter(patch__repository=repository, patch__state=life.PROPOSED).values_list(
        "patch_id", "patch__group", "patch__authored_at", "digest", "patch__digest"
    )
    return ((pk, group, at) for pk, group, at, seen, now in rows if seen == now)


def _first(repository: Repository, user: User, hidden: dict[int, str]) -> list[Item]:
    """Addressed to this person, most urgent first; each once."""
    found: dict[int, Item] = {}
    for item in (
        *_handed(repository, user), *_one_missing(repository, user), *_claimed(repository, user),
        *_changed(repository, user), *_failed(repository),
    ):  # fmt: skip
        if item.patch.pk not in hidden:
            found.setdefault(item.patch.pk, item)
    return list(found.values())


def _newest(rows: QuerySet[Patch], most: int = PERSONAL) -> list[Patch]:
    """The last so many. Sorted here: asked for an order, a database walks all that waits in it to find a few."""
    return _latest(rows.order_by().values_list("authored_at", "pk"), most)


def _latest(dated: Iterable[tuple[datetime, int]], most: int = PERSONAL) -> list[Patch]:
    numbers = [pk for _, pk in nlargest(most, dated)]
    return list(shown(Patch.objects.filter(pk__in=numbers)))


def _handed(repository: Repository, user: User) -> Iterable[Item]:
    for patch in _newest(waiting(repository).filter(handed_to=user)):
        name = patch.handed_by.get_username() if patch.handed_by else "–"
        if patch.handed_note:
            yield Item(
                patch, sentence("%(name)s handed it to you: %(note)s", name=name, note=patch.handed_note)
            )
        else:
            yield Item(patch, sentence("%(name)s handed it to you.", name=name))


def _one_missing(repository: Repository, user: User) -> Iterable[Item]:
    dated = {(at, pk) for pk, _, at in _approved(repository, _approvals().exclude(by=user))}
    for patch in _latest(dated):
        if names := [review.who for review in needs.counted(patch)]:
            yield Item(patch, sentence("%(names)s approved it; yours is missing.", names=", ".join(names)))


def _claimed(repository: Repository, user: User) -> Iterable[Item]:
    rows = waiting(repository).filter(claimed_by=user, claimed_until__gt=timezone.now())
    for patch in _newest(rows):
        yield Item(patch, sentence("You have claimed it."))


def _changed(repository: Repository, user: User) -> Iterable[Item]:
    for patch in _latest((at, pk) for pk, _, at, changed in _asleep(repository, user) if changed):
        yield Item(patch, sentence("It changed while you had put it off."))


def _failed(repository: Repository) -> Iterable[Item]:
    for patch in _newest(failures(repository), FAILED):
        yield Item(patch, sentence("Its landing failed; try again, or decide otherwise."))
