"""/people/: whom from GitHub operators let in, and what they may do here."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cells import people as known
from cells.hosts.github.places import api_of, git_origin
from cells.models import GitHubPerson
from cells.permissions import OPERATOR, REVIEWER, RIGHTS, require
from cells.refusals import Refused, say
from cells.views import sign_in
from cells.views.chosen import Asked, viewer


@require_http_methods(["GET", "POST"])
@viewer
def people(request: Asked) -> HttpResponse:
    """GET shows them, POST lets one more in."""
    require(request.user, OPERATOR)
    if request.method == "GET":
        return render(request, "cells/people.html", _context(request) | {"entered": {"right": REVIEWER}})
    entered = {name: request.POST.get(name, "").strip() for name in ("login", "right", "account", "base_url")}
    try:
        row = known.add(**entered, by=request.user)
    except Refused as refused:
        context = _context(request) | {"entered": entered, "refusal": say(refused.why)}
        return render(request, "cells/people.html", context, status=422)
    messages.success(request, _("%(login)s may come in now.") % {"login": row.login})
    return redirect("people")


@require_POST
@viewer
def act(request: Asked, pk: int, verb: str) -> HttpResponse:
    """/people/PK/VERB — change, remove."""
    require(request.user, OPERATOR)
    person = get_object_or_404(GitHubPerson, pk=pk)
    if verb == "change":
        known.change(person=person, right=request.POST.get("right", ""), by=request.user)
        messages.success(request, _("Changed; it holds from now on."))
    elif verb == "remove":
        known.remove(person=person, by=request.user)
        messages.success(request, _("%(login)s may do nothing here any more.") % {"login": person.login})
    else:
        raise Http404(f"There is no verb {verb}.")
    return redirect("people")


def _context(request: Asked) -> dict[str, Any]:
    rows, places, usual = (
        GitHubPerson.objects.select_related("user", "added_by"),
        known.places(),
        api_of(settings.VPM_GITHUB_URL),
    )
    accounts = User.objects.filter(is_active=True).order_by("username")
    return {
        "people": [(row, git_origin(row.base_url), known.is_made(row), row.user == request.user) for row in rows],
        "rights": RIGHTS, "places": [(one, git_origin(one)) for one in places], "usual": usual, "on": sign_in.is_on(),
        "several": len(places) > 1 or any(row.base_url != usual for row in rows),
        "accounts": accounts if request.user.is_superuser else accounts.filter(pk=request.user.pk),
    }  # fmt: skip
