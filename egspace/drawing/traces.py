"""Traces that both views of the map share: relations, cells, labels, badges. Lists and numbers only; roles instead
of colours, which JavaScript takes from the page's theme. No plotly in the request path; tests validate the dicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

from egspace.drawing import words
from egspace.drawing.layout import STATES, Region
from egspace.drawing.marks import Edge, Node, Point

EDGE_OF = 1.0  # room for the outermost stroke
RADIUS = 12.0
SYMBOL = {
    "on-track": "circle", "moving-away": "triangle-up", "conflict": "diamond", "shelved": "square",
    "no-evidence": "circle", "archived": "square",
}  # fmt: skip
HOLLOW = frozenset({"no-evidence", "archived"})
DASH = {
    "feeds": "solid",
    "watches": "1px,4px",
    "depends_on": "7px,4px",
    "supports": "12px,3px,2px,3px",
    "blocks": "solid",
}
OTHER_DASH = "3px,3px"
BESIDE = {"middle": "middle center", "start": "middle right", "end": "middle left"}
TITLE_SIZE, LABEL_SIZE, BADGE_SIZE, BADGE = 13, 12, 10.5, 17

Trace = dict[str, Any]


def outline(region: Region) -> str:
    """A rounded rectangle as an SVG path; plotly shapes and the first picture use the same one."""
    x, y, right, bottom, r = region.x, region.y, region.x + region.width, region.y + region.height, RADIUS
    return (
        f"M{x + r:g},{y:g}L{right - r:g},{y:g}Q{right:g},{y:g} {right:g},{y + r:g}L{right:g},{bottom - r:g}"
        f"Q{right:g},{bottom:g} {right - r:g},{bottom:g}L{x + r:g},{bottom:g}Q{x:g},{bottom:g} {x:g},{bottom - r:g}"
        f"L{x:g},{y + r:g}Q{x:g},{y:g} {x + r:g},{y:g}Z"
    )


def relations(edges: Iterable[Edge]) -> list[Trace]:
    """One trace per type, and one for its arrow heads, which are never dashed. Every trace of a figure has a uid:
    plotly gives one without the uid of whatever stood in its place before, and then mixes up who is who."""
    traces: list[Trace] = []
    for number, (kind, group) in enumerate(groupby(edges, key=lambda edge: edge.type)):
        mine = list(group)
        pairs = [[edge.source, edge.target] for edge in mine]
        dash = DASH.get(kind, OTHER_DASH)
        traces.append(_lines(f"relation-{number}", kind, dash, [edge.curve for edge in mine], pairs))
        traces.append(_lines(f"heads-{number}", kind, "solid", [edge.head for edge in mine], pairs))
    return traces


def _lines(uid: str, kind: str, dash: str, runs: list[tuple[Point, ...]], pairs: list[list[str]]) -> Trace:
    """`meta.pairs` names the ends of every run of `meta.run` points; a gap ends a run."""
    points: list[tuple[float | None, float | None]] = [
        point for run in runs for point in (*run, (None, None))
    ]
    return {
        "type": "scatter", "mode": "lines", "uid": uid, "name": words.relation(kind), "legendgroup": "relations",
        "x": [x for x, _ in points], "y": [y for _, y in points], "hoverinfo": "skip",
        "line": {"width": 1.2, "dash": dash},
        "meta": {"role": "relation", "type": kind, "run": len(runs[0]) + 1, "pairs": pairs},
    }  # fmt: skip


def cells(nodes: Iterable[Node], said: Callable[[str], str]) -> list[Trace]:
    """One trace per state; `said` gives the hover of a cell; customdata is [key, page, panel, hover]."""
    by_state: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        by_state[node.state].append(node)
    return [
        {
            "type": "scatter", "mode": "markers", "name": str(words.STATE[state]), "uid": f"cell-{state}",
            "x": [node.x for node in mine], "y": [node.y for node in mine],
            "marker": {"symbol": SYMBOL[state], "size": [node.size for node in mine], "opacity": 1, "line": {"width": 2.4}},
            "customdata": [[node.key, node.url, node.panel, said(node.key)] for node in mine],
            "hovertemplate": "%{customdata[3]}<extra></extra>",
            "meta": {"role": "cell", "state": state, "hollow": state in HOLLOW},
        }
        for state in STATES
        if (mine := by_state[state])
    ]  # fmt: skip


def labels(nodes: Iterable[Node]) -> Trace:
    lines = [(node, line, y) for node in nodes for line, y in node.lines]
    found = text(
        "label", LABEL_SIZE, [(node.key, node.text_x, y, words.plain(line)) for node, line, y in lines]
    )
    return {**found, "textposition": [BESIDE[node.anchor] for node, _, _ in lines]}


def badges(nodes: list[Node]) -> list[Trace]:
    """How many decisions wait, in a small circle; the digits hang a little lower to look centred."""
    circle = {
        "type": "scatter", "mode": "markers", "uid": "badge", "hoverinfo": "skip", "meta": {"role": "badge"},
        "x": [node.badge[0] for node in nodes], "y": [node.badge[1] for node in nodes],
        "customdata": [[node.key, node.tone] for node in nodes],
        "marker": {"symbol": "circle", "size": BADGE, "line": {"width": 1.6}},
    }  # fmt: skip
    counts = [(node.key, node.badge[0], round(node.badge[1] + 1, 1), badge(node.waiting)) for node in nodes]
    return [circle, text("badge-text", BADGE_SIZE, counts)] if nodes else []


def badge(waiting: int) -> str:
    """Two characters fit."""
    return str(waiting) if waiting < 100 else "99"


def text(role: str, size: float, marks: list[tuple[str, float, float, str]]) -> Trace:
    return {
        "type": "scatter", "mode": "text", "uid": role, "hoverinfo": "skip", "meta": {"role": role}, "textposition": "middle center",
        "x": [x for _, x, _, _ in marks], "y": [y for _, _, y, _ in marks], "text": [text for *_, text in marks],
        "customdata": [[key] for key, *_ in marks], "textfont": {"size": size},
    }  # fmt: skip
