"""The cell: its page and the panel beside the map."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from cells import health, standing
from cells.models import Cell, Evidence, Fact
from cells.patches import life
from cells.views.chosen import Asked, chosen_or_404, viewer

PAGE = 50


@viewer
def cell(request: Asked, key: str) -> HttpResponse:
    """/cells/KEY/ — with ?page= of its evidence; htmx gets only the list."""
    found = _cell(request, key)
    context = about(found) | {"page": _page(request, found)}
    only_list = request.htmx and request.htmx.target == "evidence-list"
    return render(request, "cells/cell.html#evidence" if only_list else "cells/cell.html", context)


@viewer
def panel(request: Asked, key: str) -> HttpResponse:
    """/cells/KEY/panel/ — the same, shorter, for beside the map."""
    found = _cell(request, key)
    newest = found.evidence.filter(current=True)[:5]
    return render(request, "cells/panel.html", about(found) | {"newest": newest})


def about(found: Cell) -> dict[str, Any]:
    """Everything a cell's page says, evidence list apart."""
    shown, borrowed = standing.of_cell(found)
    facts = list(shown.facts.all()) if shown else []
    return {
        "cell": found,
        "repository": found.repository,
        "health": health.of_repository(found.repository)[found.pk],
        "version": shown,
        "borrowed": borrowed,
        "texts": [fact for kind in standing.POSITION for fact in facts if fact.kind == kind],
        "tasks": [fact for fact in facts if fact.kind == "task"] if not borrowed else [],
        "past": past_versions(found),
        "waiting_patches": found.patches.filter(state=life.PROPOSED),
        "decided_patches": found.patches.exclude(state=life.PROPOSED)[:10],
        "outgoing": found.outgoing.select_related("target"),
        "incoming": found.incoming.select_related("source"),
    }


def past_versions(found: Cell) -> Any:
    """Earlier versions in which C, a goal or δ stood, newest first."""
    told = Prefetch("facts", Fact.objects.filter(kind__in=standing.POSITION), to_attr="texts")
    return (
        found.state_versions.filter(current=False)
        .prefetch_related(told)
        .order_by("-committed_at", "-pk")[:50]
    )


def _cell(request: Asked, key: str) -> Cell:
    cells = Cell.objects.select_related("lane", "project", "repository")
    return get_object_or_404(cells, repository=chosen_or_404(request), key=key)


def _page(request: Asked, found: Cell) -> Any:
    rows = Evidence.objects.filter(cells=found, current=True)
    return Paginator(rows, PAGE).get_page(request.GET.get("page"))
