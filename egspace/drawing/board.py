"""The words beside the map: what needs a person now, the swarm as a list, and what a filter keeps. Reads the graph only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from egspace.drawing import words
from egspace.drawing.layout import MOST, STATES, need
from egspace.graph import Swarm

FIRST = 6
NEEDS_A_PERSON = ("conflict", "moving-away")


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of the list; `kept` is False for what the filter hides. `lane` is its index in map order."""

    key: str
    lane: int
    lane_title: str
    cell: dict[str, Any]
    state: str
    kept: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """What a person looks for: text in key, title or reason; a lane; a state, or "waiting"."""

    q: str = ""
    lane: str = ""
    state: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        return cls(*(query.get(name, "").strip()[:200] for name in ("q", "lane", "state")))

    def keeps(self, key: str, cell: dict[str, Any]) -> bool:
        """The same rule as `keeps` in map.js."""
        text = f"{key} {cell['title']} {cell['why']}".casefold()
        return (
            all(word in text for word in self.q.casefold().split())
            and self.lane in ("", cell["lane"])
            and (self.state in ("", cell["state"]) or (self.state == "waiting" and cell["waiting"] > 0))
        )

    def __bool__(self) -> bool:
        return any((self.q, self.lane, self.state))


def rows(graph: Swarm, wanted: Filter) -> list[Row]:
    """All cells in map order. A swarm too large for one page leaves out what the filter hides, and puts
    what needs a person first."""
    order = {lane["key"]: number for number, lane in enumerate(graph.graph["lanes"])}
    titles = {lane["key"]: lane["title"] for lane in graph.graph["lanes"]}
    said = {state: str(word) for state, word in words.STATE.items()}
    found = [
        Row(
            key,
            order[cell["lane"]],
            titles[cell["lane"]],
            cell,
            said[cell["state"]],
            wanted.keeps(key, cell),
        )
        for key, cell in graph.nodes(data=True)
    ]
    if len(found) > MOST:
        found = [row for row in found if row.kept]
        return sorted(found, key=lambda row: (need(row.cell), row.lane, row.cell["position"], row.key))
    return sorted(found, key=lambda row: (row.lane, row.cell["position"], row.key))


def by_lane(page: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """(lane title, rows), lanes in map order."""
    ordered = sorted(page, key=lambda row: row.lane)
    return [(title, list(group)) for title, group in groupby(ordered, key=lambda row: row.lane_title)]


def first(graph: Swarm) -> list[tuple[str, dict[str, Any], str]]:
    """(key, cell, state in words) of the few cells that need a person most."""
    order = {lane["key"]: number for number, lane in enumerate(graph.graph["lanes"])}
    needy = [
        (key, cell)
        for key, cell in graph.nodes(data=True)
        if cell["waiting"] or cell.get("again") or cell["state"] in NEEDS_A_PERSON
    ]
    needy.sort(
        key=lambda one: (
            min(2, STATES.index(one[1]["state"])),
            -one[1]["waiting"],
            order[one[1]["lane"]],
            one[1]["position"],
        )
    )
    return [(key, cell, str(words.STATE[cell["state"]])) for key, cell in needy[:FIRST]]


def counts(graph: Swarm) -> dict[str, int]:
    """State to number of cells, in the order of need, only states that occur."""
    states = [cell["state"] for _, cell in graph.nodes(data=True)]
    return {state: states.count(state) for state in STATES if state in states}
