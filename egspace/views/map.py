"""The map page, its figure, and the evidence timeline's figure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import condition

from cells.models import Cell, Repository
from cells.views.chosen import Asked, chosen, chosen_or_404, viewer
from egspace.drawing import board, served, words
from egspace.drawing.choice import asked
from egspace.drawing.frame import written_box
from egspace.drawing.layout import MOST
from egspace.drawing.picture import dash_of
from egspace.drawing.timeline import Window, timeline_figure
from egspace.past import moments

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
    """Everything the map page says; with ?at= of a past moment."""
    graph, moment, (wide, narrow) = served.page(repository, request.GET)
    wanted = board.Filter.of(request.GET)
    rows = board.rows(graph, wanted)
    page = Paginator(rows, MOST).get_page(request.GET.get("page"))
    links = moments.links(graph, moment, served.links_in(repository))
    opened = request.GET.get("cell", "") if request.GET.get("cell", "") in graph else ""
    view, box = asked(request.GET)
    age = timezone.now() - repository.newest_evidence_at if repository.newest_evidence_at else None
    return {
        "repository": repository,
        "graph": graph,
        "moment": moment,
        "gone": graph.graph.get("gone", ()),
        "lanes": graph.graph["lanes"],
        "counts_needed": [one for one in board.counts(graph).items() if one[0] in board.NEEDS_A_PERSON],
        "first": board.first(graph),
        "wanted": wanted,
        "page": page,
        "groups": board.by_lane(page.object_list),
        "matching": sum(row.kept for row in rows),
        "listing": words.showing(sum(row.kept for row in page.object_list), len(graph)),
        "view": view,
        "box": written_box(box) if box else "",
        "showing": wide["showing"],
        "wide": wide,
        "narrow": narrow,
        "relations": sorted(
            (kind, words.relation(kind), dash_of(kind))
            for kind in {kind for *_, kind in graph.edges(keys=True)}
        ),
        "states": words.STATE.items(),
        "old": age is not None and age > QUIET_AFTER,
        "opened": opened,
        "opened_panel": links(opened)[1] if opened else "",
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


class Looked(Asked):
    """A request for a figure: what the figure would be made from is looked up once, for its ETag."""

    seen: tuple[object, ...]


def figure_tag(request: Looked, *args: Any, **kwargs: Any) -> str:
    """Of everything a figure is made from, its own URL included."""
    request.seen = served.seen(chosen_or_404(request))
    return f'"{served.tag_of(request.seen, request.get_full_path())}"'


@cached(figure_tag)
def figure(request: Looked) -> HttpResponse:
    """/map.json?repo=&view=&narrow=&box=&at= — one view as a plotly figure, now or as it stood at a moment."""
    return served.answer(request, served.kept(chosen_or_404(request), request.GET, request.seen))


@cached(figure_tag)
def timeline(request: HttpRequest, key: str) -> HttpResponse:
    """/cells/KEY/timeline.json?repo=&from=&to=&tz= — evidence, proposals, decisions and landings over time."""
    cell = get_object_or_404(Cell, repository=chosen_or_404(request), key=key)
    return JsonResponse(timeline_figure(cell, Window.of(request.GET)))
