"""What stands too close to be told apart: nodes are moved aside a little, crowds are folded into groups. Pure.

Both depend on what is near only, and on no order: one more cell moves its neighbours and nobody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from zlib import crc32

import numpy as np

from egspace.drawing.frame import Frame
from egspace.drawing.space import Point

ASIDE, ROUNDS, BETWEEN = 1.0, 30, 4.0  # a node moves at most its diameter; px between two nodes
ROOM = {False: 80, True: 40}  # so many cells stand singly without a fold; by `narrow`
GRID = {False: (10, 6), True: (4, 5)}
CROWD = 4  # marks in one field of the grid: 10 · 6 · 4 stays below what is drawn at most


def apart(keys: Sequence[str], spots: Sequence[Point], sizes: Sequence[float]) -> list[Point]:
    """The spots, moved so that discs of these diameters do not cover each other, by at most a diameter each."""
    if not keys:
        return []
    start, size = np.array(spots, dtype=float), np.array(sizes, dtype=float)
    first, second = _close(start, size)
    place = start.copy()
    away = np.array([_away(keys[i], keys[j]) for i, j in zip(first, second, strict=True)]).reshape(-1, 2)
    wanted = (size[first] + size[second]) / 2 + BETWEEN
    for _ in range(ROUNDS):
        between = place[first] - place[second]
        distance = np.hypot(between[:, 0], between[:, 1])
        direction = np.where(distance[:, None] > 0.01, between / np.maximum(distance, 0.01)[:, None], away)
        push = direction * (np.clip(wanted - distance, 0, None) * 0.3)[:, None]
        np.add.at(place, first, push)
        np.subtract.at(place, second, push)
        moved = place - start
        length = np.hypot(moved[:, 0], moved[:, 1])
        place = start + moved * np.minimum(1, size * ASIDE / np.maximum(length, 0.01))[:, None]
    return [(round(x, 1), round(y, 1)) for x, y in place.tolist()]


def _close(spots: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs that can touch, however far both may move."""
    reach = size * (0.5 + ASIDE)
    apart_by = np.hypot(*(spots[:, None, axis] - spots[None, :, axis] for axis in (0, 1)))
    first, second = np.nonzero(np.triu(apart_by < reach[:, None] + reach[None, :] + BETWEEN, 1))
    return first, second


def _away(one: str, other: str) -> Point:
    """In which direction two cells of the very same spot part: told by their names."""
    low, high = sorted((one, other))
    turn = crc32(f"{low}\n{high}".encode(errors="replace")) / 2**32 * 2 * pi
    return (cos(turn), sin(turn)) if one == low else (-cos(turn), -sin(turn))


@dataclass(frozen=True, slots=True)
class Crowd:
    """Cells that are drawn as one group."""

    field: tuple[int, int]
    keys: tuple[str, ...]


def folded(
    spots: dict[str, Point], need: Callable[[str], int], frame: Frame, *, narrow: bool
) -> tuple[list[str], list[Crowd]]:
    """(cells that stand singly, groups). `need` is 0 for who needs a person most; from 3 on nobody is needed."""
    if len(spots) <= ROOM[narrow]:
        return sorted(spots), []
    singles, crowds = [], []
    for field, keys in sorted(_fields(spots, frame, GRID[narrow]).items()):
        if len(keys) <= CROWD:
            singles += keys
            continue
        first = sorted(keys, key=lambda key: (need(key), key))
        needy = [key for key in first[: CROWD - 1] if need(key) < 3]
        singles += needy
        crowds.append(Crowd(field, tuple(first[len(needy) :])))
    return sorted(singles), crowds


def _fields(spots: dict[str, Point], frame: Frame, grid: tuple[int, int]) -> dict[tuple[int, int], list[str]]:
    """A fixed grid over the picture: which cells stand in which field."""
    keys, rim = list(spots), frame.rim
    place = (np.array([spots[key] for key in keys]) - rim) / [frame.width - 2 * rim, frame.height - 2 * rim]
    at = np.clip((place * grid).astype(int), 0, np.array(grid) - 1)
    fields: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for key, (column, row) in zip(keys, at.tolist(), strict=True):
        fields[column, row].append(key)
    return fields
