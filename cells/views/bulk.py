"""Deciding many at once: choose, read what would happen, confirm, and read what did."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_POST

from cells.models import Repository
from cells.patches import bulk, inbox, reviews
from cells.patches.paths import meetings
from cells.patches.verdicts import fingerprint
from cells.refusals import Refused, say
from cells.views import undoing
from cells.views.chosen import Asked, chosen_or_404, viewer

SHOWN = 100  # of one group on one page


@viewer
def choose(request: Asked) -> HttpResponse:
    """One group of the inbox (?key=), to be decided together."""
    return render(
        request, "cells/bulk.html", _group(chosen_or_404(request), request.user, request.GET.get("key", ""))
    )


@require_POST
@viewer
def preview(request: Asked) -> HttpResponse:
    """What would happen to each; nothing is done yet."""

    def look(chosen: list[bulk.Seen], verb: str) -> list[bulk.Line]:
        if verb in reviews.SAY_WHY and not request.POST.get("reason", "").strip():
            raise Refused(reviews.SAY_WHY[verb])
        return bulk.preview(chosen, verb, request.user)

    return _answer(request, look, "cells/bulk_preview.html")


@require_POST
@viewer
def decide(request: Asked) -> HttpResponse:
    """Do it, and tell of each how it went."""
    reason = request.POST.get("reason", "").strip()

    def act(chosen: list[bulk.Seen], verb: str) -> list[bulk.Line]:
        lines = bulk.decide(chosen=chosen, verb=verb, by=request.user, reason=reason)
        undoing.remember_many(request, [line.patch for line in lines if line.how == bulk.DONE], verb)
        return lines

    return _answer(request, act, "cells/bulk_done.html")


def _answer(request: Asked, act: Any, template: str) -> HttpResponse:
    repository, verb = chosen_or_404(request), request.POST.get("verb", "")
    try:
        lines = act(chosen_of(request.POST), verb)
    except Refused as refused:
        context = _group(repository, request.user, request.POST.get("key", "")) | {
            "refusal": say(refused.why), "reason": request.POST.get("reason", ""),
            "ticked": {one.pk for one in chosen_of(request.POST)},
        }  # fmt: skip
        return render(request, "cells/bulk.html", context, status=refused.status)
    missing = {line.patch.pk: bulk.still_missing(line, request.user) for line in lines}
    waiting = {pk: still for pk, still in missing.items() if still}
    counted = bulk.counted(lines)
    context = {
        "repository": repository, "lines": lines, "verb": verb, "counted": counted, "waiting": waiting,
        "landing": counted.get(bulk.READY, 0) - len(waiting),
        "key": request.POST.get("key", ""), "reason": request.POST.get("reason", ""),
    }  # fmt: skip
    return render(request, template, context)


def chosen_of(form: QueryDict) -> list[bulk.Seen]:
    """The numbers ticked, each with the digest and the verdict its row carried."""
    numbers = [int(said) for said in form.getlist("pk") if said.isdecimal() and len(said) < 19]
    return [
        bulk.Seen(pk, form.get(f"digest-{pk}", ""), form.get(f"verdict-{pk}", ""))
        for pk in dict.fromkeys(numbers)
    ]


def _group(repository: Repository, user: User, key: str) -> dict[str, Any]:
    desk = inbox.desk(repository, user)
    rows = [item.patch for item in inbox.members(repository, key, inbox.aside_of(desk), SHOWN)]
    return {
        "repository": repository, "key": key, "rows": rows, "meetings": meetings(rows),
        "size": dict(desk.groups).get(key, 0), "seen": {row.pk: fingerprint(row.verdict) for row in rows},
    }  # fmt: skip
