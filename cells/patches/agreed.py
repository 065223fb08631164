"""What carries a landing: approvals of exactly these bytes, by people who still may, as many as are needed."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from cells.models import Patch, Review
from cells.patches import automatic, needs
from cells.permissions import NEEDED, OPERATOR, may
from cells.sentences import Sentence, sentence


class Stale(Exception):
    """The approval no longer covers what landing would do. `over` are the approvals that end with it; None: all."""

    def __init__(self, why: Sentence, over: list[Review] | None = None) -> None:
        super().__init__(str(why))
        self.why, self.over = why, over


def agreed(patch: Patch) -> list[Review]:
    """The approvals that count, first given first: by people who still may approve, or by the contract. Raises Stale.

    Where somebody else is missing, or lost the right, the approvals of the others stand.
    """
    rows = patch.reviews.filter(decision=Review.APPROVE, void__isnull=True).select_related("by", "patch")
    reviews = list(rows.order_by("pk"))
    if patch.planted_by_id:
        raise Stale(sentence("This is a test proposal; it never lands."))
    if not reviews:
        raise Stale(sentence("No approval of this patch counts any more."))
    if any(review.by is None for review in reviews):
        return reviews
    gone = {review: why for review in reviews if (why := _may_not(patch, review))}
    if gone:
        raise Stale(next(iter(gone.values())), list(gone))
    if any(review.emergency for review in reviews):
        return reviews
    if missing := needs.needed(patch).missing(review.who for review in reviews):
        raise Stale(missing, [])
    return reviews


def _may_not(patch: Patch, review: Review) -> Sentence | None:
    """Why the approval does not count with the rights its author has today."""
    if not review.emergency:
        return needs.may_not(patch, review)
    assert review.by_id is not None
    by = User.objects.get(pk=review.by_id)  # not the rights of the row read before
    return None if may(by, OPERATOR) else needs.no_longer(review, NEEDED[OPERATOR])


def check_verdict(reviews: list[Review], now: dict[str, Any]) -> None:
    """Refuse when the contract asks for more than it did when an approval was given. Raises Stale."""
    for review in reviews:
        if review.by is None and (why := automatic.holds(review.patch, now)):
            raise Stale(why)
        if rules := needs.stricter(review.patch, review, now):
            raise Stale(
                sentence(
                    "The contract asks for more than when it was approved (%(rules)s); please look again.",
                    rules=", ".join(rules),
                )
            )


def trailers(reviews: list[Review]) -> dict[str, str]:
    """Who approved, and what the contract, in which version, said to the last of them."""
    verdict = reviews[-1].verdict or {}
    said = {"Contract-Verdict": f"{verdict['contract']} {verdict['decision']}"} if verdict else {}
    by_hand = [review for review in reviews if review.emergency]
    if by_hand:
        said |= {
            "Emergency-By": _named(by_hand[-1]),
            "Emergency-Reason": " ".join(by_hand[-1].reason.split())[:300],
        }
    people = [_named(review) for review in reviews if review.by and not review.emergency]
    return said | ({"Approved-by": ", ".join(people)} if people else {})


def _named(review: Review) -> str:
    assert review.by is not None
    return f"{review.by.get_full_name() or review.who} ({review.who})"
