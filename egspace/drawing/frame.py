"""Which part of EG-Space a picture shows: map units to design pixels, the same length in both directions. Pure.

The whole map is a box whose sides are rounded outwards, so a cell that moves a little moves nobody else on the
screen. A closer look is a smaller box; it is widened to the shape of the picture, never stretched.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, isfinite

from egspace.drawing.space import Point, Space

WIDE, NARROW = (1000.0, 580.0), (360.0, 430.0)
RIM, NARROW_RIM = 40.0, 28.0  # room around the outermost cells, for their labels and the words of the axes
STEP, SMALLEST, FARTHEST = 0.1, 0.02, 1000.0

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """`box` (x0, y0, x1, y1 in map units) fills the picture inside its rim; `whole` is False for a closer look."""

    width: float
    height: float
    rim: float
    box: Box
    whole: bool

    @property
    def scale(self) -> float:
        """Design pixels of one map unit."""
        return (self.width - 2 * self.rim) / (self.box[2] - self.box[0])

    def spot(self, point: Point) -> Point:
        x0, _, _, y1 = self.box
        return round(self.rim + (point[0] - x0) * self.scale, 1), round(
            self.rim + (y1 - point[1]) * self.scale, 1
        )

    def holds(self, point: Point) -> bool:
        x0, y0, x1, y1 = self.box
        return self.whole or (x0 <= point[0] <= x1 and y0 <= point[1] <= y1)


def frame_of(
    space: Space, *, narrow: bool = False, box: Box | None = None, today: Space | None = None
) -> Frame:
    """The whole map, or the asked box when that is closer. A past space stands in the frame of `today`, so that
    a cell that stood still then stands still while time goes by."""
    (width, height), rim = (NARROW, NARROW_RIM) if narrow else (WIDE, RIM)
    shape = (height - 2 * rim) / (width - 2 * rim)
    whole = widened(whole_box(space, today), shape)
    if box is None or box[2] - box[0] >= whole[2] - whole[0]:
        return Frame(width, height, rim, whole, whole=True)
    return Frame(width, height, rim, widened(box, shape), whole=False)


def whole_box(*spaces: Space | None) -> Box:
    """Around every C, every G and what waiting patches would leave."""
    points: list[Point] = []
    for space in filter(None, spaces):
        points += [point for place in space.places.values() for point in (place.c, place.g) if point]
        points += [ghost.c for ghosts in space.ghosts.values() for ghost in ghosts if ghost.c]
    if not points:
        return -1.0, -1.0, 1.0, 1.0
    (x0, x1), (y0, y1) = (_outwards([point[axis] for point in points]) for axis in (0, 1))
    return x0, y0, x1, y1


def widened(box: Box, shape: float) -> Box:
    """The smallest box around this one whose height is `shape` times its width."""
    x0, y0, x1, y1 = box
    width = max(x1 - x0, (y1 - y0) / shape, SMALLEST)
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    return (
        round(middle_x - width / 2, 6), round(middle_y - width * shape / 2, 6),
        round(middle_x + width / 2, 6), round(middle_y + width * shape / 2, 6),
    )  # fmt: skip


def read_box(written: str) -> Box | None:
    """`x0,y0,x1,y1` as it stands in a URL; None for anything that is no box."""
    try:
        x0, y0, x1, y1 = (float(part) for part in written.split(","))
    except ValueError:
        return None
    if not all(isfinite(side) and abs(side) <= FARTHEST for side in (x0, y0, x1, y1)):
        return None
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def written_box(box: Box) -> str:
    return ",".join(f"{side:.4g}" for side in box)


def around(points: Iterable[Point], room: float = 0.15) -> Box:
    """The box of some points with room around it."""
    found = list(points)
    (x0, x1), (y0, y1) = ((min(p[axis] for p in found), max(p[axis] for p in found)) for axis in (0, 1))
    more = max(x1 - x0, y1 - y0, SMALLEST / 2) * room
    return x0 - more, y0 - more, x1 + more, y1 + more


def _outwards(values: list[float]) -> tuple[float, float]:
    low, high = floor(round(min(values) / STEP, 6)) * STEP, ceil(round(max(values) / STEP, 6)) * STEP
    return (low, high) if high > low else (low - STEP, high + STEP)
