"""What a person may do with a patch: for every verb the check it begins with. Buttons and programs are told by it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User

from cells.models import Patch
from cells.patches import desk, life, reverting, reviews, versions
from cells.permissions import OPERATOR, REVIEWER, require
from cells.refusals import Refused
from cells.sentences import Sentence

Check = Callable[[Patch, User], None]


def why_not(patch: Patch, user: User, verb: str) -> Sentence | None:
    """The sentence that this verb would refuse with; None where the person may."""
    try:
        CHECKS[verb](patch, user)
    except Refused as refused:
        return refused.why
    return None


def usual(patch: Patch) -> str:
    """A verb that stands for all that a person may do in this state."""
    return "reopen" if "reopen" in life.allowed(patch.state) else "reject"


def right_for(verb: str) -> str:
    """The right without which nobody comes as far as the check."""
    return OPERATOR if verb == "land_by_hand" else REVIEWER


def _decide(verb: str) -> Check:
    return lambda patch, user: reviews.check_decide(patch, user, verb)


def _any_time(patch: Patch, user: User) -> None:
    """Undoing what was not done changes nothing."""
    require(user, REVIEWER)


def _waits(patch: Patch, user: User) -> None:
    require(user, REVIEWER)
    desk.check_waits(patch)


def _free(patch: Patch, user: User) -> None:
    _waits(patch, user)
    desk.check_free(patch, user)


CHECKS: dict[str, Check] = {
    "approve": reviews.check_approve,
    "reject": _decide("reject"),
    "send_back": _decide("send_back"),
    "archive": _decide("archive"),
    "land_by_hand": reviews.check_by_hand,
    "withdraw": reviews.check_withdraw,
    "reopen": reviews.check_reopen,
    "retry": _decide("retry"),
    "claim": _free,
    "take_over": _waits,
    "let_go": _any_time,
    "hand_over": _free,
    "take": _waits,
    "snooze": _waits,
    "wake_up": _any_time,
    "edit": versions.check_edit,
    "discard": versions.check_discard,
    "revert": reverting.check_revert,
}
VERBS = tuple(CHECKS)
