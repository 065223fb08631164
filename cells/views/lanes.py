"""Lanes: what waits in each by verdict, and whether its safe patches may land by themselves."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from cells.contract.case import DECISIONS
from cells.models import Patch, Repository
from cells.patches import automatic, life
from cells.views.chosen import Asked, chosen_or_404, viewer


@viewer
def lanes(request: Asked) -> HttpResponse:
    context = _context(chosen_or_404(request))
    return render(request, "cells/lanes.html#lanes" if request.htmx else "cells/lanes.html", context)


@require_POST
@viewer
def auto_merge(request: Asked, key: str) -> HttpResponse:
    """/lanes/KEY/auto-merge — on=1 switches it on, anything else off."""
    repository = chosen_or_404(request)
    lane = get_object_or_404(repository.lanes.select_related("repository"), key=key)
    automatic.switch(lane=lane, on=request.POST.get("on") == "1", by=request.user)
    if request.htmx:
        return render(request, "cells/lanes.html#lanes", _context(repository))
    return redirect("lanes")


def _context(repository: Repository) -> dict[str, Any]:
    rows = repository.lanes.annotate(cell_count=Count("cells"))
    waiting = waiting_by_verdict(repository)
    return {
        "repository": repository,
        "lanes": [
            (lane, [(decision, waiting[lane.pk, decision]) for decision in (*DECISIONS, "")]) for lane in rows
        ],
    }


def waiting_by_verdict(repository: Repository) -> Counter[tuple[int | None, str]]:
    """(lane id, decision) to the number of waiting patches; the decision of one not judged yet is ""."""
    rows = Patch.objects.filter(repository=repository, state=life.PROPOSED).order_by()
    counted = rows.values_list("lane_id", "decision").annotate(n=Count("pk"))
    return Counter({(lane, decision): n for lane, decision, n in counted})
