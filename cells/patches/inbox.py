"""The inbox: what needs one person, first what is addressed to them, then groups that ask the same question.

What waits and is not shown is counted with its reason. All of it is found by index, however much waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db.models import Count, F, Min, Q, QuerySet
from django.utils import timezone

from cells.keyset import beyond, turned
from cells.models import Patch, Repository, Review, Snooze
from cells.patches import life, needs, ranks
from cells.sentences import Sentence, sentence

ORDER = ("rank", "authored_at", "pk")
FOLD = 3  # from so many on, a group shows its first one and how many are like it
PERSONAL = 50  # of each kind of what is addressed to a person

SNOOZED, HANDED, CLAIMED, OWN, AGREED = "snoozed", "handed", "claimed", "own", "agreed"
HIDDEN = (SNOOZED, HANDED, CLAIMED, OWN, AGREED)


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
    """How many need this person, in few small queries: the header of every page says it."""
    kept, *others = [hidden(repository, user, kind).order_by().values("pk") for kind in HIDDEN]
    failed = Patch.objects.filter(repository=repository, state=life.FAILED)
    return waiting(repository).count() - kept.union(*others).count() + failed.count()


def bundles(repository: Repository, desk: Desk, groups: Sequence[tuple[str, int]]) -> list[Bundle]:
    """The groups of one page with their first rows: all of a small group, one of a large one."""
    aside = aside_of(desk)
    return [
        Bundle(key, size, tuple(members(repository, key, aside, size if size < FOLD else 1)))
        for key, size in groups
    ]


def members(
    repository: Repository, key: str, aside: Iterable[int], limit: int, after: Sequence[object] = ()
) -> list[Item]:
    """So many patches of a group in their order, without those aside; beyond the place `after`."""
    rows = waiting(repository).filter(group=key)
    if after:
        rows = rows.filter(beyond(ORDER, after))
    aside = set(aside)
    found = (patch for patch in shown(rows.order_by(*ORDER)).iterator(chunk_size=50) if patch.pk not in aside)
    return [Item(patch, ranks.WHY[patch.rank]) for patch, _ in zip(found, range(limit), strict=False)]


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
    return rows.select_related("repository", "lane", "claimed_by", "handed_to", "handed_by").prefetch_related(
        "cells"
    )


def hidden(repository: Repository, user: User, kind: str) -> QuerySet[Patch]:
    """What waits and is not for this person now, by one of HIDDEN."""
    rows, now = waiting(repository), timezone.now()
    if kind == SNOOZED:
        asleep = Snooze.objects.filter(by=user, until__gt=now, digest=F("patch__digest"))
        return rows.filter(pk__in=asleep.values("patch"))
    if kind == HANDED:
        return rows.exclude(handed_to=None).exclude(handed_to=user)
    if kind == CLAIMED:
        return rows.filter(claimed_until__gt=now).exclude(claimed_by=user)
    if kind == OWN:
        by_mail = Patch.objects.filter(author_email__in={user.email, user.email.lower()} - {""})
        edited = Patch.objects.filter(editors=user).values("pk")
        return rows.filter(Q(proposer=user) | Q(pk__in=edited) | Q(pk__in=by_mail.values("pk")))
    agreed = Review.objects.filter(
        by=user, decision=Review.APPROVE, void__isnull=True, digest=F("patch__digest")
    )
    return rows.filter(pk__in=agreed.values("patch"))


def _hidden(repository: Repository, user: User) -> tuple[dict[int, str], Counter[str]]:
    """Patch to why it is not shown; and how many of each group that are."""
    found: dict[int, str] = {}
    of_group: Counter[str] = Counter()
    for kind in HIDDEN:
        for pk, group in hidden(repository, user, kind).values_list("pk", "group"):
            if pk not in found:
                found[pk] = kind
                of_group[group] += 1
    return found, of_group


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


def _handed(repository: Repository, user: User) -> Iterable[Item]:
    for patch in shown(waiting(repository).filter(handed_to=user))[:PERSONAL]:
        name = patch.handed_by.get_username() if patch.handed_by else "–"
        if patch.handed_note:
            yield Item(
                patch, sentence("%(name)s handed it to you: %(note)s", name=name, note=patch.handed_note)
            )
        else:
            yield Item(patch, sentence("%(name)s handed it to you.", name=name))


def _one_missing(repository: Repository, user: User) -> Iterable[Item]:
    given = Review.objects.filter(decision=Review.APPROVE, void__isnull=True, digest=F("patch__digest"))
    rows = waiting(repository).filter(pk__in=given.exclude(by=user).values("patch"))
    for patch in shown(rows)[:PERSONAL]:
        if names := [review.who for review in needs.counted(patch)]:
            yield Item(patch, sentence("%(names)s approved it; yours is missing.", names=", ".join(names)))


def _claimed(repository: Repository, user: User) -> Iterable[Item]:
    for patch in shown(waiting(repository).filter(claimed_by=user, claimed_until__gt=timezone.now()))[
        :PERSONAL
    ]:
        yield Item(patch, sentence("You have claimed it."))


def _changed(repository: Repository, user: User) -> Iterable[Item]:
    asleep = Snooze.objects.filter(by=user, until__gt=timezone.now()).exclude(digest=F("patch__digest"))
    for patch in shown(waiting(repository).filter(pk__in=asleep.values("patch")))[:PERSONAL]:
        yield Item(patch, sentence("It changed while you had put it off."))


def _failed(repository: Repository) -> Iterable[Item]:
    rows = Patch.objects.filter(repository=repository, state=life.FAILED)
    for patch in shown(rows)[:PERSONAL]:
        yield Item(patch, sentence("Its landing failed; try again, or decide otherwise."))
