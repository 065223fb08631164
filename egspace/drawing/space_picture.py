"""The first picture of EG-Space: the scene as SVG attributes for a template, standing where plotly will draw."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from egspace.drawing import space_words, words
from egspace.drawing.frame import written_box
from egspace.drawing.hulls import path
from egspace.drawing.layout import PAD
from egspace.drawing.picture import BASELINE, nodes, relations, sheet
from egspace.drawing.scene import RECENT, RING, Line, Scene
from egspace.drawing.space import Space
from egspace.drawing.space_sheet import (
    AXIS_SIZE,
    HULL_SIZE,
    edges_in_words,
    map_region,
    tray_baseline,
    tray_region,
    tray_words,
)
from egspace.drawing.traces import LABEL_SIZE, TITLE_SIZE, outline
from egspace.graph import Swarm

Listed = Callable[..., str]


def space_picture(graph: Swarm, space: Space, drawn: Scene, listed: Listed) -> dict[str, Any]:
    """As `egspace.drawing.picture.picture`: all numbers are ready for attributes. `listed` gives the URL of the list, or of
    a closer look with its box."""
    frame, tray = drawn.frame, drawn.tray
    everyone = sorted((*drawn.nodes, *tray.nodes), key=lambda one: bool(one.waiting))  # no badge is covered
    return {
        "view": "space",
        **sheet(frame.width, drawn.height),
        "showing": space_words.showing(graph, space, drawn),
        "axis_size": AXIS_SIZE, "hull_size": HULL_SIZE, "ring": RING,
        "frame": outline(map_region(drawn)),
        "map_width": f"{frame.width:g}", "map_height": f"{frame.height:g}",
        "hulls": [path(one.corners) for one in drawn.outlines],
        "hull_titles": [
            {"title": line, "x": f"{one.title.x:g}", "y": f"{y + BASELINE * HULL_SIZE:g}", "anchor": one.title.anchor}
            for one in drawn.outlines if one.title for line, y in one.title.lines
        ],
        "axes": [
            {"said": said, "x": f"{x:g}", "y": f"{y:g}", "down": f"{BASELINE * AXIS_SIZE:g}", "turn": turn}
            for x, y, said, turn in edges_in_words(space, drawn)
        ],
        "relations": relations(drawn.edges),
        "trails": drawing(one.points[-RECENT:] for one in drawn.trails),
        "deltas": drawing(one.points for one in drawn.arrows),
        "ghosts": drawing(one.points for one in drawn.spirits),
        "rings": [{"state": one.state, "x": f"{one.x:g}", "y": f"{one.y:g}"} for one in drawn.rings],
        "groups": [
            {
                "url": listed(box=written_box(one.box)).partition("#")[0], "state": one.state, "x": f"{one.x:g}", "y": f"{one.y:g}", "r": f"{one.size / 2:g}",
                "text_y": f"{one.y + BASELINE * LABEL_SIZE:g}", "count": words.number(len(one.keys)),
                "words": "\n".join(space_words.group(graph, one)[:-1]),
            }
            for one in drawn.groups
        ],
        "nodes": nodes(everyone, lambda key: space_words.hover(graph, space, key)),
        "tray": {
            "path": outline(tray_region(drawn)), "title": tray_words(tray), "x": f"{PAD + 2:g}",
            "y": f"{tray_baseline(tray) + BASELINE * TITLE_SIZE:g}",
        } if tray.nodes else None,
        "folds": [
            {"url": listed(), "count": words.number(tray.rest), "x": f"{tray.more[0]:g}", "y": f"{tray.more[1] + BASELINE * TITLE_SIZE:g}"}
        ] if tray.more else [],
    }  # fmt: skip


def drawing(lines: Iterable[Line]) -> str:
    """Lines with lifted pens as one SVG path."""
    return "".join(_line(line) for line in lines)


def _line(line: Line) -> str:
    parts, down = [], False
    for point in line:
        if point is not None:
            parts.append(f"{'L' if down else 'M'}{point[0]:g},{point[1]:g}")
        down = point is not None
    return "".join(parts)
