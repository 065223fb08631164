"""Soft outlines around the cells of a lane. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, hypot, pi, sin
from statistics import median

from egspace.drawing.space import Point

CORNERS = 24  # of a disc; what encloses discs is as round as they are
CIRCLE = tuple((cos(corner * 2 * pi / CORNERS), sin(corner * 2 * pi / CORNERS)) for corner in range(CORNERS))


FAR, NEAR = 2.5, 60.0  # a cell this many times the usual distance away, in px at least, is not enclosed


def together(spots: list[Point]) -> list[bool]:
    """Which of some spots belong together: the far one of four does not blow up the outline of the others."""
    middle = tuple(median(spot[axis] for spot in spots) for axis in (0, 1))
    away = [hypot(x - middle[0], y - middle[1]) for x, y in spots]
    return [far <= max(NEAR, FAR * median(away)) for far in away]


def hull(discs: Iterable[tuple[float, float, float]]) -> list[Point]:
    """The convex outline of discs (x, y, radius), from its leftmost corner on."""
    points = sorted(
        {(round(x + radius * a, 1), round(y + radius * b, 1)) for x, y, radius in discs for a, b in CIRCLE}
    )
    return _chain(points)[:-1] + _chain(points[::-1])[:-1]


def _chain(points: list[Point]) -> list[Point]:
    """Andrew's monotone chain: one side of the hull."""
    chain: list[Point] = []
    for point in points:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def path(corners: list[Point]) -> str:
    return "M" + "L".join(f"{x:g},{y:g}" for x, y in corners) + "Z"
