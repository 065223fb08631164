"""The pulse: a page asks every two seconds whether anything moved; only then do its parts fetch anew."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cells.models import AuditEvent, Repository, SyncRun
from cells.pulls.rows import waits_for
from cells.views.chosen import chosen, viewer

# What else moves pages: apps above this one add a function of the repository here, when they are ready.
MOVERS: list[Callable[[Repository], int]] = []


@viewer
def pulse(request: HttpRequest) -> HttpResponse:
    repository = chosen(request)
    if repository is None:
        return HttpResponse(status=204)
    now = seen(repository)
    if request.GET.get("seen") == now:
        return HttpResponse(status=204)
    answer = render(
        request,
        "cells/header.html#pulse",
        {"pulse": now, "repository": repository, "run": running(repository)},
    )
    if request.GET.get("seen", "").split("~")[0] != now.split("~")[0]:
        answer["HX-Trigger"] = "vpm:changed"
    return answer


def seen(repository: Repository) -> str:
    """What was read, the last event, what else moved, and how far a running sync is ("~" before what moves no page)."""
    event = AuditEvent.objects.aggregate(last=Max("pk"))["last"] or 0
    run = running(repository)
    moved = "".join(f".{mover(repository)}" for mover in MOVERS)
    return f"{repository.read_digest[-12:]}.{event}.{waits_for(repository)}{moved}~{f'{run.step}{run.done}' if run else ''}"


def running(repository: Repository) -> SyncRun | None:
    return repository.runs.filter(state=SyncRun.RUNNING).first()
