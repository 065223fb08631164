"""EG-Space as it is handed to whoever draws it: where each cell is, where it wants to be, and the way it came.

Map units: both axes run roughly from −1 to 1, y upwards; one unit is the same length in both. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cells.sentences import Sentence

Point = tuple[float, float]
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One cell. `c`: where it is, None when nothing it rests on can be placed; `g`: where it wants to be, None
    without a goal text. `delta` is ‖G − C‖ in the full space (0…2), `velocity` per week, above zero towards the
    goal. `trail` ends at `c`; its first `early` points are from before the cell was described. `pulls` are
    (title of a piece of evidence, contribution): up to three closest, then up to three farthest."""

    c: Point | None
    g: Point | None
    delta: float | None
    velocity: float | None
    trail: tuple[Point, ...] = ()
    early: int = 0
    unknown: Sentence | None = None
    pulls: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Ghost:
    """Where a cell would stand after a waiting patch, and the δ it would have."""

    patch: int
    title: str
    c: Point | None
    g: Point | None
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Space:
    """All places by cell key. `axes` is ((words to the left, to the right), (below, above)), or empty; `explained`
    is the share of the spread that the two axes show."""

    places: dict[str, Place]
    ghosts: dict[str, tuple[Ghost, ...]] = field(default_factory=dict)
    axes: tuple[tuple[Words, Words], ...] = ()
    model: str = ""
    projection: str = ""
    explained: float | None = None
