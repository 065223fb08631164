"""Where the names of marks go: tried around each mark, never over another mark or name; one that fits nowhere is
left out, since hover and list say it too. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from egspace.drawing.labels import units
from egspace.drawing.marks import LABEL_LINE

UNIT, HIGH, AIR = 6.6, 13.0, 3.0  # px of a half-width character and of a line's letters, and around a text
MIDDLE, START, END = "middle", "start", "end"
# (across, down, anchor) in this order: a name is looked for below its mark first.
AROUND = (
    (0, 1, MIDDLE), (0, -1, MIDDLE), (1, 0, START), (-1, 0, END),
    (0.7, 0.7, START), (-0.7, 0.7, END), (0.7, -0.7, START), (-0.7, -0.7, END),
    (0.4, 1, START), (-0.4, 1, END), (0.4, -1, START), (-0.4, -1, END),
)  # fmt: skip

Rect = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Name:
    """Lines that stand around (x, first y), one below the other."""

    x: float
    anchor: str
    lines: tuple[tuple[str, float], ...]


class Board:
    """What is taken. `bounds` is the picture; names stay inside."""

    def __init__(self, bounds: Rect, taken: Iterable[Rect], avoided: Iterable[Rect] = ()) -> None:
        self.bounds = bounds
        self.taken = np.array(list(taken), dtype=float).reshape(-1, 4)
        self.avoided = np.array(list(avoided), dtype=float).reshape(-1, 4)

    def first(self, x: float, y: float, reach: float, ways: Iterable[tuple[str, ...]]) -> Name | None:
        """The first way of writing a name that finds a place."""
        return next((name for lines in ways if (name := self.place(x, y, reach, lines))), None)

    def place(self, x: float, y: float, reach: float, lines: tuple[str, ...]) -> Name | None:
        """The best free place around a mark of that reach, taken from now on; None when there is none."""
        wide, high = max(map(units, lines)) * UNIT, HIGH + (len(lines) - 1) * LABEL_LINE
        best: tuple[int, Rect, Name] | None = None
        for across, down, anchor in AROUND:
            at_x = x + across * (reach + AIR)
            middle = y + down * (reach + AIR + (high / 2 if abs(down) == 1 else 0))
            left = {MIDDLE: at_x - wide / 2, START: at_x, END: at_x - wide}[anchor]
            rect = (left, middle - high / 2, left + wide, middle + high / 2)
            if not self._inside(rect) or hits(rect, self.taken):
                continue
            crossed = hits(rect, self.avoided)
            if best is None or crossed < best[0]:
                best = crossed, rect, _name(at_x, middle, anchor, lines)
            if not crossed:
                break
        if best is None:
            return None
        self.take(best[1])
        return best[2]

    def take(self, rect: Rect) -> None:
        self.taken = np.vstack([self.taken, rect])

    def _inside(self, rect: Rect) -> bool:
        left, top, right, bottom = self.bounds
        return left <= rect[0] and top <= rect[1] and rect[2] <= right and rect[3] <= bottom


def hits(rect: Rect, others: np.ndarray) -> int:
    """How many of the others a rectangle touches."""
    left, top, right, bottom = rect
    across = (others[:, 0] < right) & (left < others[:, 2])
    return int(np.count_nonzero(across & (others[:, 1] < bottom) & (top < others[:, 3])))


def square(x: float, y: float, reach: float) -> Rect:
    return x - reach, y - reach, x + reach, y + reach


def beside(x: float, y: float, lines: tuple[str, ...]) -> Name:
    """A name whose lines begin at (x, y) and stand around it."""
    return _name(x, y, START, lines)


def _name(x: float, middle: float, anchor: str, lines: tuple[str, ...]) -> Name:
    top = middle - (len(lines) - 1) * LABEL_LINE / 2
    return Name(
        round(x, 1),
        anchor,
        tuple((line, round(top + number * LABEL_LINE, 1)) for number, line in enumerate(lines)),
    )
