"""The plane through the space that shows most of how the cells differ: principal components."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from egspace.geometry import Array, unit
from egspace.projection.spread import ROUNDING, spread, varies

# The axes stay as they are until new ones would show this many times what the old ones still show:
# then only what moved moves on the map. A few percent is what one document changes by chance.
WORTH_MOVING = 1.05


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """place(v) = (v − mean)·axesᵀ + shift, with `mean` (d,), orthonormal `axes` (2, d) and `shift` (2,)."""

    mean: Array
    axes: Array
    shift: Array

    @classmethod
    def fitted(cls, rows: Array, groups: Array, previous: Plane | None = None) -> Plane:
        """A new plane, or the previous one while it is nearly as good."""
        differences = spread(rows, groups)
        middle = rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1])
        plane = cls(middle, _axes(differences, rows - middle), np.zeros(2))
        if previous is None:
            return plane
        best, still = plane.shown(differences), previous.shown(differences)
        return previous if best is None or still is None or best < WORTH_MOVING * still else plane

    @property
    def dims(self) -> int:
        return len(self.mean)

    def place(self, vectors: npt.ArrayLike) -> Array:
        rows = unit(np.asarray(vectors, np.float64))
        away = np.where(rows.any(axis=1, keepdims=True), rows - self.mean, 0)
        return np.asarray(away @ self.axes.T + self.shift)

    def shown(self, differences: Array) -> float | None:
        """The share of the differences' square length that is left on the plane; None when nothing differs."""
        if not varies(differences):
            return None
        return float(((differences @ self.axes.T) ** 2).sum() / (differences**2).sum())

    def moved(self, turn: Array, about: Array, onto: Array) -> Plane:
        """The plane whose coordinates are (coordinates − about)·turn + onto."""
        return replace(self, axes=turn.T @ self.axes, shift=(self.shift - about) @ turn + onto)

    def arrays(self) -> dict[str, Array]:
        return {"mean": self.mean, "axes": self.axes, "shift": self.shift}


def _axes(differences: Array, centred: Array) -> Array:
    """Two axes whatever the rank: what the groups leave, then what all rows leave, then any direction."""
    axes = np.empty((0, centred.shape[1]))
    for source in (differences, centred):
        left = source - source @ axes.T @ axes
        for axis in _principal(left, 2 - len(axes)):
            axes = np.vstack([axes, _signed(_across(axis, axes))])
    for axis in np.eye(min(3, centred.shape[1]), centred.shape[1]):
        if len(axes) < 2 and np.linalg.norm(axis - axis @ axes.T @ axes) > 0.5:
            axes = np.vstack([axes, _signed(_across(axis, axes))])
    # A space of one dimension has no second axis: everything is 0 on it.
    padded = np.zeros((2, centred.shape[1]))
    padded[: len(axes)] = axes
    return np.round(padded, 12)


def _principal(left: Array, most: int) -> list[Array]:
    """The leading directions of variance, by the smaller of the two Gram matrices."""
    if most <= 0 or not varies(left):
        return []
    wide = left.shape[0] <= left.shape[1]
    values, vectors = np.linalg.eigh(left @ left.T if wide else left.T @ left)
    leading = [place for place in range(len(values))[::-1] if values[place] > ROUNDING * len(left)]
    columns = [vectors[:, place] for place in leading[:most]]
    return [left.T @ column for column in columns] if wide else columns


def _across(axis: Array, axes: Array) -> Array:
    """The part across the axes already there, with length 1."""
    return unit(axis - axis @ axes.T @ axes)


def _signed(axis: Array) -> Array:
    """The largest loading is positive; of loadings equal but for rounding the first decides."""
    return axis if axis[np.argmax(np.round(np.abs(axis), 6))] > 0 else -axis
