"""Deciding many at once: each by its own digest, in its own transaction; what cannot be is told one by one.

Approving in bulk is for proposals that do not meet: of twins only the first is taken, and those that collide on a file
are left to be decided together, with both in view.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from cells.models import Patch, Review
from cells.patches import life, needs, reviews
from cells.patches.paths import Meeting, meetings
from cells.refusals import Forbidden, Refused
from cells.sentences import Sentence, sentence

MOST = 200  # patches decided at once
VERBS = ("approve", "archive", "reject")
WAYS = READY, DONE, STALE, FORBIDDEN, MEETS, REFUSED = (
    "ready",
    "done",
    "stale",
    "forbidden",
    "meets",
    "refused",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A patch as it was chosen: its number, and what was seen of it."""

    pk: int
    digest: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to become of one of them, and why."""

    seen: Seen
    verb: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One of the chosen: what would happen or has happened to it, and why not."""

    patch: Patch
    wish: Wish
    how: str
    why: Sentence | None = None

    @property
    def seen(self) -> Seen:
        return self.wish.seen


def preview(chosen: Sequence[Seen], verb: str, by: User) -> list[Line]:
    """What would happen to each, in the order they were chosen. Nothing is changed. Raises Refused."""
    return preview_each([Wish(one, verb) for one in chosen], by, verb)


def preview_each(wishes: Sequence[Wish], by: User, *verbs: str) -> list[Line]:
    """The same, to each its own verb: what is turned down here does not meet what is approved. Raises Refused."""
    check(wishes, *verbs)
    return _previewed(wishes, by)


def decide(*, chosen: Sequence[Seen], verb: str, by: User, reason: str = "") -> list[Line]:
    """Each that can be; one that was refused does not keep the others. Raises Refused when nothing can even begin."""
    if verb in reviews.SAY_WHY and not reason.strip():
        raise Refused(reviews.SAY_WHY[verb])
    check(chosen, verb)
    return decide_each(wishes=[Wish(one, verb, reason) for one in chosen], by=by)


def decide_each(
    *, wishes: Sequence[Wish], by: User, also: Callable[[Line], object] | None = None
) -> list[Line]:
    """To each its own verb, what is turned down first. `also` is done with each that was decided, or neither is."""
    check(wishes)
    found: dict[int, Line] = {}
    for approving in (False, True):
        some = [wish for wish in wishes if (wish.verb == "approve") == approving]
        for line in _previewed(some, by):
            found[line.patch.pk] = _done(line, by, also) if line.how == READY else line
    return [found[wish.seen.pk] for wish in wishes if wish.seen.pk in found]


def check(chosen: Sequence[Seen | Wish], *verbs: str) -> None:
    wanted = {*verbs, *(one.verb for one in chosen if isinstance(one, Wish))}
    if not wanted <= set(VERBS):
        raise Refused(sentence("Many at once can be approved, archived or rejected."))
    if not chosen:
        raise Refused(sentence("Choose at least one patch."))
    if len(chosen) > MOST:
        raise Refused(sentence("At most %(most)s patches are decided at once.", most=MOST))


def counted(lines: Iterable[Line]) -> dict[str, int]:
    """How many of each way: what the preview and the result begin with."""
    return dict(Counter(line.how for line in lines))


def still_missing(line: Line, by: User) -> Sentence | None:
    """Of what is about to be approved: what would still be missing then, so that nobody reads that it lands."""
    if line.wish.verb != "approve" or line.how != READY or line.patch.state != life.PROPOSED:
        return None
    agreed = {review.who for review in needs.counted(line.patch)}
    return needs.needed(line.patch).missing(agreed | {by.get_username()})


def _previewed(wishes: Sequence[Wish], by: User) -> list[Line]:
    rows = Patch.objects.select_related("repository", "lane", "claimed_by").in_bulk(
        [wish.seen.pk for wish in wishes]
    )
    looked = {wish.seen.pk: _looked(wish, rows[wish.seen.pk], by) for wish in wishes if wish.seen.pk in rows}
    leaving = {pk for pk, line in looked.items() if line.wish.verb != "approve" and line.how == READY}
    approved = [line.patch for line in looked.values() if line.wish.verb == "approve"]
    met = meetings(approved, leaving) if approved else {}
    taken: set[str] = set()
    lines = []
    for wish in wishes:
        if line := looked.get(wish.seen.pk):
            line = _met(line, met.get(line.patch.pk), taken) if line.how == READY else line
            if line.how == READY and line.patch.content and wish.verb == "approve":
                taken.add(line.patch.content)
            lines.append(line)
    return lines


def _looked(wish: Wish, patch: Patch, by: User) -> Line:
    """By itself, whomever it meets."""
    try:
        _check(wish.seen, patch, wish.verb, by)
    except Forbidden as refused:
        return Line(patch, wish, FORBIDDEN, refused.why)
    except Stale as refused:
        return Line(patch, wish, STALE, refused.why)
    except Refused as refused:
        return Line(patch, wish, REFUSED, refused.why)
    return Line(patch, wish, READY)


def _met(line: Line, met: Meeting | None, taken: set[str]) -> Line:
    if met and met.collisions:
        why = sentence(
            "It collides with #%(other)s on %(path)s; decide these together, each on its own page.",
            other=met.collisions[0], path=met.path,
        )  # fmt: skip
        return Line(line.patch, line.wish, MEETS, why)
    if met and met.twins and line.patch.content in taken:
        why = sentence("It is the same change as another one here; that one is enough.")
        return Line(line.patch, line.wish, MEETS, why)
    return line


class Stale(Refused):
    """What was chosen is not what waits now."""


def _check(one: Seen, patch: Patch, verb: str, by: User) -> None:
    if verb == "approve":
        reviews.check_approve(patch, by)
    else:
        reviews.check_decide(patch, by, verb)
    try:
        reviews.check_seen(patch, one.digest)
        if verb == "approve":
            reviews.check_verdict(patch, one.verdict)
    except Refused as refused:
        raise Stale(refused.why) from refused


def _done(line: Line, by: User, also: Callable[[Line], object] | None) -> Line:
    wish = line.wish
    said = {"patch": line.patch, "by": by, "digest": wish.seen.digest, "reason": wish.reason, "via": "bulk"}
    act: Mapping[str, Callable[..., Review]] = {
        "approve": lambda **given: reviews.approve(verdict=wish.seen.verdict, **given),
        "archive": reviews.archive,
        "reject": reviews.reject,
    }
    try:
        with transaction.atomic():
            act[wish.verb](**said)
            if also:
                also(line)
    except Refused as refused:
        return Line(line.patch, wish, REFUSED, refused.why)
    return Line(line.patch, wish, DONE)
