"""The doors of the time slider: its steps, and the panel of a cell that exists only in the past."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from cells.views.chosen import chosen_or_404, viewer
from egspace.drawing import words
from egspace.drawing.steps import steps
from egspace.past import commits, moments
from egspace.views.map import cached, figure_tag


@cached(figure_tag)
def steps_of(request: HttpRequest) -> HttpResponse:
    """/map/steps.json?repo= — what the slider goes through; see `steps`."""
    return JsonResponse(steps(chosen_or_404(request)))


@viewer
def gone(request: HttpRequest, key: str) -> HttpResponse:
    """/map/gone/KEY/?repo=&at= — beside the map: a cell as it was when the swarm still held it."""
    repository = chosen_or_404(request)
    graph, moment = moments.shown(repository, request.GET.get("at", ""))
    if moment is None or key not in graph:
        raise Http404(f"There was no cell {key} at that moment.")
    described = commits.swarm_at(commits.history(repository), moment.seq)
    context = {
        "repository": repository,
        "moment": moment,
        "key": key,
        "cell": graph.nodes[key],
        "state": words.STATE[graph.nodes[key]["state"]],
        "evidence": words.evidence(graph.nodes[key]["fresh"], graph.nodes[key]["evidence"]),
        "spec": next(spec for spec in described.cells if spec.key == key),
    }
    return render(request, "egspace/gone.html", context)
