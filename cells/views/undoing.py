"""Undo: what the signed-in person did last can be taken back with one click, whatever it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from cells.models import Patch
from cells.patches import desk, reviews
from cells.refusals import Refused, say
from cells.sentences import sentence
from cells.views.chosen import Asked, viewer
from cells.views.patches import patch_or_404

OFFERED = timedelta(minutes=2)

SAID = {
    "approve": sentence("Approved; it lands in a moment."),
    "retry": sentence("It lands again in a moment."),
    "reject": sentence("Rejected."),
    "send_back": sentence("Sent back."),
    "archive": sentence("Archived."),
    "snooze": sentence("Put off."),
    "hand_over": sentence("Handed over."),
    "claim": sentence("Claimed."),
    "take_over": sentence("Taken over."),
}
UNDO: dict[str, Callable[..., object]] = {
    "approve": reviews.withdraw,
    "retry": reviews.withdraw,
    "reject": reviews.reopen,
    "send_back": reviews.reopen,
    "archive": reviews.reopen,
    "snooze": desk.wake_up,
    "hand_over": desk.take,
    "claim": desk.let_go,
    "take_over": desk.let_go,
}


def remember(request: Asked, patch: Patch, verb: str) -> None:
    """Offer to undo this; what cannot be undone ends an older offer."""
    said = {"patch": patch.pk, "title": patch.title[:120], "verb": verb, "at": timezone.now().isoformat()}
    request.session["undo"] = said if verb in UNDO else None


def offered(request: Any) -> dict[str, Any] | None:
    """{patch, title, verb, said} of what can be taken back, for a little while."""
    found = request.session.get("undo")
    at = parse_datetime(found["at"]) if found else None
    if not found or not at or timezone.now() - at > OFFERED:
        return None
    return found | {"said": say(SAID[found["verb"]])}


@require_POST
@viewer
def undo(request: Asked, pk: int) -> HttpResponse:
    """Take the last decision about this patch back; a landing by a commit that reverts it."""
    found = patch_or_404(request, pk)
    last = request.session.get("undo") or {}
    verb = last.get("verb", "") if last.get("patch") == pk else ""
    if verb not in UNDO:
        raise Refused(sentence("There is nothing of yours to take back here."))
    back(found, request.user, verb)
    request.session["undo"] = None
    return redirect("patch", pk)


def back(patch: Patch, by: User, verb: str) -> None:
    """Raises Refused."""
    UNDO[verb](patch=patch, by=by)
