"""The first picture: the map's marks as SVG attributes for a template. It needs no JavaScript and stands exactly
where plotly will draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from math import sqrt
from typing import Any

from egspace.drawing import words
from egspace.drawing.layout import Layout
from egspace.drawing.marks import Edge, Marks, Node, Point
from egspace.drawing.traces import (
    BADGE,
    BADGE_SIZE,
    DASH,
    EDGE_OF,
    HOLLOW,
    LABEL_SIZE,
    OTHER_DASH,
    SYMBOL,
    TITLE_SIZE,
    badge,
    outline,
)
from egspace.graph import Swarm

BASELINE = 0.25  # where plotly puts the baseline of a text it calls "middle", in font sizes


def picture(graph: Swarm, layout: Layout, drawn: Marks, folds: dict[str, str]) -> dict[str, Any]:
    """{box, width, height, regions, relations, nodes, folds, …}: all numbers are ready for attributes."""
    return {
        **sheet(layout.width, layout.height),
        "regions": [
            {
                "path": outline(region), "title": region.title, "count": words.count_of(region.shown, region.total),
                "x": f"{region.x + 14:g}", "y": f"{region.y + 20 + TITLE_SIZE * 0.36:g}",
            }
            for region in layout.regions
        ],
        "relations": relations(drawn.edges),
        "nodes": nodes(drawn.nodes, lambda key: words.hover(graph, key)),
        "folds": [
            {"url": folds[region.key], "count": region.total - region.shown, "x": f"{x:g}", "y": f"{y + BASELINE * TITLE_SIZE:g}"}
            for region in layout.regions
            if region.key in layout.folds
            for x, y in [layout.folds[region.key]]
        ],
    }  # fmt: skip


def sheet(width: float, height: float) -> dict[str, Any]:
    """What an SVG of this many design pixels needs."""
    wide, high = width + 2 * EDGE_OF, height + 2 * EDGE_OF
    return {
        "box": f"{-EDGE_OF:g} {-EDGE_OF:g} {wide:g} {high:g}", "width": f"{wide:g}", "height": f"{high:g}",
        "title_size": TITLE_SIZE, "label_size": LABEL_SIZE, "badge_size": BADGE_SIZE, "badge_radius": BADGE / 2,
    }  # fmt: skip


def nodes(drawn: Iterable[Node], said: Callable[[str], list[str]]) -> list[dict[str, Any]]:
    """Cells as links with a shape, a label and a badge; `said` gives the words of a cell."""
    return [
        {
            "key": node.key, "url": node.url, "panel": node.panel, "state": node.state,
            "hollow": node.state in HOLLOW, "words": "\n".join(said(node.key)),
            "path": shape(SYMBOL[node.state], node.x, node.y, node.size),
            "x": f"{node.x:g}", "y": f"{node.y:g}", "text_x": f"{node.text_x:g}", "anchor": node.anchor,
            "lines": [(line, f"{y + BASELINE * LABEL_SIZE:g}") for line, y in node.lines],
            "badge": badge(node.waiting) if node.waiting else "",
            "tone": node.tone, "badge_x": f"{node.badge[0]:g}", "badge_y": f"{node.badge[1]:g}",
            "badge_text": f"{node.badge[1] + 1 + BASELINE * BADGE_SIZE:g}",
        }
        for node in drawn
    ]  # fmt: skip


def relations(edges: Iterable[Edge]) -> list[dict[str, str]]:
    return [_relation(kind, list(some)) for kind, some in groupby(edges, key=lambda edge: edge.type)]


def shape(symbol: str, x: float, y: float, size: float) -> str:
    """The outline plotly gives a marker symbol of this size, as an SVG path."""
    r = size / 2
    if symbol == "triangle-up":
        side = r * 2 / sqrt(3)
        return f"M{x - side:.2f},{y + r / 2:.2f}H{x + side:.2f}L{x:.2f},{y - r:.2f}Z"
    if symbol == "diamond":
        r *= 1.3
        return f"M{x + r:.2f},{y:.2f}L{x:.2f},{y + r:.2f}L{x - r:.2f},{y:.2f}L{x:.2f},{y - r:.2f}Z"
    if symbol == "square":
        return f"M{x + r:.2f},{y + r:.2f}H{x - r:.2f}V{y - r:.2f}H{x + r:.2f}Z"
    return f"M{x + r:.2f},{y:.2f}A{r:.2f},{r:.2f} 0 1,1 {x:.2f},{y - r:.2f}A{r:.2f},{r:.2f} 0 0,1 {x + r:.2f},{y:.2f}Z"


def _relation(kind: str, edges: list[Edge]) -> dict[str, str]:
    lines, heads = (
        "".join(map(_line, parts)) for parts in ([e.curve for e in edges], [e.head for e in edges])
    )
    return {"type": kind, "lines": lines, "heads": heads, "dash": dash_of(kind)}


def dash_of(kind: str) -> str:
    """A relation type's dashes as SVG writes them; empty for a solid line."""
    dash = DASH.get(kind, OTHER_DASH)
    return "" if dash == "solid" else dash.replace("px", "")


def _line(points: tuple[Point, ...]) -> str:
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in points)
