"""The map page, its figure, and the evidence timeline's figure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.http import condition

from cells.health import waiting
from cells.models import AuditEvent, Cell, Repository
from cells.views.chosen import chosen, chosen_or_404, viewer
from egspace import board, words
from egspace.figures import map_figure
from egspace.graph import swarm
from egspace.layout import MOST, Layout, lanes_layout
from egspace.marks import marks
from egspace.picture import dash_of, picture
from egspace.timeline import Window, timeline_figure

FIGURE = 2  # raise when figures change their shape, so that browsers drop what they kept
QUIET_AFTER = timedelta(days=7)


@viewer
def map_page(request: HttpRequest) -> HttpResponse:
    """/ — the page; htmx gets the parts that change."""
    repository = chosen(request)
    if repository is None:
        return render(request, "egspace/empty.html")
    template = "egspace/live.html" if request.headers.get("HX-Request") else "egspace/map.html"
    response = render(request, template, about(repository, request))
    patch_vary_headers(response, ["HX-Request", "Cookie", "Accept-Language"])
    patch_cache_control(response, private=True, no_cache=True)
    return response


def about(repository: Repository, request: HttpRequest) -> dict[str, Any]:
    """Everything the map page says."""
    graph = swarm(repository)
    wanted = board.Filter.of(request.GET)
    rows = board.rows(graph, wanted)
    page = Paginator(rows, MOST).get_page(request.GET.get("page"))
    wide, narrow = lanes_layout(graph), lanes_layout(graph, narrow=True)
    links = links_in(repository)
    age = timezone.now() - repository.newest_evidence_at if repository.newest_evidence_at else None
    return {
        "repository": repository,
        "graph": graph,
        "lanes": graph.graph["lanes"],
        "counts_needed": [one for one in board.counts(graph).items() if one[0] in board.NEEDS_A_PERSON],
        "patches_waiting": waiting(repository),
        "first": board.first(graph),
        "wanted": wanted,
        "page": page,
        "groups": board.by_lane(page.object_list),
        "matching": sum(row.kept for row in rows),
        "listing": words.showing(sum(row.kept for row in page.object_list), len(graph)),
        "showing": words.showing(len(wide.spots), len(graph)),
        "wide": picture(graph, wide, marks(graph, wide, links), folds(repository, wide)),
        "narrow": picture(graph, narrow, marks(graph, narrow, links), folds(repository, narrow)),
        "relations": sorted(
            {(kind, words.relation(kind), dash_of(kind)) for _, _, kind in graph.edges(keys=True)}
        ),
        "states": words.STATE.items(),
        "old": age is not None and age > QUIET_AFTER,
        "opened": request.GET.get("cell", "") if request.GET.get("cell", "") in graph else "",
    }


def cached(etag: Callable[..., str]) -> Callable[..., Any]:
    """A figure is fetched again only when its ETag moved; who may see comes first."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
        @viewer
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response: HttpResponse = condition(etag_func=etag)(view)(request, *args, **kwargs)
            patch_vary_headers(response, ["Cookie", "Accept-Language"])
            patch_cache_control(response, private=True, no_cache=True)
            return response

        return answer

    return decorate


def figure_tag(request: HttpRequest, *args: Any, **kwargs: Any) -> str:
    """What a figure is made from: what was read, the last event, the newest patch, language, its own URL."""
    repository = chosen_or_404(request)
    event = AuditEvent.objects.filter(repository__in=["", repository.key]).aggregate(last=Max("pk"))["last"]
    patch = repository.patches.aggregate(last=Max("pk"), moved=Max("state_at"))
    parts = [
        FIGURE, repository.pk, repository.read_digest, repository.swarm_digest, event, patch["last"], patch["moved"],
        get_language(), timezone.get_current_timezone_name(), request.get_full_path(),
    ]  # fmt: skip
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


@cached(figure_tag)
def figure(request: HttpRequest) -> HttpResponse:
    """/map.json?repo=&narrow= — the lanes view as a plotly figure."""
    repository = chosen_or_404(request)
    graph = swarm(repository)
    layout = lanes_layout(graph, narrow=request.GET.get("narrow") == "1")
    drawn = marks(graph, layout, links_in(repository))
    return JsonResponse(map_figure(graph, layout, drawn, folds(repository, layout)))


@cached(figure_tag)
def timeline(request: HttpRequest, key: str) -> HttpResponse:
    """/cells/KEY/timeline.json?repo=&from=&to=&tz= — evidence, proposals, decisions and landings over time."""
    cell = get_object_or_404(Cell, repository=chosen_or_404(request), key=key)
    return JsonResponse(timeline_figure(cell, Window.of(request.GET)))


def links_in(repository: Repository) -> Callable[[str], tuple[str, str]]:
    """Cell key to its page and its panel."""
    query = "?" + urlencode({"repo": repository.key})

    def links(key: str) -> tuple[str, str]:
        return reverse("cell", args=[key]) + query, reverse("cell-panel", args=[key]) + query

    return links


def folds(repository: Repository, layout: Layout) -> dict[str, str]:
    """Lane key to where the cells that are not drawn are listed."""
    return {
        lane: f"{reverse('map')}?{urlencode({'repo': repository.key, 'lane': lane})}#swarm"
        for lane in layout.folds
    }
