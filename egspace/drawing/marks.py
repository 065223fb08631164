"""What the map shows, as marks in design pixels. The first picture (SVG) and the plotly figure draw the same. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import hypot, sqrt

from egspace.drawing.labels import label
from egspace.drawing.layout import Layout
from egspace.drawing.words import toned
from egspace.graph import Swarm

UNREAD = "⚑ "  # before the name of a cell in which something landed that nobody else has read
SMALLEST, LARGEST = 14.0, 34.0
LABEL_DOWN, LABEL_LINE = 28.0, 14.5
BEND, STEPS, CLEAR = 0.16, 14, 4.0
MOST_EDGES = 600
BALANCE = {
    "conflict": 0.92,
    "moving-away": 1.18,
    "shelved": 0.88,
    "archived": 0.88,
}  # shapes of one size look unequal
POINTED = {"conflict": 1.3}  # a diamond's points reach so much farther than its size says

Point = tuple[float, float]
Links = Callable[[str], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Node:
    """A cell at (x, y); `size` is its diameter, `lines` its label (text, y) at `text_x`, `badge` where its count
    of decisions stands, `tone` what the contract says of them."""

    key: str
    x: float
    y: float
    size: float
    state: str
    waiting: int
    tone: str
    lines: tuple[tuple[str, float], ...]
    badge: Point
    url: str
    panel: str
    text_x: float
    anchor: str = "middle"

    @property
    def reach(self) -> float:
        """From its middle to its farthest point."""
        return self.size / 2 * POINTED.get(self.state, 1.0)


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation as a curve of points with the two strokes of its arrow head."""

    source: str
    target: str
    type: str
    curve: tuple[Point, ...]
    head: tuple[Point, Point, Point]


@dataclass(frozen=True, slots=True)
class Marks:
    """Everything on the map, in drawing order; `cut` relations between its nodes are not drawn."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    cut: int = 0


def marks(graph: Swarm, layout: Layout, links: Links) -> Marks:
    """`links` gives a cell's page and panel URL. Relations of cells that are folded away are not drawn."""
    nodes = {key: node(key, graph.nodes[key], spot, links(key)) for key, spot in layout.spots.items()}
    return Marks(tuple(nodes.values()), *edges(graph, nodes))


def edges(graph: Swarm, nodes: Mapping[str, Node]) -> tuple[tuple[Edge, ...], int]:
    """The relations between these nodes, by type, at most MOST_EDGES of them, and how many there are besides."""
    between = sorted(
        (kind, start, end)
        for start, end, kind in graph.out_edges(nodes, keys=True)
        if end in nodes and _apart(nodes[start], nodes[end])
    )
    drawn = tuple(_edge(nodes[start], nodes[end], kind) for kind, start, end in between[:MOST_EDGES])
    return drawn, len(between) - len(drawn)


def _apart(start: Node, end: Node) -> bool:
    """Whether there is room for an arrow; a cell has no arrow to itself."""
    return hypot(end.x - start.x, end.y - start.y) > (start.size + end.size) / 2 + 2 * CLEAR


def size(fresh: int) -> float:
    """Diameter from fresh evidence: area grows with the count, up to 25 pieces; never by what others have."""
    return round(min(LARGEST, SMALLEST + 4 * sqrt(fresh)), 1)


def node(key: str, cell: dict, spot: Point, urls: tuple[str, str], shrunk: float = 1.0) -> Node:
    """The mark of a cell, its label below it; `shrunk` where there is little room."""
    x, y = spot
    diameter = round(size(cell["fresh"]) * BALANCE.get(cell["state"], 1.0) * shrunk, 1)
    shift = round(diameter * 0.36 + 5, 1)
    lines = tuple(
        (line, round(y + LABEL_DOWN + number * LABEL_LINE, 1))
        for number, line in enumerate(label_of(key, cell))
    )
    return Node(
        key,
        x,
        y,
        diameter,
        cell["state"],
        cell["waiting"],
        toned(cell),
        lines,
        (round(x + shift, 1), round(y - shift, 1)),
        *urls,
        x,
    )


def label_of(key: str, cell: dict, *, titled: bool = True) -> tuple[str, ...]:
    """The lines of a label, with the sign of what is unread."""
    first, *rest = label(key, cell["title"] if titled else "")
    return (f"{UNREAD}{first}" if cell.get("unread") else first, *rest)


def _edge(start: Node, end: Node, kind: str) -> Edge:
    across, down = end.x - start.x, end.y - start.y
    length = hypot(across, down)
    # Bent to the right of its direction, so that A → B and B → A are two lines.
    control = ((start.x + end.x) / 2 - down * BEND, (start.y + end.y) / 2 + across * BEND)
    first, last = (start.size / 2 + CLEAR) / length, 1 - (end.size / 2 + CLEAR + 1) / length
    shares = [first + (last - first) * step / STEPS for step in range(STEPS + 1)]
    curve = tuple(_on_curve((start.x, start.y), control, (end.x, end.y), share) for share in shares)
    return Edge(start.key, end.key, kind, curve, head(curve[-2], curve[-1]))


def _on_curve(start: Point, control: Point, end: Point, share: float) -> Point:
    a, b, c = (1 - share) ** 2, 2 * share * (1 - share), share**2
    return (
        round(a * start[0] + b * control[0] + c * end[0], 1),
        round(a * start[1] + b * control[1] + c * end[1], 1),
    )


def head(before: Point, tip: Point) -> tuple[Point, Point, Point]:
    """The two strokes of an arrow head, as one line through its tip."""
    across, down = tip[0] - before[0], tip[1] - before[1]
    length = hypot(across, down) or 1.0
    along, side = (across / length * 6, down / length * 6), (-down / length * 3, across / length * 3)
    return (
        (round(tip[0] - along[0] + side[0], 1), round(tip[1] - along[1] + side[1], 1)),
        tip,
        (round(tip[0] - along[0] - side[0], 1), round(tip[1] - along[1] - side[1], 1)),
    )
