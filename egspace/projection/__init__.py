"""The flat map: what places a unit vector on it, made again so that nothing moves without a reason.

A projection is fitted to the C and G of all cells, kept as bytes, and places any other vector under
the same model: trails, evidence, the ghost of a patch. "pca" is a plane through the space, so an arrow
on the map is the shadow of G − C; "umap" keeps neighbours together and says nothing about distances.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from egspace.geometry import Array
from egspace.projection.anchors import Anchors, ProjectionMissing
from egspace.projection.naming import axis_words
from egspace.projection.plane import Plane
from egspace.projection.spread import spread, usable

__all__ = ["KINDS", "PCA", "UMAP", "Projection", "ProjectionMissing", "axis_words", "fit"]

Basis = Plane | Anchors
PCA, UMAP = "pca", "umap"
KINDS: dict[str, type[Plane] | type[Anchors]] = {PCA: Plane, UMAP: Anchors}


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """`explained` is the share of how the cells differ that the two axes show, None when unknown (umap, no cells)."""

    basis: Basis
    explained: float | None

    @property
    def kind(self) -> str:
        return UMAP if isinstance(self.basis, Anchors) else PCA

    @property
    def dims(self) -> int:
        """Of the vectors it can place."""
        return self.basis.dims

    def place(self, vectors: npt.ArrayLike) -> Array:
        """Unit rows (n, d) → coordinates (n, 2) as float64; a row that is no direction stands in the middle."""
        # Rounded, and zero without a sign: two runs give the same coordinates to the last digit.
        return np.asarray(np.round(self.basis.place(vectors), 6) + 0.0)

    def to_bytes(self) -> bytes:
        shown = np.nan if self.explained is None else self.explained
        arrays: dict[str, Any] = {"kind": self.kind, "explained": shown, **self.basis.arrays()}
        file = io.BytesIO()
        np.savez(file, **arrays)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Projection:
        """What `to_bytes` wrote; ValueError for anything else."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            kind, shown = str(arrays.pop("kind")), float(arrays.pop("explained"))
            return cls(KINDS[kind](**arrays), None if np.isnan(shown) else shown)
        except (AttributeError, EOFError, KeyError, OSError, TypeError, zipfile.BadZipFile) as error:
            raise ValueError("These bytes are no projection.") from error


def fit(
    points: npt.ArrayLike,
    groups: npt.ArrayLike,
    *,
    kind: str = PCA,
    previous: Projection | None = None,
) -> Projection:
    """The projection of unit rows (n, d); `groups` (n,) says 0 for a C, 1 for a G.

    A goal is a line and evidence is pages, so the plain first axis would be "short against long
    text". The axes are therefore fitted with each group's own mean removed (pooled covariance
    within the groups); everything is placed with one common mean, so that an arrow stays the shadow of G − C.

    `previous`, when it places vectors of the same size, is the map the eye knows: it is kept
    while it still serves, and otherwise the new one is turned and moved onto it, never stretched.
    """
    rows, group = usable(points, groups)
    known = previous if previous is not None and previous.dims == rows.shape[1] else None
    basis = _fitted(kind, rows, group, known)
    if known is not None and basis is not known.basis:
        basis = _aligned(basis, known.basis, rows)
    shown = basis.shown(spread(rows, group)) if isinstance(basis, Plane) else None
    return Projection(basis, None if shown is None else round(shown, 6))


def _fitted(kind: str, rows: Array, group: Array, known: Projection | None) -> Basis:
    was = known.basis if known is not None else None
    if kind == PCA:
        return Plane.fitted(rows, group, was if isinstance(was, Plane) else None)
    if kind == UMAP:
        return Anchors.fitted(rows, group, was if isinstance(was, Anchors) else None)
    raise ValueError(f"There is no projection “{kind}”.")


def _aligned(basis: Basis, was: Basis, rows: Array) -> Basis:
    """The basis turned or mirrored so that ‖new R − old‖ over the placed rows is least (Procrustes),
    with the middle of the rows where it was."""
    if not len(rows):
        return basis
    new, old = basis.place(rows), was.place(rows)
    about, onto = new.mean(axis=0), old.mean(axis=0)
    left, _, right = np.linalg.svd((new - about).T @ (old - onto))
    return basis.moved(left @ right, about, onto)
