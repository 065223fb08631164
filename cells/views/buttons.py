"""The buttons of a patch: what this person may do now, and for the rest the sentence the verb would refuse with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from cells.models import Patch
from cells.patches import desk, life, needs, origins, reverting, reviews, versions
from cells.permissions import OPERATOR, REVIEWER, may
from cells.refusals import Refused, say


def shown(patch: Patch, user: User) -> dict[str, Any]:
    """`why_not`: verb to sentence, "" where the person may; what else the decision part says."""
    waits = patch.state == life.PROPOSED
    need = needs.needed(patch) if waits else needs.Need()
    counted = needs.counted(patch) if waits else []
    return {
        "why_not": why_not(patch, user),
        "remarks": origins.remarks(patch),
        "verbs": life.allowed(patch.state),
        "need": need,
        "missing": need.missing(review.who for review in counted) if counted or need.owners else None,
        "agreed": counted,
        "holder": desk.holder(patch) if waits else None,
        "reviewers": reviewers(patch, user) if waits else [],
    }


def why_not(patch: Patch, user: User) -> dict[str, str]:
    checks: dict[str, Callable[[], None]] = {
        "approve": lambda: reviews.check_approve(patch, user),
        "by_hand": lambda: reviews.check_by_hand(patch, user),
        "edit": lambda: versions.check_edit(patch, user),
        "discard": lambda: versions.check_discard(patch, user),
        "revert": lambda: reverting.check_revert(patch, user),
        "withdraw": lambda: reviews.check_withdraw(patch, user),
        "decide": lambda: reviews.check_decide(patch, user, _usual(patch)),
    }
    return {verb: _refusal(check) for verb, check in checks.items()}


def _usual(patch: Patch) -> str:
    """A verb that stands for all that a person may do in this state."""
    return next((verb for verb in ("reject", "reopen") if verb in life.allowed(patch.state)), "")


def _refusal(check: Callable[[], None]) -> str:
    try:
        check()
    except Refused as refused:
        return say(refused.why)
    return ""


def reviewers(patch: Patch, user: User) -> list[str]:
    """Whom it can be handed to."""
    groups = Q(groups__name__in=(REVIEWER, OPERATOR)) | Q(is_superuser=True)
    others = User.objects.filter(groups, is_active=True).exclude(pk=user.pk).distinct().order_by("username")
    return [one.get_username() for one in others[:100] if may(one, REVIEWER)]
