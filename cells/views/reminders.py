"""The forms of the account page about reminders and the feed token."""

from __future__ import annotations

from datetime import time

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cells.feeding import tokens
from cells.models import Cell, Lane, Repository
from cells.refusals import Refused, say
from cells.reminding import keeping, sending
from cells.reminding.digest import absolute
from cells.sentences import sentence
from cells.views import session
from cells.views.chosen import Asked, viewer

DONE = {
    "pause": sentence("Paused."),
    "resume": sentence("Resumed."),
    "delete": sentence("Deleted."),
    "test": sentence("Sent. Look whether it arrived."),
}


@require_POST
@viewer
def add(request: Asked) -> HttpResponse:
    keeping.add(user=request.user, wish=_wish(request))
    messages.success(request, _("The reminder is set."))
    return _back()


@require_POST
def act(request: Asked, pk: int, verb: str) -> HttpResponse:
    """/account/reminders/PK/VERB — pause, resume, delete, test. Somebody else's is not found."""
    if verb not in DONE:
        raise Http404(f"There is no verb {verb}.")
    row = get_object_or_404(request.user.reminders.select_related("user", "repository"), pk=pk)
    if verb == "test":
        sending.send_one_now(row)
    else:
        getattr(keeping, verb)(reminder=row, by=request.user)
    messages.success(request, say(DONE[verb]))
    return _back()


@require_POST
def make_feed_token(request: Asked) -> HttpResponse:
    token = tokens.make(user=request.user)
    return session.page(request, feed_secret=token, examples=_examples(token))


@require_POST
def revoke_feed_token(request: Asked) -> HttpResponse:
    tokens.revoke(user=request.user)
    messages.success(request, _("The token no longer works."))
    return _back()


def _examples(token: str) -> list[str]:
    """The feeds of the first cell and the first lane there are, as a reader takes them."""
    rows: list[tuple[str, Cell | Lane | None]] = [
        ("cell-feed", Cell.objects.select_related("repository").first()),
        ("lane-feed", Lane.objects.select_related("repository").first()),
    ]
    return [
        absolute(name, row.key, repo=row.repository.key, lang=get_language() or "en", token=token)
        for name, row in rows
        if row
    ]


def _back() -> HttpResponse:
    return redirect(reverse("account") + "#reminders")


def _wish(request: Asked) -> keeping.Wish:
    """What the form says; what makes no sense is refused where it is checked."""
    form = request.POST
    try:
        at = time.fromisoformat(form.get("at", ""))
    except ValueError as error:
        raise Refused(sentence("Enter a time between 00:00 and 23:59.")) from error
    key = form.get("repository", "")
    return keeping.Wish(
        channel=form.get("channel", ""), address=form.get("address", "").strip(), hour=at.hour, minute=at.minute,
        weekdays=[int(day) for day in form.getlist("weekdays") if day in "1234567" and len(day) == 1],
        zone=form.get("zone", "").strip() or settings.TIME_ZONE, language=form.get("language", ""),
        repository=get_object_or_404(Repository, key=key) if key else None,
    )  # fmt: skip
