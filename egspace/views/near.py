"""Search by meaning: what is near to a piece of evidence or to typed words, and which cell it reads like."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.vary import vary_on_headers

from cells.models import Cell, Evidence, Repository
from cells.refusals import say
from cells.views.chosen import chosen_or_404, viewer
from egspace.embedding import EmbedderAway, EmbedderBroken, nearest, vectors
from egspace.telling.condition import condition
from egspace.views.parts import Part, shown

NEAR, FOUND, LIKE = 6, 20, 3  # how many are shown: beside evidence, of a search, of cells
HARDLY = 0.2  # a similarity below it is no likeness
LONGEST = 2_000  # characters of a search


@dataclass(frozen=True, slots=True)
class Near:
    """A piece of evidence and how similar it is (1: the same)."""

    evidence: Evidence
    similar: str


@dataclass(frozen=True, slots=True)
class Like:
    """A cell that a piece of evidence reads like."""

    cell: Cell
    similar: str


@viewer
def near_to(request: HttpRequest, pk: int) -> HttpResponse:
    """/evidence/PK/near/ — for the evidence's page: what is near to it, and which cell an unassigned one reads like."""
    found = get_object_or_404(Evidence.objects.select_related("repository"), pk=pk)
    how = condition(found.repository)
    context: dict[str, Any] = {"evidence": found, "repository": found.repository, "condition": how}
    if how.atlas:
        context |= _beside(found, how.atlas.model)
    part = Part("egspace/near.html", "near", found.title, reverse("evidence", args=[pk]))
    return shown(request, part, context)


@vary_on_headers("HX-Request")
@viewer
def search(request: HttpRequest) -> HttpResponse:
    """/near/?repo=&near= — the evidence nearest to typed words; a page, or its rows for the list of evidence."""
    repository = chosen_or_404(request)
    words = request.GET.get("near", "").strip()[:LONGEST]
    how = condition(repository)
    rows, why = found(repository, words) if how.atlas and words else ([], "")
    in_list = bool(request.headers.get("HX-Request"))
    context = {"repository": repository, "words": words, "condition": how, "rows": rows, "why": why}
    context["beside_filters"] = in_list
    return render(request, "egspace/near_rows.html" if in_list else "egspace/near_page.html", context)


def found(repository: Repository, words: str) -> tuple[list[Near], str]:
    """The nearest evidence, or the sentence that says why nobody knows."""
    try:
        rows = nearest.ask(repository, words, FOUND)
    except (EmbedderAway, EmbedderBroken) as refused:
        return [], say(refused.why)
    if not rows:
        return [], gettext("Nothing in these words, or nothing in the evidence, can be placed.")
    return _rows(rows), ""


def _beside(evidence: Evidence, model: str) -> dict[str, Any]:
    if evidence.source != Evidence.SSOT:
        return {"why": gettext("What GitHub told stands in no commit of the repository, so no map holds it.")}
    places, rows = vectors.load([evidence.blob], model)
    if not places:
        note = vectors.notes([evidence.blob], model).get(evidence.blob)
        return {
            "why": say(note) if note else gettext("It came after the map was made; the next one holds it.")
        }
    near = nearest.nearest(evidence.repository, rows[0], NEAR + 4, model=model)
    others = [one for one in near if one[0].path != evidence.path]
    told: dict[str, Any] = {"rows": _rows(others[:NEAR])}
    return told if evidence.cells.exists() else told | {"likes": _likes(evidence, model), "unassigned": True}


def _likes(evidence: Evidence, model: str) -> list[Like]:
    """The cells it reads like, the nearest first; a person decides."""
    said = nearest.suggest(evidence.repository, evidence, LIKE, model=model)
    cells = {cell.key: cell for cell in evidence.repository.cells.filter(key__in=[key for key, _ in said])}
    return [Like(cells[key], _number(similar)) for key, similar in said if key in cells and similar >= HARDLY]


def _rows(rows: Iterable[tuple[Evidence, float]]) -> list[Near]:
    return [Near(evidence, _number(similar)) for evidence, similar in rows]


def _number(similar: float) -> str:
    return f"{max(-1.0, min(1.0, similar)) + 0.0:.2f}".replace("-", "−")
