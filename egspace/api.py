"""The swarm as node-link JSON, for whoever draws or counts it elsewhere. Joins the API in vpm.urls."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from cells.api.errors import ERRORS
from cells.api.repositories import one
from cells.api.words import Text
from egspace import graph

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
