"""The rows a map is fitted to, and how they differ."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from egspace.geometry import Array, unit

# Below this share of the rows' square length a difference is rounding.
ROUNDING = 1e-10


def usable(points: npt.ArrayLike, groups: npt.ArrayLike) -> tuple[Array, Array]:
    """The rows that are directions, as unit rows in float64, and their groups."""
    rows, group = unit(np.asarray(points, np.float64)), np.asarray(groups)
    kept = rows.any(axis=1)
    return rows[kept], group[kept]


def within(rows: Array, groups: Array) -> Array:
    """Each row less the mean of its group."""
    centred = rows.copy()
    for group in np.unique(groups):
        centred[groups == group] -= rows[groups == group].mean(axis=0)
    return centred


def spread(rows: Array, groups: Array) -> Array:
    """How the rows differ within their groups; with one cell only, how its C and G differ.

    Each difference counts with length one (spherical principal components, Locantore et al. 1999): else two
    cells unlike all others take an axis for themselves, and the many lie in a heap.
    """
    inside = within(rows, groups)
    return unit(inside if varies(inside) or not len(rows) else rows - rows.mean(axis=0))


def varies(centred: Array) -> bool:
    return float((centred**2).sum()) > ROUNDING * len(centred)
