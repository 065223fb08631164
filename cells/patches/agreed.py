"""What carries a landing: approvals of exactly these bytes, by people who still may, as many as are needed."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from cells.models import Patch, Review
from cells.patches import automatic, needs, verdicts
from cells.permissions import OPERATOR, require
from cells.refusals import Refused
from cells.sentences import Sentence, sentence


class Stale(Exception):
    """The approval no longer covers what landing would do."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


def agreed(patch: Patch) -> list[Review]:
    """The approvals that count, first given first: by people who still may approve, or by the contract. Raises Stale."""
    rows = patch.reviews.filter(decision=Review.APPROVE, void__isnull=True).select_related("by", "patch")
    reviews = list(rows.order_by("pk"))
    if patch.planted_by_id:
        raise Stale(sentence("This is a test proposal; it never lands."))
    if not reviews:
        raise Stale(sentence("No approval of this patch counts any more."))
    if any(review.by is None for review in reviews):
        return reviews
    for review in reviews:
        _check_still_may(patch, review)
    missing = needs.needed(patch).missing(review.who for review in reviews)
    if missing and not any(review.emergency for review in reviews):
        raise Stale(missing)
    return reviews


def _check_still_may(patch: Patch, review: Review) -> None:
    assert review.by_id is not None
    by = User.objects.get(pk=review.by_id)  # with today's rights, not those of the row read before
    try:
        if review.emergency:
            require(by, OPERATOR)
        else:
            needs.check_person(patch, by)
    except Refused as refused:
        raise Stale(
            sentence("The approval by %(name)s no longer counts: %(why)s", name=review.who, why=refused.why)
        ) from refused


def check_verdict(reviews: list[Review], now: dict[str, Any]) -> None:
    """Refuse when the contract asks for more than it did when an approval was given. Raises Stale."""
    for review in reviews:
        if review.by is None and (why := automatic.holds(review.patch, now)):
            raise Stale(why)
        if review.verdict and (rules := verdicts.stricter(now, review.verdict)):
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
