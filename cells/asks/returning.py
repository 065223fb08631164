"""Returning a patch to the ask that made it: the patch is sent back, and the same question is asked again with the comment.

The new ask is the loop's own: whoever decides need not be an operator, and what they said stands in their review.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from cells.asks import asking
from cells.models import Ask, Patch, Review
from cells.patches import life, reviews
from cells.patches.origins import asks_of
from cells.refusals import Refused
from cells.sentences import Sentence, sentence

DOOR = "send_back"


@dataclass(frozen=True, slots=True)
class Sent:
    """`ask` is asked instead; `why_not` says why nothing is, where an ask made the patch."""

    review: Review
    ask: Ask | None = None
    why_not: Sentence | None = None


def send_back(*, patch: Patch, by: User, digest: str, reason: str, via: str = Review.PAGE) -> Sent:
    """As `reviews.send_back`; a patch that an ask made is asked for again in the same transaction. Raises Refused."""
    with transaction.atomic():
        review = reviews.send_back(patch=patch, by=by, digest=digest, reason=reason, via=via)
        asked = asks_of(patch).last()
        if asked is None or patch.state != life.SENT_BACK:
            return Sent(review)
        try:
            with transaction.atomic():
                new = asking.send_back(ask=asked, by=None, comment=reason[: asking.LONGEST], door=DOOR)
        except Refused as refused:
            return Sent(review, None, sentence("Nothing is asked again: %(why)s", why=refused.why))
        return Sent(review, new)


def reopen(*, patch: Patch, by: User) -> None:
    """As `reviews.reopen`; what was asked because it was sent back is cancelled where it is not answered yet."""
    with transaction.atomic():
        sent_back = patch.state == life.SENT_BACK
        reviews.reopen(patch=patch, by=by)
        asked = asks_of(patch).last() if sent_back else None
        for child in asked.children.filter(door=DOOR) if asked else ():
            if child.open:
                asking.shift(child, "cancel", actor=by, lease_until=None)
