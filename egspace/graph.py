"""The swarm as a networkx graph: what the map draws and what the API serves."""

from __future__ import annotations

from typing import Any, TypeAlias

import networkx as nx
from django.db.models import F

from cells import health
from cells.models import Repository
from cells.patches import oversight
from cells.refusals import say

Swarm: TypeAlias = nx.MultiDiGraph  # a DiGraph in which two cells may have relations of several types


def swarm(repository: Repository) -> Swarm:
    """Cells keyed by cell key, relations keyed by type; every attribute is plain JSON.

    `graph["lanes"]` holds {key, title} in map order. A node has lane, title, state, why (in the reader's
    language), waiting, verdicts (decision to count) and the first reason, again (shelved, and evidence came), fresh, evidence,
    newest (ISO), delta (0..1 or None), stage, position; unread, see mark_unread. A fixed number of queries, whatever the size.
    """
    lanes = [{"key": lane.key, "title": lane.title} for lane in repository.lanes.all()]
    graph = Swarm(repository=repository.key, lanes=lanes)
    found = health.of_repository(repository)
    for cell in repository.cells.select_related("lane"):
        add_cell(
            graph, cell.key, lane=cell.lane.key, title=cell.title, position=cell.position, stage=cell.stage,
            how=found[cell.pk],
        )  # fmt: skip
    rows = repository.relations.annotate(start=F("source__key"), end=F("target__key"))
    for start, end, kind in rows.values_list("start", "end", "type"):
        graph.add_edge(start, end, key=kind, type=kind)
    mark_unread(graph, repository)
    return graph


def add_cell(
    graph: Swarm, key: str, *, lane: str, title: str, position: int, stage: str, how: health.Health
) -> None:
    """One cell with how it is, for now and for any moment."""
    graph.add_node(
        key, lane=lane, title=title, position=position, stage=stage,
        state=how.state, why=say(how.why), waiting=how.waiting, fresh=how.fresh, evidence=how.evidence,
        newest=how.newest.isoformat() if how.newest else None, delta=how.delta, verdicts=dict(how.verdicts),
        reason=say(how.reason), again=how.again,
    )  # fmt: skip


def mark_unread(graph: Swarm, repository: Repository) -> None:
    """`unread` of the cells that have any: how many commits landed outside, and patches by hand, nobody else has read."""
    found = oversight.in_cells(repository)
    for pk, key in repository.cells.filter(pk__in=found).values_list("pk", "key") if found else ():
        if key in graph:
            graph.nodes[key]["unread"] = found[pk]


def node_link(graph: Swarm) -> dict[str, Any]:
    """networkx node-link JSON: {directed, multigraph, graph, nodes: [{id, …}], edges: [{source, target, key, type}]}."""
    return nx.node_link_data(graph, edges="edges")


def of_node_link(data: dict[str, Any]) -> Swarm:
    """The graph that `node_link` told."""
    graph: Swarm = nx.node_link_graph(data, edges="edges")
    return graph
