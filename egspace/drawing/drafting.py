"""How a scene comes about: cells to their places, crowds folded, nodes moved aside, names placed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import hypot

from egspace.drawing import crowds, names, words
from egspace.drawing.frame import Box, Frame, around, frame_of
from egspace.drawing.hulls import CIRCLE, hull, together
from egspace.drawing.layout import STATES, need
from egspace.drawing.marks import CLEAR, Links, Node, edges, head, label_of, node
from egspace.drawing.scene import RING, Group, Line, Outline, Ring, Scene, Spirit, Stroke
from egspace.drawing.space import Point, Space
from egspace.drawing.tray import tray_of
from egspace.graph import Swarm

HULL_ROOM, MOST_HULLS = 13.0, 12  # px between a hull and its nodes; lanes with an outline
GROUP = (24.0, 44.0)
SHRUNK = 0.7  # nodes of the narrow picture, where twenty of full size would cover everything
MOST_SPIRITS, SMALLEST_STEP = 3, 3.0  # ghosts of one cell; px that a patch has to move it to have one
EDGE = 21.0  # px along each side that belong to the words of the axes


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at, and from where. `placed` are the cells of the swarm whose C is known."""

    graph: Swarm
    space: Space
    links: Links
    frame: Frame
    narrow: bool
    placed: dict[str, Point]

    def need(self, key: str) -> int:
        return need(self.graph.nodes[key])

    def node(self, key: str, spot: Point) -> Node:
        return node(key, self.graph.nodes[key], spot, self.links(key), SHRUNK if self.narrow else 1.0)


def scene(
    graph: Swarm,
    space: Space,
    links: Links,
    *,
    narrow: bool = False,
    box: Box | None = None,
    today: Space | None = None,
) -> Scene:
    """`links` gives a cell's page and panel URL; `box` is a closer look, in map units; `today` frames the past."""
    frame = frame_of(space, narrow=narrow, box=box, today=today)
    placed = {key: place.c for key in graph if (place := space.places.get(key)) and place.c is not None}
    look = Look(graph, space, links, frame, narrow, placed)
    seen = {key: frame.spot(point) for key, point in placed.items() if frame.holds(point)}
    nodes, groups = _stand(look, seen)
    spirits = [spirit for one in nodes for spirit in _spirits(look, one)]
    rings = [ring for one in nodes if (ring := _ring(look, one))]
    board = _board(frame, nodes, groups, rings, spirits)
    nodes = _named(look, nodes, board)
    tray = tray_of(graph, links, [key for key in graph if key not in placed], frame)
    ways = {one.key: _way(look, one) for one in nodes}
    relations, cut = edges(graph, {one.key: one for one in (*nodes, *tray.nodes)})
    return Scene(
        frame=frame,
        nodes=tuple(nodes),
        groups=tuple(groups),
        edges=relations,
        rings=tuple(rings),
        arrows=tuple(_arrows(nodes, rings)),
        trails=tuple(Stroke(key, late) for key, (_, late) in ways.items() if len(late) > 1),
        early=tuple(Stroke(key, early) for key, (early, _) in ways.items() if len(early) > 1),
        spirits=tuple(spirits),
        outlines=() if groups else tuple(_outlines(look, nodes, board)),
        tray=tray,
        outside=len(placed) - len(seen),
        cut=cut,
    )


def _stand(look: Look, seen: dict[str, Point]) -> tuple[list[Node], list[Group]]:
    """Nodes and groups, moved aside where they would cover each other."""
    singles, gathered = crowds.folded(seen, look.need, look.frame, narrow=look.narrow)
    nodes = [look.node(key, seen[key]) for key in singles]
    groups = [_group(look, seen, one) for one in gathered]
    discs: list[Node | Group] = [*nodes, *groups]
    named = [*singles, *(one.name for one in groups)]
    moved = crowds.apart(named, [(one.x, one.y) for one in discs], [one.size for one in discs])
    at = dict(zip(named, moved, strict=True))
    return (
        [look.node(key, at[key]) for key in singles],
        [replace(one, x=at[one.name][0], y=at[one.name][1]) for one in groups],
    )


def _group(look: Look, seen: dict[str, Point], crowd: crowds.Crowd) -> Group:
    keys = crowd.keys
    x, y = (round(sum(seen[key][axis] for key in keys) / len(keys), 1) for axis in (0, 1))
    worst = min((look.graph.nodes[key]["state"] for key in keys), key=STATES.index)
    count = len(f"+{words.number(len(keys))}") * names.UNIT + 2 * names.AIR
    size = round(max(count, min(GROUP[1], GROUP[0] + 2 * len(keys) ** 0.5)), 1)
    name = "group {},{}".format(*crowd.field)
    return Group(name, keys, x, y, size, worst, around(look.placed[key] for key in keys))


def _ring(look: Look, one: Node) -> Ring | None:
    goal = look.space.places[one.key].g
    return Ring(one.key, one.state, *look.frame.spot(goal)) if goal is not None else None


def _arrows(nodes: Iterable[Node], rings: Iterable[Ring]) -> list[Stroke]:
    """δ: from the edge of the node to the edge of the ring."""
    start = {one.key: one for one in nodes}
    ends = ((start[ring.key], (ring.x, ring.y)) for ring in rings)
    return [Stroke(one.key, line) for one, end in ends if (line := _arrow(one, end, RING))]


def _arrow(one: Node, end: Point, reach: float) -> Line:
    """A straight line with its head; empty where there is no room for one."""
    across, down = end[0] - one.x, end[1] - one.y
    length = hypot(across, down)
    first, last = one.reach + CLEAR, length - reach - 1
    if last - first < CLEAR:
        return ()
    tail, tip = (
        (round(one.x + across * part / length, 1), round(one.y + down * part / length, 1))
        for part in (first, last)
    )
    return (tail, tip, None, *head(tail, tip))


def _way(look: Look, one: Node) -> tuple[Line, Line]:
    """The trail before the cell was described and since; it ends where the node stands."""
    place = look.space.places[one.key]
    points = [look.frame.spot(point) for point in place.trail]
    if points:
        points[-1] = (one.x, one.y)
    return tuple(points[: place.early + 1]) if place.early else (), tuple(points[place.early :])


def _spirits(look: Look, one: Node) -> list[Spirit]:
    """The newest few patches that would move the cell, as seen from where its node stands."""
    found: list[Spirit] = []
    at = look.frame.spot(look.placed[one.key])
    for ghost in look.space.ghosts.get(one.key, ()):
        if ghost.c is None or len(found) == MOST_SPIRITS:
            continue
        then = look.frame.spot(ghost.c)
        across, down = then[0] - at[0], then[1] - at[1]
        if hypot(across, down) < SMALLEST_STEP:
            continue
        x, y, radius = round(one.x + across, 1), round(one.y + down, 1), one.size / 2 + 3
        circle = tuple((round(x + radius * a, 1), round(y + radius * b, 1)) for a, b in (*CIRCLE, CIRCLE[0]))
        way = _arrow(one, (x, y), radius)
        clear = hypot(across, down) > one.size / 2 + 6
        found.append(Spirit(one.key, ghost, x, y, (*way, None, *circle) if way else circle, clear))
    return found


def _board(
    frame: Frame, nodes: list[Node], groups: list[Group], rings: list[Ring], spirits: list[Spirit]
) -> names.Board:
    """What names must not cover (marks and badges) and had better not (rings and ghosts)."""
    taken = [names.square(one.x, one.y, one.reach + 1) for one in nodes]
    taken += [names.square(one.x, one.y, one.size / 2 + 1) for one in groups]
    taken += [names.square(*one.badge, 9) for one in nodes if one.waiting]
    avoided = [names.square(ring.x, ring.y, RING) for ring in rings]
    avoided += [names.square(one.x, one.y, 8) for one in spirits]
    return names.Board((EDGE, EDGE, frame.width - EDGE, frame.height - EDGE), taken, avoided)


def _named(look: Look, nodes: list[Node], board: names.Board) -> list[Node]:
    """Who needs a person most is named first."""
    named = {}
    for one in sorted(nodes, key=lambda one: (look.need(one.key), one.key)):
        cell = look.graph.nodes[one.key]
        ways = dict.fromkeys((label_of(one.key, cell), label_of(one.key, cell, titled=False)))
        name = board.first(one.x, one.y, one.reach, ways)
        named[one.key] = (
            replace(one, lines=name.lines, text_x=name.x, anchor=name.anchor)
            if name
            else replace(one, lines=())
        )
    return [named[one.key] for one in nodes]


def _outlines(look: Look, nodes: list[Node], board: names.Board) -> list[Outline]:
    lanes = look.graph.graph["lanes"]
    found = []
    for lane in lanes if len(lanes) <= MOST_HULLS else ():
        mine = [one for one in nodes if look.graph.nodes[one.key]["lane"] == lane["key"]]
        if not mine:
            continue
        near = together([(one.x, one.y) for one in mine])
        discs = [
            (one.x, one.y, one.size / 2 + HULL_ROOM)
            for one, is_near in zip(mine, near, strict=True)
            if is_near
        ]
        corners = hull(discs)
        top = min(corners, key=lambda corner: (corner[1], corner[0]))
        members = tuple(one.key for one in mine)
        found.append(Outline(lane["key"], members, board.place(*top, 1, (lane["title"],)), corners))
    return found
