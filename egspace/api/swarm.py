"""The swarm as node-link JSON, for whoever draws or counts it elsewhere, and what evidence is near to words. Joins the API
in vpm.urls."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from cells.api import shown
from cells.api.errors import ERRORS
from cells.api.repositories import one
from cells.api.schemas import EvidenceOut
from cells.api.words import Text
from cells.models import Evidence
from cells.refusals import Refused
from cells.sentences import sentence
from egspace import graph
from egspace.embedding import EmbedderAway, EmbedderBroken, nearest
from egspace.models import Atlas

router = Router(tags=["swarm"])


class SwarmOut(Schema):
    """networkx node-link data: `networkx.node_link_graph(answer, edges="edges")` reads it back."""

    directed: bool
    multigraph: bool
    graph: dict[str, Any]
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]


@router.get("/swarm", response={200: SwarmOut, **ERRORS})
def swarm(request: HttpRequest, repo: Text = "") -> dict[str, Any]:
    """Cells as nodes with how they are, relations as edges by type."""
    return graph.node_link(graph.swarm(one(repo)))


class NearOut(Schema):
    """`similarity` is the cosine of the two texts: 1 the same, 0 nothing in common."""

    similarity: float
    evidence: EvidenceOut


class NearestOut(Schema):
    items: list[NearOut]


@router.get("/near", response={200: NearestOut, **ERRORS})
def near(
    request: HttpRequest, repo: Text = "", q: Text = "", limit: Annotated[int, Query(ge=1, le=50)] = 10
) -> NearestOut:
    """The current evidence nearest in meaning to the words `q`, nearest first; 409 before the map is made."""
    repository = one(repo)
    if not q.strip():
        return NearestOut(items=[])
    if not Atlas.objects.filter(repository=repository).exists():
        raise Refused(sentence("The map of this repository has not been made yet."))
    try:
        found = nearest.ask(repository, q, limit)
    except (EmbedderAway, EmbedderBroken) as broken:
        raise Refused(broken.why) from broken
    rows = Evidence.objects.select_related("lane", "project").prefetch_related("cells", "claims")
    whole = rows.in_bulk([row.pk for row, _ in found])
    return NearestOut(
        items=[
            NearOut(similarity=round(similar, 4), evidence=shown.evidence(whole[row.pk]))
            for row, similar in found
        ]
    )
