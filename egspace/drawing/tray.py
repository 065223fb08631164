"""What cannot be placed on the map stands in a tray below it, so that nobody is missing. Pure."""

from __future__ import annotations

from dataclasses import replace

from egspace.drawing import names
from egspace.drawing.frame import Frame
from egspace.drawing.layout import PAD, TITLE, need
from egspace.drawing.marks import Links, Node, node
from egspace.drawing.scene import TRAY_ROW, Tray
from egspace.drawing.space import Point
from egspace.graph import Swarm

GAP, ROWS, SLOT, TITLED = 10.0, 2, 150.0, 118.0


def tray_of(graph: Swarm, links: Links, keys: list[str], frame: Frame) -> Tray:
    """Rows of nodes with their names beside them; who needs a person first; what finds no room is counted."""
    if not keys:
        return Tray(frame.height, 0)
    order = {lane["key"]: number for number, lane in enumerate(graph.graph["lanes"])}
    keys = sorted(keys, key=lambda key: (need(graph.nodes[key]), order[graph.nodes[key]["lane"]], key))
    left, down = (TITLED, 0.0) if frame.width > 2 * TITLED + 2 * SLOT else (PAD, TITLE - PAD)
    per_row = max(1, int((frame.width - left) // SLOT))
    shown = keys if len(keys) <= per_row * ROWS else keys[: per_row * ROWS - 1]
    top, slot = frame.height + GAP, (frame.width - left) / per_row

    def spot(place: int) -> Point:
        row, column = divmod(place, per_row)
        return round(left + column * slot + 20, 1), round(top + down + (row + 0.5) * TRAY_ROW, 1)

    nodes = tuple(
        _beside(node(key, graph.nodes[key], spot(place), links(key))) for place, key in enumerate(shown)
    )
    rest = len(keys) - len(shown)
    rows = -(-(len(shown) + bool(rest)) // per_row)
    return Tray(top, GAP + down + rows * TRAY_ROW, nodes, rest, spot(len(shown)) if rest else None)


def _beside(one: Node) -> Node:
    """With its name to the right of it."""
    name = names.beside(one.x + one.size / 2 + 8, one.y, tuple(line for line, _ in one.lines))
    return replace(one, lines=name.lines, text_x=name.x, anchor=name.anchor)
