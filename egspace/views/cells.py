"""What EG-Space adds to the pages of cells, projects and patches: δ over time, why it is so, what a patch would do."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from cells import standing as state
from cells.models import Cell, Patch, Project, Repository
from cells.views.chosen import chosen_or_404, viewer
from egspace.drawing import words
from egspace.drawing.timeline import Window
from egspace.models import CELL, PROJECT, Position, Standing
from egspace.reckoning.ledger import Subject
from egspace.telling.condition import condition
from egspace.telling.explaining import explained, pace
from egspace.telling.foretold import foretold
from egspace.telling.readings import two
from egspace.telling.story import Story, story_figure, story_of
from egspace.views.map import cached, figure_tag
from egspace.views.parts import Part, shown

CELLS = 100  # that a project's page lists
LISTED = 12  # turns of a story that its list names, the newest first


@cached(figure_tag)
def delta(request: HttpRequest, key: str, kind: str = CELL) -> HttpResponse:
    """/cells/KEY/delta.json and /projects/KEY/delta.json?repo=&tz=&short= — δ over time, also of a cell that is gone."""
    repository = chosen_or_404(request)
    story = story_of(repository, (kind, key), Window.of(request.GET), short=request.GET.get("short") == "1")
    if story is None:
        raise Http404("The map never held it.")
    return JsonResponse(story_figure(story))


@viewer
def history(request: HttpRequest, key: str) -> HttpResponse:
    """/cells/KEY/story/?repo= — the chart of a cell's δ and the same as a list, for its page."""
    cell = _cell(request, key)
    part = Part("egspace/cell_story.html", "story-page", key, _page(cell))
    return shown(request, part, _told(request, cell.repository, (CELL, key)) | {"cell": cell})


@viewer
def why(request: HttpRequest, key: str) -> HttpResponse:
    """/cells/KEY/why/?repo=&short= — why it is where it is; `short` for beside the map."""
    cell = _cell(request, key)
    short = request.GET.get("short") == "1"
    part = Part("egspace/cell_short.html" if short else "egspace/cell_why.html", "why-page", key, _page(cell))
    context = _explained(cell.repository, (CELL, key), cell) | {"cell": cell}
    if short and context["why"]:
        context |= _told(request, cell.repository, (CELL, key))
    return shown(request, part, context)


@viewer
def project(request: HttpRequest, key: str) -> HttpResponse:
    """/projects/KEY/?repo= — a project's δ, what pulls it, its goals, its cells."""
    repository = chosen_or_404(request)
    found = get_object_or_404(Project, repository=repository, key=key)
    version = state.of_project(found)
    context = {
        "project": found,
        "subject": key,
        "version": version,
        "texts": [fact for fact in version.facts.all() if fact.kind in state.POSITION] if version else [],
    }
    context |= (
        _cells(found) | _explained(repository, (PROJECT, key)) | _told(request, repository, (PROJECT, key))
    )
    return render(request, "egspace/project.html", context)


@viewer
def past(request: HttpRequest, key: str) -> HttpResponse:
    """/map/past/KEY/?repo= — a cell that the swarm no longer holds, until when it did, and its story."""
    repository = chosen_or_404(request)
    if Cell.objects.filter(repository=repository, key=key).exists():
        return redirect(f"{reverse('cell', args=[key])}?{urlencode({'repo': repository.key})}")
    rows = Position.objects.filter(repository=repository, kind=CELL, key=key)
    last = rows.order_by("-seq").first()
    if last is None:
        raise Http404("No cell of this name was ever in the swarm.")
    there = rows.filter(seq__lt=last.seq, present=True).order_by("-seq").first()
    context = {"key": key, "last": last, "there": there, "subject": key}
    return render(request, "egspace/past.html", context | _told(request, repository, (CELL, key)))


@viewer
def forecast(request: HttpRequest, pk: int) -> HttpResponse:
    """/patches/PK/forecast/ — what it would do to δ, or did."""
    patch = get_object_or_404(Patch.objects.select_related("repository"), pk=pk)
    how = condition(patch.repository)
    part = Part("egspace/patch_forecast.html", "forecast", patch.title, reverse("patch", args=[pk]))
    context = {"patch": patch, "repository": patch.repository, "told": foretold(patch, how), "condition": how}
    return shown(request, part, context)


def _cell(request: HttpRequest, key: str) -> Cell:
    cells = Cell.objects.select_related("lane", "project", "repository")
    return get_object_or_404(cells, repository=chosen_or_404(request), key=key)


def _page(cell: Cell) -> str:
    return f"{reverse('cell', args=[cell.key])}?{urlencode({'repo': cell.repository.key})}"


def _told(request: HttpRequest, repository: Repository, subject: Subject) -> dict[str, Any]:
    story = story_of(repository, subject, Window.of(request.GET))
    turns = list(reversed(story.turns))[:LISTED] if story else []
    early = any(not row.described for row in story.rows) if story else False
    return {"repository": repository, "turns": turns, "drawn": _drawn(story), "early": early}


def _drawn(story: Story | None) -> bool:
    """Whether there is anything to draw."""
    return story is not None and any(row.delta is not None or row.all_tasks for row in story.rows)


def _explained(repository: Repository, subject: Subject, cell: Cell | None = None) -> dict[str, Any]:
    how = condition(repository)
    row = Standing.objects.filter(repository=repository, kind=subject[0], key=subject[1]).first()
    told = explained(repository, how.atlas, row, cell) if how.atlas and row else None
    return {"repository": repository, "condition": how, "why": told}


def _cells(found: Project) -> dict[str, Any]:
    """Of a project: its cells with their δ and which way they move, the farthest first, unknown last; not more than a page holds."""
    every = found.cells.select_related("standing", "lane")
    rows = list(every.order_by(F("standing__delta").desc(nulls_last=True), "key")[:CELLS])
    told = [_placed(cell, getattr(cell, "standing", None)) for cell in rows]
    return {"cells": told, "showing": words.showing(len(told), every.count())}


def _placed(cell: Cell, standing: Standing | None) -> dict[str, Any]:
    delta = standing.delta if standing else None
    return {
        "cell": cell,
        "delta": "" if delta is None else two(delta),
        "pace": pace(standing) if standing else "",
    }
