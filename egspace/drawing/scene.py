"""The EG-Space view as marks in design pixels: where cells stand, where they want to be, the way they came. Pure.

The first picture (SVG) and the plotly figure draw the same scene. Cells that cannot be placed stand in a tray below
the map, so that nobody is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from egspace.drawing.frame import Box, Frame
from egspace.drawing.marks import Edge, Node
from egspace.drawing.names import Name
from egspace.drawing.space import Ghost, Point

RING = 5.0  # px: the radius of a goal
TRAY_ROW = 44.0
RECENT = 5  # points of a trail that are drawn before anybody looks; then all of it

Line = tuple[Point | None, ...]  # None lifts the pen


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line that belongs to a cell."""

    key: str
    points: Line


@dataclass(frozen=True, slots=True)
class Ring:
    """Where a cell wants to be."""

    key: str
    state: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Spirit:
    """Where a waiting patch would leave a cell: a dashed outline and the way there; `clear` of the cell's own node."""

    key: str
    ghost: Ghost
    x: float
    y: float
    points: Line
    clear: bool


@dataclass(frozen=True, slots=True)
class Outline:
    """The hull of a lane; `title` is None where no room is left for it."""

    lane: str
    members: tuple[str, ...]
    title: Name | None
    corners: list[Point]


@dataclass(frozen=True, slots=True)
class Group:
    """Cells too close to be told apart; `box` is the closer look that unfolds them."""

    name: str
    keys: tuple[str, ...]
    x: float
    y: float
    size: float
    state: str
    box: Box


@dataclass(frozen=True, slots=True)
class Tray:
    """What cannot be placed, below the map; `rest` cells found no room at `more`."""

    top: float
    height: float
    nodes: tuple[Node, ...] = ()
    rest: int = 0
    more: Point | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything on the picture, and how many cells it leaves out and why."""

    frame: Frame
    nodes: tuple[Node, ...]
    groups: tuple[Group, ...]
    edges: tuple[Edge, ...]
    rings: tuple[Ring, ...]
    arrows: tuple[Stroke, ...]
    trails: tuple[Stroke, ...]
    early: tuple[Stroke, ...]
    spirits: tuple[Spirit, ...]
    outlines: tuple[Outline, ...]
    tray: Tray
    outside: int
    cut: int

    @property
    def height(self) -> float:
        return self.frame.height + self.tray.height
