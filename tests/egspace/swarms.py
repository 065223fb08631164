"""Graphs for pure tests: the shape of `egspace.graph.swarm` without a database."""

from __future__ import annotations

from typing import Any

from egspace.graph import Swarm


def a_swarm(*sizes: int, relations: tuple[tuple[str, str, str], ...] = (), **cells: dict[str, Any]) -> Swarm:
    """Lanes a, b, c … with so many cells a0, a1, …; `cells` overrides attributes by key."""
    lanes = [chr(ord("a") + number) for number in range(len(sizes))]
    graph = Swarm(repository="demo", lanes=[{"key": lane, "title": lane.upper()} for lane in lanes])
    for lane, size in zip(lanes, sizes, strict=True):
        for place in range(size):
            add(graph, lane, place, **cells.get(f"{lane}{place}", {}))
    for start, end, kind in relations:
        graph.add_edge(start, end, key=kind, type=kind)
    return graph


def add(graph: Swarm, lane: str, place: int, **values: Any) -> None:
    """One more cell in a slot of a lane."""
    key = f"{lane}{place}"
    usual = {
        "lane": lane, "title": f"Cell {key}", "position": place, "stage": "active", "state": "on-track", "why": "On track.",
        "waiting": 0, "fresh": 1, "evidence": 2, "newest": None, "delta": None,
    }  # fmt: skip
    graph.add_node(key, **(usual | values))
