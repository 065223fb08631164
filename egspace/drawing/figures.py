"""The lanes view as a plain plotly figure: lists and numbers only; see traces."""

from __future__ import annotations

from typing import Any

from egspace.drawing import words
from egspace.drawing.layout import Layout, Region
from egspace.drawing.marks import Marks
from egspace.drawing.traces import EDGE_OF, TITLE_SIZE, Trace, badges, cells, labels, outline, relations, text
from egspace.graph import Swarm


def map_figure(graph: Swarm, layout: Layout, drawn: Marks, folds: dict[str, str]) -> dict[str, Any]:
    """{data, layout} of the lanes view. `folds` is lane key to the URL that lists what its "+27" hides.

    `layout.meta` holds width, height (design pixels) and the sentence "showing N of M".
    """
    data = [
        *relations(drawn.edges),
        *cells(drawn.nodes, lambda key: words.html(words.hover(graph, key))),
        labels(drawn.nodes),
        *badges([node for node in drawn.nodes if node.waiting]),
        *_folds(layout, folds),
    ]
    return {"data": data, "layout": _layout(layout, showing(graph, layout, drawn))}


def showing(graph: Swarm, layout: Layout, drawn: Marks) -> str:
    """The line below the lanes view."""
    return " · ".join([words.showing(len(layout.spots), len(graph)), *words.cut(drawn.cut)])


def _layout(layout: Layout, said: str) -> dict[str, Any]:
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
            "showing": said,
        },
    }


def _title(region: Region) -> dict[str, Any]:
    text = f"{words.plain(region.title)} · {words.count_of(region.shown, region.total)}"
    return {
        "x": region.x + 14, "y": region.y + 20, "text": text, "name": "lane-title", "showarrow": False,
        "xanchor": "left", "yanchor": "middle", "borderpad": 0, "font": {"size": TITLE_SIZE, "weight": 600},
    }  # fmt: skip


def _folds(layout: Layout, urls: dict[str, str]) -> list[Trace]:
    """The "+27" of lanes that hold more than is drawn; customdata is [lane, URL of the list]."""
    rest = {region.key: region.total - region.shown for region in layout.regions}
    if not layout.folds:
        return []
    marks = [(lane, x, y, f"+{rest[lane]}") for lane, (x, y) in layout.folds.items()]
    trace = text("fold", TITLE_SIZE, marks)
    trace["customdata"] = [[lane, urls[lane]] for lane in layout.folds]
    return [{**trace, "hoverinfo": "none"}]
