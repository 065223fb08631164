"""The cell: its page and the panel beside the map."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from cells import health, standing
from cells.asks import modes, providers
from cells.asks.modes.base import Mode
from cells.evidence.conflicts import Conflict, DatedClaim
from cells.models import Ask, Cell, Evidence, Fact, Repository
from cells.patches import life
from cells.views.chosen import Asked, chosen_or_404, viewer

PAGE = 50
NEWEST = 5
USUAL, ABOUT = "update_north_star", "persist_report"  # the second is a question about a waiting patch


@viewer
def cell(request: Asked, key: str) -> HttpResponse:
    """/cells/KEY/ — with ?page= of its evidence; htmx gets only the list."""
    found = cell_or_404(request, key)
    only_list = request.htmx and request.htmx.target == "evidence-list"
    return render(
        request, "cells/cell.html#evidence" if only_list else "cells/cell.html", whole(request, found)
    )


@viewer
def panel(request: Asked, key: str) -> HttpResponse:
    """/cells/KEY/panel/ — the same, shorter, for beside the map."""
    found = cell_or_404(request, key)
    newest = found.evidence.filter(current=True)[:NEWEST]
    return render(request, "cells/panel.html", about(found) | {"newest": newest})


def whole(request: Asked, found: Cell) -> dict[str, Any]:
    """What the page says, with one page of the evidence."""
    rows = Evidence.objects.filter(cells=found, current=True)
    return about(found) | {"page": Paginator(rows, PAGE).get_page(request.GET.get("page"))}


def about(found: Cell) -> dict[str, Any]:
    """Everything a cell's page says, evidence list apart."""
    shown, borrowed = standing.of_cell(found)
    facts = list(shown.facts.all()) if shown else []
    how = health.of_repository(found.repository)[found.pk]
    return {
        "cell": found,
        "repository": found.repository,
        "health": how,
        "conflicts": side_by_side(found.repository, how.conflicts),
        "version": shown,
        "borrowed": borrowed,
        "texts": [fact for kind in standing.POSITION for fact in facts if fact.kind == kind],
        "tasks": [fact for fact in facts if fact.kind == "task"] if not borrowed else [],
        "past": past_versions(found),
        "decided_patches": found.patches.exclude(state=life.PROPOSED)[:10],
        "outgoing": found.outgoing.select_related("target"),
        "incoming": found.incoming.select_related("source"),
    } | asking_of(found)


def asking_of(found: Cell) -> dict[str, Any]:
    """What the *Ask* box offers, and what was asked last."""
    return {
        "cell": found,
        "modes": offered(found),
        "providers": usable(),
        "default_provider": providers.default(),
        "waiting_patches": found.patches.filter(state=life.PROPOSED),
        "about": ABOUT,
        "asks": rows_of(found.asks.all())[:NEWEST],
    }


def usable() -> list[str]:
    """The providers that have what they need to answer here."""
    return [name for name in providers.names() if providers.ready(name)]


def rows_of(asks: QuerySet[Ask]) -> QuerySet[Ask]:
    """Asks as rows of a list show them: with their patches, without what was sent and came back."""
    heavy = ("context", "prompt", "reply", "answer", "kept", "repairs")
    return asks.select_related("patch", "asked_by").defer(*heavy)


def offered(found: Cell) -> list[Mode]:
    """The modes this cell takes: those swarm.toml lists for it, in that order, else all there are, the usual one first."""
    known = modes.modes()
    listed = [known[key] for key in map(str, found.ask_modes) if key in known]
    return listed or sorted(known.values(), key=lambda mode: (mode.key != USUAL, mode.key))


def side_by_side(repository: Repository, conflicts: tuple[Conflict, ...]) -> list[dict[str, Any]]:
    """Each conflict as {conflict, sides: [(claim, evidence or None)]}, so that both documents can be opened."""
    paths = {side.evidence for one in conflicts for side in (one.left, one.right)}
    rows = repository.evidence.filter(source=Evidence.SSOT, current=True, path__in=paths) if paths else []
    found = {row.path: row for row in rows}

    def side(dated: DatedClaim) -> tuple[DatedClaim, Evidence | None]:
        return dated, found.get(dated.evidence)

    return [{"conflict": one, "sides": (side(one.left), side(one.right))} for one in conflicts]


def past_versions(found: Cell) -> Any:
    """Earlier versions in which C, a goal or δ stood, newest first."""
    told = Prefetch("facts", Fact.objects.filter(kind__in=standing.POSITION), to_attr="texts")
    return (
        found.state_versions.filter(current=False)
        .prefetch_related(told)
        .order_by("-committed_at", "-pk")[:50]
    )


def cell_or_404(request: Asked, key: str) -> Cell:
    cells = Cell.objects.select_related("lane", "project", "repository")
    return get_object_or_404(cells, repository=chosen_or_404(request), key=key)
