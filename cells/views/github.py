"""/repositories/KEY/github: connecting a repository, looking whether it works, the webhook and what it brought."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from cells.hosts.github import client, connecting, hooks, permissions, places
from cells.hosts.github.connecting import Wish
from cells.models import AskComment, Delivery, Errand, GitHubConnection, Repository
from cells.models.github import GITHUB
from cells.permissions import OPERATOR, require
from cells.refusals import Refused, say
from cells.sentences import sentence
from cells.views.chosen import Asked, viewer

SHOWN = 20  # deliveries
STATES = {
    Delivery.TAKEN: sentence("taken"), Delivery.DONE: sentence("done"), Delivery.IGNORED: sentence("ignored"),
    Delivery.FAILED: sentence("failed"),
}  # fmt: skip
COMMENT_STATES = {
    AskComment.TAKEN: sentence("taken"), AskComment.ASKED: sentence("asked"), AskComment.REFUSED: sentence("refused"),
    AskComment.IGNORED: sentence("ignored"),
}  # fmt: skip
FIELDS = ("full_name", "kind", "base_url", "app_id", "installation_id", "env")


@sensitive_post_parameters("secret")
@require_http_methods(["GET", "POST"])
@viewer
def connection(request: Asked, key: str) -> HttpResponse:
    """GET shows it, POST connects it. A secret that was entered is never part of an answer."""
    repository = _operated(request, key)
    if request.method == "GET":
        return render(request, "cells/github.html", _context(repository))
    entered = {name: request.POST.get(name, "") for name in FIELDS}
    try:
        wish = Wish(**entered, secret=request.POST.get("secret", ""))
        connecting.connect(repository=repository, wish=wish, by=request.user)
    except Refused as refused:
        context = _context(repository) | {"entered": entered, "refusal": say(refused.why)}
        return render(request, "cells/github.html", context, status=422)
    messages.success(request, _("Kept. Now check the connection."))
    return redirect("github", key)


@require_POST
@viewer
def act(request: Asked, key: str, verb: str) -> HttpResponse:
    """/repositories/KEY/github/VERB — check, hook-secret, land, disconnect."""
    repository = _operated(request, key)
    if verb == "check":
        _row, notes = connecting.check(repository=repository, by=request.user, patience=client.HURRY)
        for note in notes:
            messages.info(request, say(note))
    elif verb == "disconnect":
        connecting.disconnect(repository=repository, by=request.user)
        messages.success(
            request, _("Disconnected; the secrets are gone from here. Take them back at GitHub too.")
        )
    elif verb == "land" and request.POST.get("by") in ("pull", "push"):
        connecting.land_by(repository=repository, by=request.user, pull=request.POST["by"] == "pull")
        messages.success(request, _("Kept. It counts for what lands from now on."))
    elif verb == "hook-secret":
        made = connecting.make_hook_secret(repository=repository, by=request.user)
        return render(request, "cells/github.html", _context(repository) | {"hook_secret": made})
    else:
        raise Http404(f"There is no verb {verb}.")
    return redirect("github", key)


def hook_settings() -> list[tuple[str, str]]:
    """What to enter at GitHub, as its own (English) form calls it; "" stands for the secret."""
    return [
        ("Payload URL", settings.VPM_URL + reverse("github-hook")), ("Content type", "application/json"), ("Secret", ""),
        ("SSL verification", "Enable SSL verification"),
        ("Which events", ", ".join(sorted(hooks.EVENTS - {"ping"}))),
    ]  # fmt: skip


def _operated(request: Asked, key: str) -> Repository:
    require(request.user, OPERATOR)
    request.repository = get_object_or_404(Repository, key=key)
    return request.repository


def _context(repository: Repository) -> dict[str, Any]:
    row = getattr(Repository.objects.select_related("github").get(pk=repository.pk), "github", None)
    context = {
        "repository": repository, "connection": row, "default_url": GITHUB, "needs": permissions.NEEDS,
        "hook_settings": hook_settings(),
    }  # fmt: skip
    if row is None:
        return context | {"entered": {"kind": "token"}}
    return context | {
        "entered": {name: getattr(row, name) or "" for name in FIELDS},
        "given": permissions.given(row.permissions), "missing": permissions.missing(row.permissions),
        "untold": permissions.untold(row.permissions), "deliveries": row.deliveries.all()[:SHOWN], "states": STATES,
        "undone": row.errands.filter(state=Errand.FAILED).order_by("-pk")[:SHOWN],
        "comments": _comments(row), "comment_states": COMMENT_STATES, "pulls": _pulls(row),
    }  # fmt: skip


def _pulls(row: GitHubConnection) -> dict[str, Any]:
    """What is mirrored; `reached` is false where the repository is read from somewhere else."""
    states = Counter(row.pulls.values_list("state", flat=True))
    return {
        "open": states["open"], "ended": states["closed"] + states["merged"],
        "reached": places.lives_at(row.repository.source, row.base_url),
    }  # fmt: skip


def _comments(row: GitHubConnection) -> list[dict[str, Any]]:
    """The last comments that asked, each with where it stands."""
    rows = row.comments.select_related("ask")[:SHOWN]
    return [{"row": one, "url": places.remark(row, one.number, one.id_there)} for one in rows]
