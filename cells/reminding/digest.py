"""What waits for one person and why: first what is addressed to them, then one line for each question; never more than ten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Min
from django.urls import reverse
from django.utils.http import urlencode

from cells.chain import seal
from cells.chain.links import Head
from cells.models import Reminder, Repository
from cells.patches import inbox, oversight, ranks
from cells.patches.inbox import Desk, Item
from cells.permissions import REVIEWER, may
from cells.sentences import Sentence

LINES = 10
COUNTED = 1_000  # new patches are counted up to here


@dataclass(frozen=True, slots=True)
class Line:
    """One patch, or the first of `size` that ask the same question."""

    repository: str
    title: str
    why: Sentence
    url: str
    size: int = 1
    because: dict[str, Any] | None = (
        None  # the first thing that the contract finds special, a stored sentence
    )


@dataclass(frozen=True, slots=True)
class Place:
    """One repository's share: how many need the person, how many are kept from them, how many landings are unread."""

    repository: str
    url: str
    size: int
    kept: int = 0
    unread: int = 0
    unread_url: str = ""


@dataclass(frozen=True, slots=True)
class Digest:
    """`same`: nothing of it is new since `since`, when the person heard it last."""

    deciding: bool
    lines: tuple[Line, ...] = ()
    places: tuple[Place, ...] = ()
    oldest: datetime | None = None
    new: int = 0
    since: datetime | None = None
    same: bool = False
    hash: str = ""
    head: Head = field(default_factory=seal.head)

    @property
    def size(self) -> int:
        """How many patches need the person."""
        return sum(place.size for place in self.places)

    @property
    def unread(self) -> int:
        return sum(place.unread for place in self.places)

    @property
    def more(self) -> int:
        """How many patches no line speaks of."""
        return self.size - sum(line.size for line in self.lines)

    def __bool__(self) -> bool:
        return bool(self.size or self.unread)


def content(reminder: Reminder) -> Digest:
    """What this reminder has to say now; false when nothing waits."""
    repositories = [reminder.repository] if reminder.repository else list(Repository.objects.all())
    return of_person(reminder.user, repositories, reminder.last_sent_at, reminder.last_digest)


def of_person(
    user: User, repositories: Iterable[Repository], since: datetime | None = None, heard: str = ""
) -> Digest:
    """What waits for a person in these repositories; `heard` is the hash of what they were told at `since`."""
    deciding = may(user, REVIEWER)
    found = [(one, inbox.desk(one, user)) for one in repositories]
    places, said = [], []
    for repository, desk in found:
        unread = oversight.unread(repository, user) if deciding else oversight.Unread()
        places.append(_place(repository, desk, unread))
        said.append([*_names(repository, desk), unread.outside, unread.by_hand])
    ages = [age for repository, desk in found if desk.size and (age := _oldest(repository, desk))]
    new = sum(_new(repository, desk, since) for repository, desk in found) if since else 0
    told = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    lines = (line for group in (_firsts(found), _groups(found)) for line in group)
    return Digest(
        deciding=deciding, lines=tuple(line for line, _ in zip(lines, range(LINES), strict=False)),
        places=tuple(place for place in places if place.size or place.unread), oldest=min(ages, default=None), new=new,
        since=since, same=bool(since) and told == heard and not new, hash=told,
    )  # fmt: skip


def absolute(name: str, *args: object, **query: str) -> str:
    """A page of ours as a URL that works in a mail."""
    return settings.VPM_URL + reverse(name, args=args) + (f"?{urlencode(query)}" if query else "")


def _place(repository: Repository, desk: Desk, unread: oversight.Unread) -> Place:
    return Place(
        repository.key, absolute("inbox", repo=repository.key), desk.size, len(desk.hidden),
        unread.outside + unread.by_hand, absolute("outside", repo=repository.key),
    )  # fmt: skip


def _names(repository: Repository, desk: Desk) -> list[object]:
    """What makes one list another one. Within a group it is how many; a newcomer is found by its age."""
    first = [[item.patch.pk, item.patch.digest, item.why.text] for item in desk.first]
    return [repository.key, first, [list(group) for group in desk.groups]]


def _line(item: Item, size: int = 1) -> Line:
    return Line(
        item.patch.repository.key, f"#{item.patch.pk} {item.patch.title}", item.why,
        absolute("patch", item.patch.pk), size, next(iter(ranks.special(item.patch.verdict)), None),
    )  # fmt: skip


def _firsts(found: list[tuple[Repository, Desk]]) -> Iterable[Line]:
    """What is addressed to the person, of each repository in turn, so that none hides the others."""
    for row in zip_longest(*(desk.first for _, desk in found)):
        yield from (_line(item) for item in row if item)


def _groups(found: list[tuple[Repository, Desk]]) -> Iterable[Line]:
    """The groups, of each repository in turn; a large one is one line."""
    for number in range(LINES):
        for repository, desk in found:
            for bundle in inbox.bundles(repository, desk, desk.groups[number : number + 1]):
                folded = bundle.size >= inbox.FOLD
                yield from (_line(item, bundle.size if folded else 1) for item in bundle.rows)


def _oldest(repository: Repository, desk: Desk) -> datetime | None:
    """When the oldest of what the person is shown was written."""
    if not desk.groups:
        return min((item.patch.authored_at for item in desk.first), default=None)
    rows = inbox.waiting(repository)
    rows = rows.exclude(pk__in=list(desk.hidden)) if len(desk.hidden) <= COUNTED else rows
    return rows.aggregate(at=Min("authored_at"))["at"]


def _new(repository: Repository, desk: Desk, since: datetime) -> int:
    """How many of what the person is shown began to wait after that moment."""
    rows = inbox.waiting(repository).filter(state_at__gt=since).values_list("pk", flat=True)
    return sum(pk not in desk.hidden for pk in rows[:COUNTED])
