"""What a decision here causes at GitHub: a comment with its reason, and a pull request closed.

Only the version that was decided is closed: who pushed since then has another one open. It is told when the time of
Undo is over, and only if the decision still counts.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from cells.clock import wake
from cells.models import Errand, Patch, PullRequest, Review
from cells.patches import life, reviews
from cells.pulls import errands, wording
from cells.pulls.opening import branch_of, closing_key, forget

DECIDED = {life.REJECTED: Review.REJECT, life.ARCHIVED: Review.ARCHIVE, life.SENT_BACK: Review.SEND_BACK}
LET_GO = (life.PROPOSED, life.SUPERSEDED, life.LANDED)  # an open one of ours is not needed any more
OVER = (*LET_GO, life.REJECTED, life.ARCHIVED)
LATE, LONGEST, AT_ONCE = timedelta(seconds=30), timedelta(days=3), 100


def follow(patch: Patch) -> None:
    """Order what its state asks for, and no more what a decision asked for that was taken back. Ordered twice, it is
    done once.
    """
    row = patch.pull
    if row is None:
        return
    errands.end_taken_back(row.connection, f"patch-{patch.pk}-review-")
    for order in _orders(patch, row):
        errands.order(row.connection, number=row.number, **order)
    if row.ours and patch.state in OVER:
        forget(patch)


def _orders(patch: Patch, row: PullRequest) -> list[dict[str, Any]]:
    found = []
    if patch.state in DECIDED and (review := _review(patch)):
        verb = Errand.COMMENT if patch.state == life.SENT_BACK else Errand.CLOSE
        said: dict[str, Any] = {"body": wording.decided(patch, review), "review": review.pk}
        said |= {"sha": row.made or patch.tip} if verb == Errand.CLOSE else {}
        key, wait = f"patch-{patch.pk}-review-{review.pk}", _still_undone(review)
        found.append({"key": key, "verb": verb, "said": said, "wait": wait})
    elif patch.state in LET_GO and row.state == PullRequest.OPEN and (row.ours or patch.state == life.LANDED):
        said = {"body": wording.let_go(patch), "sha": row.made or patch.tip}
        found.append({"key": closing_key(patch, row), "verb": Errand.CLOSE, "said": said})
    if row.ours and patch.state in OVER:
        said = {"name": branch_of(patch), "sha": row.made}
        found.append(
            {"key": f"patch-{patch.pk}-branch-{row.made[:12]}", "verb": Errand.DELETE_BRANCH, "said": said}
        )
    return found


def _review(patch: Patch) -> Review | None:
    rows = patch.reviews.filter(decision=DECIDED[patch.state], void__isnull=True)
    return rows.select_related("by").order_by("pk").last()


def _still_undone(review: Review) -> int:
    """Seconds in which it can still be taken back with one click; of many at once nobody looks at each in less."""
    offered = timedelta(seconds=settings.VPM_UNDO_SECONDS)
    until = review.at + (reviews.OFFERED if review.via == "bulk" else offered)
    return max(0, math.ceil((until - timezone.now()).total_seconds()))


def settle() -> int:
    """Decisions that nobody followed: their worker was not woken. Returns how many."""
    missed = [patch for patch in _lately() if _is_missed(patch)]
    for patch in missed:
        wake("cells.pull_follow", patch_id=patch.pk)
    return len(missed)


def _lately() -> QuerySet[Patch]:
    now = timezone.now()
    there = Q(pull__state=PullRequest.OPEN, state__in=DECIDED) | (~Q(pull__made="") & Q(state__in=LET_GO))
    rows = Patch.objects.filter(there, state_at__lt=now - LATE, state_at__gt=now - LONGEST)
    its = Concat(Value("patch-"), Cast(OuterRef("pk"), CharField()), Value("-"))
    ordered = Errand.objects.filter(
        connection=OuterRef("pull__connection"), key__startswith=its, made_at__gte=OuterRef("state_at")
    )
    rows = rows.filter(~Exists(ordered))
    return rows.select_related("pull__connection").order_by("-state_at")[:AT_ONCE]


def _is_missed(patch: Patch) -> bool:
    assert patch.pull is not None
    keys = [order["key"] for order in _orders(patch, patch.pull)]
    return Errand.objects.filter(connection_id=patch.pull.connection_id, key__in=keys).count() < len(keys)
