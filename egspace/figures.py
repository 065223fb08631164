"""The map as a plain plotly figure: lists and numbers only; roles instead of colours, which JavaScript takes
from the page's theme. No plotly in the request path; tests validate the dict with graph_objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from egspace import words
from egspace.graph import Swarm
from egspace.layout import STATES, Layout, Region
from egspace.marks import Edge, Marks, Node, Point

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
TITLE_SIZE, LABEL_SIZE, BADGE_SIZE, BADGE = 13, 12, 10.5, 17

Trace = dict[str, Any]


def map_figure(graph: Swarm, layout: Layout, drawn: Marks, folds: dict[str, str]) -> dict[str, Any]:
    """{data, layout} of the lanes view. `folds` is lane key to the URL that lists what its "+27" hides.

    `layout.meta` holds width, height (design pixels) and the sentence "showing N of M".
    """
    data = [
        *_relations(drawn.edges),
        *_cells(graph, drawn.nodes),
        _labels(drawn.nodes),
        *_badges([node for node in drawn.nodes if node.waiting]),
        *_folds(layout, folds),
    ]
    return {"data": data, "layout": _layout(graph, layout)}


def outline(region: Region) -> str:
    """A rounded rectangle as an SVG path; plotly shapes and the first picture use the same one."""
    x, y, right, bottom, r = region.x, region.y, region.x + region.width, region.y + region.height, RADIUS
    return (
        f"M{x + r:g},{y:g}L{right - r:g},{y:g}Q{right:g},{y:g} {right:g},{y + r:g}L{right:g},{bottom - r:g}"
        f"Q{right:g},{bottom:g} {right - r:g},{bottom:g}L{x + r:g},{bottom:g}Q{x:g},{bottom:g} {x:g},{bottom - r:g}"
        f"L{x:g},{y + r:g}Q{x:g},{y:g} {x + r:g},{y:g}Z"
    )


def _layout(graph: Swarm, layout: Layout) -> dict[str, Any]:
    still = {"visible": False, "zeroline": False, "showgrid": False}
    return {
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
        "xaxis": {**still, "range": [-EDGE_OF, layout.width + EDGE_OF]},
        "yaxis": {**still, "range": [layout.height + EDGE_OF, -EDGE_OF]},
        "showlegend": False,
        "hovermode": "closest",
        "hoverdistance": 28,
        "dragmode": "pan",
        "shapes": [
            {"type": "path", "path": outline(region), "layer": "below", "name": "lane", "line": {"width": 1}}
            for region in layout.regions
        ],
        "annotations": [_title(region) for region in layout.regions],
        "meta": {
            "width": layout.width + 2 * EDGE_OF,
            "height": layout.height + 2 * EDGE_OF,
            "showing": words.showing(len(layout.spots), len(graph)),
        },
    }


def _title(region: Region) -> dict[str, Any]:
    text = f"{words.plain(region.title)} · {words.count_of(region.shown, region.total)}"
    return {
        "x": region.x + 14, "y": region.y + 20, "text": text, "name": "lane-title", "showarrow": False,
        "xanchor": "left", "yanchor": "middle", "borderpad": 0, "font": {"size": TITLE_SIZE, "weight": 600},
    }  # fmt: skip


def _relations(edges: Iterable[Edge]) -> list[Trace]:
    """One trace per type, and one for its arrow heads, which are never dashed."""
    traces = []
    for kind, group in groupby(edges, key=lambda edge: edge.type):
        mine = list(group)
        pairs = [[edge.source, edge.target] for edge in mine]
        traces.append(_lines(kind, DASH.get(kind, OTHER_DASH), [edge.curve for edge in mine], pairs))
        traces.append(_lines(kind, "solid", [edge.head for edge in mine], pairs))
    return traces


def _lines(kind: str, dash: str, runs: list[tuple[Point, ...]], pairs: list[list[str]]) -> Trace:
    """`meta.pairs` names the ends of every run of `meta.run` points; a gap ends a run."""
    points: list[tuple[float | None, float | None]] = [
        point for run in runs for point in (*run, (None, None))
    ]
    return {
        "type": "scatter", "mode": "lines", "name": words.relation(kind), "legendgroup": "relations",
        "x": [x for x, _ in points], "y": [y for _, y in points], "hoverinfo": "skip",
        "line": {"width": 1.2, "dash": dash},
        "meta": {"role": "relation", "type": kind, "run": len(runs[0]) + 1, "pairs": pairs},
    }  # fmt: skip


def _cells(graph: Swarm, nodes: Iterable[Node]) -> list[Trace]:
    """One trace per state; customdata is [key, page, panel, words]."""
    by_state: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        by_state[node.state].append(node)
    return [
        {
            "type": "scatter", "mode": "markers", "name": str(words.STATE[state]),
            "x": [node.x for node in mine], "y": [node.y for node in mine],
            "marker": {"symbol": SYMBOL[state], "size": [node.size for node in mine], "opacity": 1, "line": {"width": 2.4}},
            "customdata": [[node.key, node.url, node.panel, words.hover_html(graph, node.key)] for node in mine],
            "hovertemplate": "%{customdata[3]}<extra></extra>",
            "meta": {"role": "cell", "state": state, "hollow": state in HOLLOW},
        }
        for state in STATES
        if (mine := by_state[state])
    ]  # fmt: skip


def _labels(nodes: Iterable[Node]) -> Trace:
    lines = [(node, line, y) for node in nodes for line, y in node.lines]
    return _text("label", LABEL_SIZE, [(node.key, node.x, y, words.plain(line)) for node, line, y in lines])


def _badges(nodes: list[Node]) -> list[Trace]:
    """How many decisions wait, in a small circle; the digits hang a little lower to look centred."""
    circle = {
        "type": "scatter", "mode": "markers", "hoverinfo": "skip", "meta": {"role": "badge"},
        "x": [node.badge[0] for node in nodes], "y": [node.badge[1] for node in nodes],
        "customdata": [[node.key, node.tone] for node in nodes],
        "marker": {"symbol": "circle", "size": BADGE, "line": {"width": 1.6}},
    }  # fmt: skip
    counts = [(node.key, node.badge[0], round(node.badge[1] + 1, 1), badge(node.waiting)) for node in nodes]
    return [circle, _text("badge-text", BADGE_SIZE, counts)] if nodes else []


def badge(waiting: int) -> str:
    """Two characters fit."""
    return str(waiting) if waiting < 100 else "99"


def _folds(layout: Layout, urls: dict[str, str]) -> list[Trace]:
    """The "+27" of lanes that hold more than is drawn; customdata is [lane, URL of the list]."""
    rest = {region.key: region.total - region.shown for region in layout.regions}
    if not layout.folds:
        return []
    marks = [(lane, x, y, f"+{rest[lane]}") for lane, (x, y) in layout.folds.items()]
    trace = _text("fold", TITLE_SIZE, marks)
    trace["customdata"] = [[lane, urls[lane]] for lane in layout.folds]
    return [{**trace, "hoverinfo": "none"}]


def _text(role: str, size: float, marks: list[tuple[str, float, float, str]]) -> Trace:
    return {
        "type": "scatter", "mode": "text", "uid": role, "hoverinfo": "skip", "meta": {"role": role}, "textposition": "middle center",
        "x": [x for _, x, _, _ in marks], "y": [y for _, _, y, _ in marks], "text": [text for *_, text in marks],
        "customdata": [[key] for key, *_ in marks], "textfont": {"size": size},
    }  # fmt: skip
