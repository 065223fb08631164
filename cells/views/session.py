"""Signing in and out, and the account page: tokens, reminders, feeds."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cells import accounts, people
from cells.models import ApiToken, Reminder, Repository
from cells.permissions import RIGHTS, VIEWER, may
from cells.refusals import say
from cells.sentences import sentence
from cells.views.chosen import Asked

ENDED = sentence(
    "You were signed out: the GitHub login you came in by does not lead to this account any more. "
    "An operator can let you in again."
)
WORKDAYS = {1, 2, 3, 4, 5}
ZONES = (
    "Asia/Tokyo", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Kolkata", "Europe/Berlin", "Europe/London",
    "America/New_York", "America/Chicago", "America/Los_Angeles", "Australia/Sydney", "UTC",
)  # fmt: skip


class SignedIn(LoginRequiredMiddleware):
    """Nobody sees a page without an account; a part of a page whose session has ended leads the whole page to signing in.

    A session that a GitHub login opened lasts as long as an operator lets that login into that account.
    """

    def process_request(self, request: HttpRequest) -> None:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return
        came = request.session.get(people.CAME_BY)
        if came and isinstance(request.user, User) and not people.still_leads(came, request.user):
            logout(request)
            request.ended = ENDED  # type: ignore[attr-defined]

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponse:  # type: ignore[override]
        if ended := getattr(request, "ended", None):
            messages.error(request, say(ended))
        if request.headers.get("HX-Request"):
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = resolve_url(self.get_login_url(view_func))
            return answer
        return super().handle_no_permission(request, view_func)


@login_not_required
def by_link(request: Asked, token: str) -> HttpResponse:
    """The one-time link that `make run` prints."""
    user = accounts.redeem(token)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("map")


def account(request: Asked) -> HttpResponse:
    return page(request)


def page(request: Asked, **more: object) -> HttpResponse:
    """The account page, with what is shown only once."""
    return render(request, "cells/account.html", _account(request) | more)


@require_POST
def make_token(request: Asked) -> HttpResponse:
    token = accounts.make_token(
        user=request.user, scope=request.POST.get("scope", ""), name=request.POST.get("name", "")
    )
    return page(request, token=token)


@require_POST
def revoke_token(request: Asked, pk: int) -> HttpResponse:
    accounts.revoke_token(token=get_object_or_404(ApiToken, pk=pk, user=request.user), by=request.user)
    messages.success(request, _("The token no longer works."))
    return redirect("account")


def _account(request: Asked) -> dict[str, object]:
    sees = may(request.user, VIEWER)
    return {
        "tokens": request.user.api_tokens.filter(revoked_at__isnull=True),
        "rights": [right for right in RIGHTS if may(request.user, right)],
        "scopes": accounts.scopes(request.user),
        "reminders": [_reminder(row) for row in request.user.reminders.select_related("repository", "user")],
        "feed_token": request.user.feed_tokens.filter(revoked_at__isnull=True).first(),
        "sees": sees,
        "mail": settings.VPM_MAIL,
        "days": [(number, WEEKDAYS_ABBR[number - 1], number in WORKDAYS) for number in range(1, 8)],
        "zones": ZONES,
        "zone": settings.TIME_ZONE,
        "choice": Repository.objects.all() if sees else (),
    }


def _reminder(row: Reminder) -> dict[str, object]:
    """A reminder with its times as its own clock shows them."""
    zone = ZoneInfo(row.zone)
    return {
        "row": row,
        "days": [WEEKDAYS_ABBR[number - 1] for number in row.weekdays],
        "next": _shown(row.next_at, zone),
        "last": _shown(row.last_sent_at, zone),
    }


def _shown(moment: datetime | None, zone: ZoneInfo) -> str:
    """Written here: a template would turn it into the server's own time."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else ""
