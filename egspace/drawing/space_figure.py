"""The EG-Space view as a plain plotly figure: lists and numbers only; see traces.

The map and the tray below it are two subplots over the same design pixels, so a drag moves the map alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import hypot
from typing import Any

from django.urls import reverse

from egspace.drawing import space_words, words
from egspace.drawing.frame import written_box
from egspace.drawing.marks import Node, Point
from egspace.drawing.scene import RING, Group, Line, Ring, Scene, Tray
from egspace.drawing.space import Space
from egspace.drawing.space_sheet import sheet_layout
from egspace.drawing.traces import LABEL_SIZE, TITLE_SIZE, Trace, badges, cells, labels, relations, text
from egspace.graph import Swarm

BELOW = {"xaxis": "x2", "yaxis": "y2"}


def space_figure(graph: Swarm, space: Space, drawn: Scene, more: str) -> dict[str, Any]:
    """{data, layout} of the EG-Space view. `more` is the URL that lists what the tray has no room for.

    `layout.meta` holds width, height, the sentence "showing N of M", and how a place on the picture becomes a
    box in map units: `box` fills the picture inside `rim`, one unit being `scale` design pixels.
    """
    said = {
        one.key: words.html(space_words.hover(graph, space, one.key))
        for one in (*drawn.nodes, *drawn.tray.nodes)
    }
    waiting = [one for one in drawn.nodes if one.waiting]
    data = [
        *relations(drawn.edges),
        _hulls(drawn),
        strokes("trail", [(one.key, one.points) for one in drawn.trails]),
        strokes("early", [(one.key, one.points) for one in drawn.early]),
        strokes("delta", [(one.key, one.points) for one in drawn.arrows]),
        strokes("ghost", [(one.key, one.points) for one in drawn.spirits]),
        *_goals(graph, space, drawn),
        _ghosts(drawn),
        *_groups(graph, drawn),
        *cells(drawn.nodes, said.__getitem__),
        labels(drawn.nodes),
        *badges(waiting),
        *_tray(drawn.tray, said, more),
    ]
    return {"data": data, "layout": sheet_layout(graph, space, drawn)}


def strokes(role: str, lines: Iterable[tuple[str, Line]]) -> Trace:
    """Lines of cells; `meta.keys` names whose they are and `meta.starts` where each begins."""
    points: list[Point | None] = []
    keys, starts = [], []
    for key, line in lines:
        keys.append(key)
        starts.append(len(points))
        points += [*line, None]
    return {
        "type": "scatter", "mode": "lines", "uid": role, "hoverinfo": "skip", "line": {"width": 1.2},
        "x": [point and point[0] for point in points], "y": [point and point[1] for point in points],
        "meta": {"role": role, "keys": keys, "starts": starts},
    }  # fmt: skip


def _hulls(drawn: Scene) -> Trace:
    """The outlines of lanes; `meta.members` is cell key to lane."""
    trace = strokes("hull", [(one.lane, (*one.corners, one.corners[0])) for one in drawn.outlines])
    trace["meta"]["members"] = {key: one.lane for one in drawn.outlines for key in one.members}
    return trace


def _goals(graph: Swarm, space: Space, drawn: Scene) -> list[Trace]:
    """Rings; customdata is [key, page, panel, hover, state]. One that lies on a node leaves the pointer to the node."""
    under = [ring for ring in drawn.rings if _covered(ring, drawn)]
    free = [ring for ring in drawn.rings if ring not in under]
    return [
        {**_rings("goal", graph, space, drawn, free), "hovertemplate": "%{customdata[3]}<extra></extra>"},
        {**_rings("goal-under", graph, space, drawn, under), "hoverinfo": "skip"},
    ]


def _covered(ring: Ring, drawn: Scene) -> bool:
    discs: list[Node | Group] = [*drawn.nodes, *drawn.groups]
    return any(hypot(one.x - ring.x, one.y - ring.y) < one.size / 2 + 2 for one in discs)


def _rings(uid: str, graph: Swarm, space: Space, drawn: Scene, rings: list[Ring]) -> Trace:
    links = {one.key: (one.url, one.panel) for one in drawn.nodes}
    return {
        **_spots("goal", [(ring.x, ring.y) for ring in rings]),
        "uid": uid,
        "marker": {"symbol": "circle", "size": RING * 2, "line": {"width": 1.6}},
        "customdata": [
            [ring.key, *links[ring.key], words.html(space_words.goal(graph, space, ring.key)), ring.state]
            for ring in rings
        ],
    }


def _ghosts(drawn: Scene) -> Trace:
    """What the pointer finds where a waiting patch would leave a cell, unless the cell itself stands there."""
    clear = [one for one in drawn.spirits if one.clear]
    return {
        **_spots("ghost-spot", [(one.x, one.y) for one in clear]),
        "marker": {"symbol": "circle", "size": 16, "opacity": 0},
        "customdata": [
            [one.key, reverse("patch", args=[one.ghost.patch]), words.html([space_words.after(one.ghost)])]
            for one in clear
        ],
        "hovertemplate": "%{customdata[2]}<extra></extra>",
    }


def _groups(graph: Swarm, drawn: Scene) -> list[Trace]:
    """Folded cells; customdata is [name, box of the closer look, hover, state of the worst]."""
    if not drawn.groups:
        return []
    circles = {
        **_spots("group", [(one.x, one.y) for one in drawn.groups]),
        "marker": {
            "symbol": "circle",
            "opacity": 1,
            "size": [one.size for one in drawn.groups],
            "line": {"width": 2},
        },
        "customdata": [
            [one.name, written_box(one.box), words.html(space_words.group(graph, one)), one.state]
            for one in drawn.groups
        ],
        "hovertemplate": "%{customdata[2]}<extra></extra>",
    }
    counts = [(one.name, one.x, one.y, f"+{words.number(len(one.keys))}") for one in drawn.groups]
    return [circles, text("group-text", LABEL_SIZE, counts)]


def _spots(role: str, spots: list[Point]) -> Trace:
    return {
        "type": "scatter", "mode": "markers", "uid": role, "meta": {"role": role},
        "x": [x for x, _ in spots], "y": [y for _, y in spots],
    }  # fmt: skip


def _tray(tray: Tray, said: dict[str, str], more: str) -> list[Trace]:
    if not tray.nodes:
        return []
    traces = [*cells(tray.nodes, said.__getitem__), labels(tray.nodes)]
    traces += badges([one for one in tray.nodes if one.waiting])
    if tray.more:
        rest = text("fold", TITLE_SIZE, [("", *tray.more, f"+{words.number(tray.rest)}")])
        traces.append({**rest, "customdata": [["", more]], "hoverinfo": "none"})
    return [{**trace, **BELOW, "uid": f"tray-{trace['uid']}"} for trace in traces]
