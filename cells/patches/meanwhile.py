"""What happened to a patch, with who and when: for someone who still sees it as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from cells.models import Patch, Review
from cells.patches import desk, life, needs
from cells.patches.moves import moved
from cells.sentences import Sentence, sentence

TOLD = 5  # approvals that do not count any more, the last ones first
CHAIN = 50  # versions that are followed to the newest
MINUTE, HOUR, DAY = 60, 3600, 86400


def happened(patch: Patch) -> Sentence:
    """What became of it; of one that waits, that it does."""
    match patch.state:
        case life.APPROVED | life.LANDING | life.LANDED:
            return _agreed(patch)
        case life.REJECTED | life.SENT_BACK | life.ARCHIVED:
            return _turned_down(patch)
        case life.SUPERSEDED:
            return _superseded(patch)
        case life.FAILED:
            return sentence("Landing it failed %(when)s. Read why, then try again.", when=ago(patch.state_at))
    return moved(patch)


def _agreed(patch: Patch) -> Sentence:
    rows = patch.reviews.filter(decision=Review.APPROVE, void__isnull=True).select_related("by")
    reviews = list(rows.order_by("pk"))
    if not reviews:
        return moved(patch)
    last = reviews[-1]
    said = {"who": _names(reviews), "when": ago(last.at)}
    if patch.state == life.LANDED:
        said = {
            "who": said["who"],
            "when": ago(patch.landed_at or patch.state_at),
            "commit": patch.commit[:10],
        }
        return sentence("It landed %(when)s as %(commit)s; approved by %(who)s.", **said)
    if last.emergency:
        return sentence("%(who)s landed this by hand %(when)s.", **said)
    if patch.state == life.LANDING:
        return sentence("%(who)s approved this %(when)s; it is landing right now.", **said)
    return sentence("%(who)s approved this %(when)s; it is about to land.", **said)


def _names(reviews: list[Review]) -> str | Sentence:
    people = [review.who for review in reviews if review.by]
    return ", ".join(people) if people else sentence("the contract")


def _turned_down(patch: Patch) -> Sentence:
    if patch.planted_by_id and patch.state_note:
        return _stored(patch.state_note)
    review = patch.reviews.exclude(decision=Review.APPROVE).select_related("by").first()
    if review is None:
        return moved(patch)
    said = {"who": review.who, "when": ago(review.at), "reason": review.reason}
    if review.decision == Review.SEND_BACK:
        return sentence("%(who)s sent this back to its proposer %(when)s: %(reason)s", **said)
    if review.decision == Review.REJECT:
        return sentence("%(who)s rejected this %(when)s: %(reason)s", **said)
    return sentence("%(who)s archived this %(when)s. Reopen it to decide again.", **said)


def _superseded(patch: Patch) -> Sentence:
    if (newer := newest(patch)) is not None:
        return sentence(
            "A newer version replaced this %(when)s: patch %(number)s. Decide about that one.",
            when=ago(patch.state_at), number=newer.pk,
        )  # fmt: skip
    if patch.state_note:
        return _stored(patch.state_note)
    return moved(patch)


def newest(patch: Patch) -> Patch | None:
    """The version that stands in its place now, None when it was not replaced."""
    found, seen = None, {patch.pk}
    for _ in range(CHAIN):
        after = (found or patch).replaced_by.select_related("repository", "lane").order_by("-pk").first()
        if after is None or after.pk in seen:
            break
        found = after
        seen.add(after.pk)
    return found


def standing(patch: Patch, reader: User | None = None) -> Iterator[Sentence]:
    """What else to know before deciding: who agreed already, whose word was lost, who has it on the desk."""
    if patch.state != life.PROPOSED:
        if patch.state == life.FAILED and patch.state_note:
            yield _stored(patch.state_note)
        return
    for review in needs.counted(patch):
        yield sentence("%(who)s approved it as it is now, %(when)s.", who=review.who, when=ago(review.at))
    lost = patch.reviews.filter(decision=Review.APPROVE, void__isnull=False).select_related("by")[:TOLD]
    for review in lost:
        why = _stored(review.void)
        yield sentence("The approval by %(name)s no longer counts: %(why)s", name=review.who, why=why)
    if not lost and patch.state_note:
        yield _stored(patch.state_note)
    yield from _desk(patch, reader)


def _desk(patch: Patch, reader: User | None) -> Iterator[Sentence]:
    who = desk.holder(patch)
    if who and who != reader and patch.claimed_until:
        until = f"{patch.claimed_until:%H:%M}"
        yield sentence("%(name)s has claimed this until %(time)s UTC.", name=who.get_username(), time=until)
    if patch.handed_to and patch.handed_by:
        yield sentence(
            "%(name)s handed this to %(to)s.",
            name=patch.handed_by.get_username(), to=patch.handed_to.get_username(),
        )  # fmt: skip


def _stored(told: dict[str, Any] | None) -> Sentence:
    assert told
    return Sentence(told["text"], told["params"])


def ago(at: datetime) -> Sentence:
    """How long ago, in one unit; in seconds while it is news."""
    seconds = int((timezone.now() - at).total_seconds())
    if seconds < 2:
        return sentence("just now")
    if seconds < MINUTE:
        return sentence("%(count)s seconds ago", count=seconds)
    if seconds < 2 * MINUTE:
        return sentence("a minute ago")
    if seconds < HOUR:
        return sentence("%(count)s minutes ago", count=seconds // MINUTE)
    if seconds < 2 * HOUR:
        return sentence("an hour ago")
    if seconds < DAY:
        return sentence("%(count)s hours ago", count=seconds // HOUR)
    if seconds < 2 * DAY:
        return sentence("a day ago")
    return sentence("%(count)s days ago", count=seconds // DAY)
