"""Deciding many at once: each by its own digest, in its own transaction; what cannot be is told one by one.

Approving in bulk is for proposals that do not meet: of twins only the first is taken, and those that collide on a file
are left to be decided together, with both in view.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from cells.models import Patch, Review
from cells.patches import reviews
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
class Line:
    """One of the chosen: what would happen or has happened to it, and why not."""

    patch: Patch
    seen: Seen
    how: str
    why: Sentence | None = None


def preview(chosen: Sequence[Seen], verb: str, by: User) -> list[Line]:
    """What would happen to each, in the order they were chosen. Nothing is changed. Raises Refused."""
    check(chosen, verb)
    rows = Patch.objects.select_related("repository", "lane", "claimed_by").in_bulk(
        [one.pk for one in chosen]
    )
    found = [(one, rows[one.pk]) for one in chosen if one.pk in rows]
    met = meetings(patch for _, patch in found) if verb == "approve" else {}
    taken: set[str] = set()
    lines = []
    for one, patch in found:
        line = _line(one, patch, verb, by, met.get(patch.pk), taken)
        if line.how == READY and patch.content:
            taken.add(patch.content)
        lines.append(line)
    return lines


def decide(*, chosen: Sequence[Seen], verb: str, by: User, reason: str = "") -> list[Line]:
    """Each that can be; one that was refused does not keep the others. Raises Refused when nothing can even begin."""
    if verb in reviews.SAY_WHY and not reason.strip():
        raise Refused(reviews.SAY_WHY[verb])
    return [
        _done(line, verb, by, reason) if line.how == READY else line for line in preview(chosen, verb, by)
    ]


def check(chosen: Sequence[Seen], verb: str) -> None:
    if verb not in VERBS:
        raise Refused(sentence("Many at once can be approved, archived or rejected."))
    if not chosen:
        raise Refused(sentence("Choose at least one patch."))
    if len(chosen) > MOST:
        raise Refused(sentence("At most %(most)s patches are decided at once.", most=MOST))


def counted(lines: Iterable[Line]) -> dict[str, int]:
    """How many of each way: what the preview and the result begin with."""
    return dict(Counter(line.how for line in lines))


def _line(one: Seen, patch: Patch, verb: str, by: User, met: Meeting | None, taken: set[str]) -> Line:
    try:
        _check(one, patch, verb, by)
    except Forbidden as refused:
        return Line(patch, one, FORBIDDEN, refused.why)
    except Stale as refused:
        return Line(patch, one, STALE, refused.why)
    except Refused as refused:
        return Line(patch, one, REFUSED, refused.why)
    if met and met.collisions:
        why = sentence(
            "It collides with #%(other)s on %(path)s; decide these together, each on its own page.",
            other=met.collisions[0], path=met.path,
        )  # fmt: skip
        return Line(patch, one, MEETS, why)
    if met and met.twins and patch.content in taken:
        return Line(
            patch, one, MEETS, sentence("It is the same change as another one here; that one is enough.")
        )
    return Line(patch, one, READY)


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


def _done(line: Line, verb: str, by: User, reason: str) -> Line:
    said = {"patch": line.patch, "by": by, "digest": line.seen.digest, "reason": reason, "via": "bulk"}
    act: Mapping[str, Callable[..., Review]] = {
        "approve": lambda **given: reviews.approve(verdict=line.seen.verdict, **given),
        "archive": reviews.archive,
        "reject": reviews.reject,
    }
    try:
        act[verb](**said)
    except Refused as refused:
        return Line(line.patch, line.seen, REFUSED, refused.why)
    return Line(line.patch, line.seen, DONE)
