"""The buttons of a patch: what this person may do now, and for the rest the sentence the verb would refuse with."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q

from cells.hosts.github.places import by_pull
from cells.models import Patch, PullRequest
from cells.patches import desk, life, needs, origins, verbs
from cells.permissions import OPERATOR, REVIEWER, may
from cells.refusals import say


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
        "through": through(patch) if waits else "",
        "lands": need.missing([*(review.who for review in counted), user.get_username()]) is None,
        "agreed": counted,
        "holder": desk.holder(patch) if waits else None,
        "reviewers": reviewers(patch, user) if waits else [],
    }


def through(patch: Patch) -> str:
    """By which pull request it would land: "theirs", one of "ours", or "" where it becomes a commit at once."""
    if not by_pull(patch.repository):
        return ""
    pull = patch.pull
    merged = pull and not pull.ours and pull.state == PullRequest.OPEN and pull.head == patch.tip
    return "theirs" if merged else "ours"


def why_not(patch: Patch, user: User) -> dict[str, str]:
    asked = {verb: verb for verb in ("approve", "edit", "discard", "revert", "withdraw")}
    asked |= {"by_hand": "land_by_hand", "decide": verbs.usual(patch)}
    return {name: say(verbs.why_not(patch, user, verb)) for name, verb in asked.items()}


def reviewers(patch: Patch, user: User) -> list[str]:
    """Whom it can be handed to."""
    groups = Q(groups__name__in=(REVIEWER, OPERATOR)) | Q(is_superuser=True)
    others = User.objects.filter(groups, is_active=True).exclude(pk=user.pk).distinct().order_by("username")
    return [one.get_username() for one in others[:100] if may(one, REVIEWER)]
