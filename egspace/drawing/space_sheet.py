"""The sheet EG-Space is drawn on: the frame of the map, the tray below it, and the words at their edges. The plotly
figure and the first picture share it."""

from __future__ import annotations

from typing import Any

from egspace.drawing import space_words, words
from egspace.drawing.layout import PAD, Region
from egspace.drawing.names import Name
from egspace.drawing.scene import RECENT, TRAY_ROW, Scene, Tray
from egspace.drawing.space import Space
from egspace.drawing.traces import EDGE_OF, TITLE_SIZE, outline
from egspace.graph import Swarm

AXIS_SIZE, HULL_SIZE = 11.5, 11.5


def sheet_layout(graph: Swarm, space: Space, drawn: Scene) -> dict[str, Any]:
    """Plotly's layout: two subplots over the same design pixels, the map and the tray."""
    frame, tray = drawn.frame, drawn.tray
    still = {"visible": False, "zeroline": False, "showgrid": False}
    across = {**still, "range": [-EDGE_OF, frame.width + EDGE_OF]}
    total = drawn.height + 2 * EDGE_OF
    cut = round((tray.height + EDGE_OF) / total, 6)
    layout: dict[str, Any] = {
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0, "pad": 0},
        "xaxis": across,
        "yaxis": {**still, "range": [frame.height, -EDGE_OF], "domain": [cut, 1]},
        "showlegend": False,
        "hovermode": "closest",
        "hoverdistance": 28,
        "dragmode": "pan",
        "shapes": [
            _path("sheet", outline(map_region(drawn))),
        ],
        "annotations": [
            *(_hull_title(one.title) for one in drawn.outlines if one.title),
            *(_note("axis", x, y, plain, turn) for x, y, plain, turn in edges_in_words(space, drawn)),
        ],
        "meta": {
            "view": "space",
            "width": frame.width + 2 * EDGE_OF,
            "height": total,
            "showing": space_words.showing(graph, space, drawn),
            "box": list(frame.box),
            "scale": round(frame.scale, 4),
            "rim": frame.rim,
            "recent": RECENT,
            "whole": frame.whole,
        },
    }
    if tray.nodes:
        layout |= _below(drawn, across, cut)
        layout["shapes"].append({**_path("lane", outline(tray_region(drawn))), "xref": "x2", "yref": "y2"})
        layout["annotations"].append({**_tray_title(tray), "xref": "x2", "yref": "y2"})
    return layout


def _below(drawn: Scene, across: dict[str, Any], cut: float) -> dict[str, Any]:
    still = {**across, "fixedrange": True}
    down = {
        **still,
        "range": [drawn.height + EDGE_OF, drawn.frame.height],
        "domain": [0, cut],
        "anchor": "x2",
    }
    return {"xaxis2": {**still, "anchor": "y2"}, "yaxis2": down}


def map_region(drawn: Scene) -> Region:
    return Region("", "", 0, 0, drawn.frame.width, drawn.frame.height - EDGE_OF, 0, 0)


def tray_region(drawn: Scene) -> Region:
    tray = drawn.tray
    return Region("", "", 0, tray.top, drawn.frame.width, drawn.height - tray.top, 0, 0)


def tray_words(tray: Tray) -> str:
    total = len(tray.nodes) + tray.rest
    return f"{words.not_placed()} · {words.count_of(len(tray.nodes), total)}"


def tray_baseline(tray: Tray) -> float:
    """The middle of the tray's title: beside its first row, or above it when the picture is narrow."""
    first = tray.nodes[0].y - tray.top
    return round(tray.top + (first if first <= TRAY_ROW / 2 else (first - TRAY_ROW / 2) / 2 + 4), 1)


def edges_in_words(space: Space, drawn: Scene) -> list[tuple[float, float, str, int]]:
    """(x, y, words, turn) of what the two axes go by, at the four edges of the map."""
    if not space.axes:
        return []
    (left, right), (below, above) = space.axes
    width, height, rim = drawn.frame.width, drawn.frame.height, 14
    found = [
        (rim, height / 2, left, -90), (width - rim, height / 2, right, 90),
        (width / 2, height - rim, below, 0), (width / 2, rim, above, 0),
    ]  # fmt: skip
    return [(x, y, " · ".join(some), turn) for x, y, some, turn in found if some]


def _path(name: str, drawn: str) -> dict[str, Any]:
    return {"type": "path", "path": drawn, "layer": "below", "name": name, "line": {"width": 1}}


def _note(name: str, x: float, y: float, plain: str, turn: int = 0) -> dict[str, Any]:
    return {
        "x": x, "y": y, "text": words.plain(plain), "name": name, "showarrow": False, "textangle": turn,
        "xanchor": "center", "yanchor": "middle", "borderpad": 0, "font": {"size": AXIS_SIZE},
    }  # fmt: skip


def _hull_title(title: Name) -> dict[str, Any]:
    ((line, y),) = title.lines
    side = {"middle": "center", "start": "left", "end": "right"}[title.anchor]
    return {**_note("hull-title", title.x, y, line), "xanchor": side, "font": {"size": HULL_SIZE}}


def _tray_title(tray: Tray) -> dict[str, Any]:
    note = _note("lane-title", PAD + 2, tray_baseline(tray), tray_words(tray))
    return {**note, "xanchor": "left", "font": {"size": TITLE_SIZE, "weight": 600}}
