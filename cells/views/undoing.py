"""Undo: what the signed-in person did last can be taken back with one click, whatever it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cells.asks import returning
from cells.models import Patch
from cells.patches import desk, life, reverting, reviews, versions
from cells.refusals import Refused, say
from cells.sentences import Sentence, sentence
from cells.views.chosen import Asked, viewer

SAID = {
    "edit": sentence("Saved as a new version."),
    "approve": sentence("Approved; it lands in a moment."),
    "retry": sentence("It lands again in a moment."),
    "reject": sentence("Rejected."),
    "send_back": sentence("Sent back."),
    "archive": sentence("Archived."),
    "groom": sentence("Applied."),
    "snooze": sentence("Put off."),
    "hand_over": sentence("Handed over."),
    "claim": sentence("Claimed."),
    "take_over": sentence("Taken over."),
}


def _unapprove(*, patch: Patch, by: User) -> None:
    """Before it has landed the approval is taken back; afterwards a commit takes the landing back."""
    if patch.state == life.LANDED:
        reverting.revert(patch=patch, by=by)
    else:
        reviews.withdraw(patch=patch, by=by)


def _ungroom(*, patch: Patch, by: User) -> None:
    """Each by what was done to it."""
    verb = _unapprove if patch.state in (life.PROPOSED, life.APPROVED, life.LANDED) else reviews.reopen
    verb(patch=patch, by=by)


UNDO: dict[str, Callable[..., object]] = {
    "approve": _unapprove,
    "edit": versions.discard,
    "retry": _unapprove,
    "reject": reviews.reopen,
    "send_back": returning.reopen,
    "archive": reviews.reopen,
    "groom": _ungroom,
    "snooze": desk.wake_up,
    "hand_over": desk.take,
    "claim": desk.let_go,
    "take_over": desk.let_go,
}


def remember(request: Asked, patch: Patch, verb: str) -> None:
    """Offer to undo this; what cannot be undone ends an older offer."""
    remember_many(request, [patch], verb)


def remember_many(request: Asked, patches: Sequence[Patch], verb: str) -> None:
    """The same for what was done at once."""
    said = {
        "patches": [patch.pk for patch in patches], "verb": verb, "at": timezone.now().isoformat(),
        "title": patches[0].title[:120] if len(patches) == 1 else "",
    }  # fmt: skip
    request.session["undo"] = said if verb in UNDO and patches else None


def offered(request: Any) -> dict[str, Any] | None:
    """{patches, title, verb, said} of what can be taken back, for a little while."""
    found = request.session.get("undo")
    at = parse_datetime(found["at"]) if found else None
    if not found or not at or timezone.now() - at > reviews.OFFERED:
        return None
    return found | {"said": say(SAID[found["verb"]])}


@require_POST
@viewer
def undo(request: Asked) -> HttpResponse:
    """Take back what this person did last, a landing by a commit that reverts it. Raises Refused when nothing can be."""
    last = request.session.get("undo") or {}
    if last.get("verb") not in UNDO:
        raise Refused(sentence("There is nothing of yours to take back here."))
    request.session["undo"] = None
    found = list(Patch.objects.select_related("repository", "lane").filter(pk__in=last["patches"]))
    refused = [why for why in (_back(patch, request.user, last["verb"]) for patch in found) if why]
    if refused and len(refused) == len(found):
        raise Refused(refused[0])
    for why in dict.fromkeys(map(say, refused)):
        messages.warning(request, why)
    messages.success(request, _("Taken back."))
    return _back_to(request, found)


def _back_to(request: Asked, found: Sequence[Patch]) -> HttpResponse:
    """Who was in the inbox stays there; else to the patch, and from there on through the inbox if that was the way."""
    came = urlsplit(request.headers.get("Referer", ""))
    if len(found) != 1 or came.path == reverse("inbox"):
        return redirect("inbox")
    onward = "?from=inbox" if parse_qs(came.query).get("from") == ["inbox"] else ""
    return redirect(reverse("patch", args=[found[0].pk]) + onward)


def _back(patch: Patch, by: User, verb: str) -> Sentence | None:
    """The sentence of what could not be taken back."""
    try:
        UNDO[verb](patch=patch, by=by)
    except Refused as refused:
        return refused.why
    return None
