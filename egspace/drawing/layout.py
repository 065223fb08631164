"""The lanes layout: where everything stands on the map. Pure; same data, same picture.

Units are design pixels, y grows downward. A cell keeps the slot of its position, so a new one moves
nobody beside it; a region grows by whole rows and then only pushes down what lies below it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx

MOST = 300  # SVG plotly still draws and pans these without a hitch
GAP, PAD, TITLE, ROW, CENTER = 16.0, 12.0, 34.0, 86.0, 25.0
SLOT = 98.0  # wide enough for a label of two short lines

STATES = ("conflict", "moving-away", "shelved", "no-evidence", "on-track", "archived")


@dataclass(frozen=True, slots=True)
class Region:
    """A lane's place, and how many of its cells are drawn there."""

    key: str
    title: str
    x: float
    y: float
    width: float
    height: float
    shown: int
    total: int


@dataclass(frozen=True, slots=True)
class Layout:
    """`spots` is cell key to the node's centre; `folds` is lane key to the centre of its "+27"."""

    width: float
    height: float
    slot: float
    regions: tuple[Region, ...]
    spots: dict[str, tuple[float, float]]
    folds: dict[str, tuple[float, float]]


def need(node: dict) -> int:
    """How much a cell needs a person, 0 first: waiting decisions, then conflict, moving away, …"""
    return 0 if node["waiting"] else 1 + STATES.index(node["state"])


def lanes_layout(graph: nx.DiGraph, *, narrow: bool = False, most: int = MOST) -> Layout:
    """Lanes as regions in a grid of up to three columns (one when narrow), cells in their slots."""
    members = _members(graph)
    share = shares([len(members[lane["key"]]) for lane in graph.graph["lanes"]], most)
    width = 360.0 if narrow else 1000.0
    columns = 1 if narrow else max(1, min(3, len(members)))
    region_width = (width - (columns - 1) * GAP) / columns
    per_row = int((region_width - 2 * PAD) // SLOT)
    slot = (region_width - 2 * PAD) / per_row

    drawn = [
        _slots(graph, members[lane["key"]], quota, per_row)
        for lane, quota in zip(graph.graph["lanes"], share, strict=True)
    ]
    rows = [1 + max(slots.values(), default=0) // per_row for slots in drawn]
    tops = _tops(rows, columns)
    regions, spots, folds = [], {}, {}
    for index, (lane, slots) in enumerate(zip(graph.graph["lanes"], drawn, strict=True)):
        left, (top, height) = round(index % columns * (region_width + GAP), 1), tops[index // columns]
        total = len(members[lane["key"]])
        shown = sum(key is not None for key in slots)
        regions.append(
            Region(lane["key"], lane["title"], left, top, round(region_width, 1), height, shown, total)
        )
        for key, place in slots.items():
            row, column = divmod(place, per_row)
            spot = (round(left + PAD + (column + 0.5) * slot, 1), round(top + TITLE + row * ROW + CENTER, 1))
            if key is None:
                folds[lane["key"]] = spot
            else:
                spots[key] = spot
    height = sum(tops[-1]) if tops else 0.0
    return Layout(width, height, round(slot, 1), tuple(regions), spots, folds)


def shares(sizes: Sequence[int], most: int) -> list[int]:
    """How many of each lane are drawn: all, or fair shares of `most`, the smallest lanes served first."""
    result, left = [0] * len(sizes), most
    by_size = sorted(range(len(sizes)), key=lambda lane: sizes[lane])
    for served, lane in enumerate(by_size):
        result[lane] = min(sizes[lane], left // (len(sizes) - served))
        left -= result[lane]
    return result


def _members(graph: nx.DiGraph) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {lane["key"]: [] for lane in graph.graph["lanes"]}
    for key in sorted(graph, key=lambda key: (graph.nodes[key]["position"], key)):
        members[graph.nodes[key]["lane"]].append(key)
    return members


def _slots(graph: nx.DiGraph, keys: list[str], quota: int, per_row: int) -> dict[str | None, int]:
    """Cell key (None: the fold mark) to slot number."""
    if len(keys) > quota:
        first = set(sorted(keys, key=lambda key: need(graph.nodes[key]))[:quota])
        return {key: place for place, key in enumerate([*(key for key in keys if key in first), None])}
    slots: dict[str | None, int] = {}
    last = -1
    for key in keys:
        slots[key] = last = max(last + 1, graph.nodes[key]["position"])
    return _without_empty_rows(slots, per_row)


def _without_empty_rows(slots: dict[str | None, int], per_row: int) -> dict[str | None, int]:
    """Cells that left leave a hole; only when a whole row is empty the rows below it move up."""
    rows = sorted({place // per_row for place in slots.values()})
    compact = {row: number for number, row in enumerate(rows)}
    return {key: compact[place // per_row] * per_row + place % per_row for key, place in slots.items()}


def _tops(rows: list[int], columns: int) -> list[tuple[float, float]]:
    """(top, height) of each line of regions; regions side by side are equally high."""
    heights = [TITLE + max(rows[start : start + columns]) * ROW for start in range(0, len(rows), columns)]
    tops = [0.0]
    for height in heights:
        tops.append(tops[-1] + height + GAP)
    return [(top, height) for (top, _), height in zip(pairwise(tops), heights, strict=True)]
