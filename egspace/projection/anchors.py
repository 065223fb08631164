"""The map by neighbours (UMAP), an optional extra: anchors with fixed places, and everything else between them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from egspace.geometry import Array, unit
from egspace.projection.plane import Plane
from egspace.projection.spread import within

SEED = 20250823
NEIGHBOURS = 15
# Fewer points have no neighbourhoods to keep; the plane places them.
FEWEST = 5
# How many anchors place another vector.
NEAREST = 5
# Anchors are kept as float16: closer than this a vector is the anchor.
SAME = 1e-3
# A point this close to an anchor has not really moved, and the map is kept while nearly all have not.
STAYED = 0.1
MOST = 0.8
BLOCK = 1024


class ProjectionMissing(Exception):
    """The package that makes this kind of map is not installed; `message` says it in English."""

    def __init__(self) -> None:
        self.message = "A map by neighbours needs the package umap-learn, which is not installed."
        super().__init__(self.message)


@dataclass(frozen=True, slots=True, eq=False)
class Anchors:
    """`anchors` (n, d) are unit rows as float16, `spots` (n, 2) their coordinates."""

    anchors: Array
    spots: Array

    @classmethod
    def fitted(cls, rows: Array, groups: Array, previous: Anchors | None = None) -> Anchors:
        """A new map, or the previous one while most rows are near its anchors."""
        umap = _package()
        if previous is not None and previous.serves(rows):
            return previous
        flat = spots = Plane.fitted(rows, groups).place(rows)
        if len(rows) >= FEWEST:
            start = flat if previous is None else previous.place(rows)
            spots = _resized(_by_neighbours(umap, within(rows, groups), start), flat)
        # Equal rows are beyond it: it answers NaN. Then the plane has the word.
        spots = spots if np.isfinite(spots).all() else flat
        return cls(rows.astype(np.float16), np.round(spots, 9))

    @property
    def dims(self) -> int:
        return self.anchors.shape[1]

    def serves(self, rows: Array) -> bool:
        """Whether most rows are where this map has anchors, and most of its anchors still have a row."""
        if not len(rows) or not MOST <= len(rows) / max(1, len(self.anchors)) <= 1 / MOST:
            return not len(rows)
        near = np.concatenate([gaps.min(axis=1) for _, gaps in self._gaps(rows)])
        return float((near < STAYED).mean()) >= MOST

    def place(self, vectors: npt.ArrayLike) -> Array:
        """Mean of the nearest anchors' spots, weighted by 1 / distance; an anchor's own spot at the anchor."""
        rows = unit(np.asarray(vectors, np.float64))
        middle = self.spots.mean(axis=0) if len(self.spots) else np.zeros(2)
        placed = np.tile(middle, (len(rows), 1))
        if not len(self.anchors):
            return placed
        for start, gaps in self._gaps(rows):
            nearest = np.argsort(gaps, axis=1, kind="stable")[:, :NEAREST]
            near = np.take_along_axis(gaps, nearest, axis=1)
            pull = 1 / np.maximum(near, SAME)
            pull = np.where(near[:, :1] < SAME, np.arange(near.shape[1]) == 0, pull)
            spots = (pull[:, :, None] * self.spots[nearest]).sum(axis=1) / pull.sum(axis=1, keepdims=True)
            placed[start : start + len(gaps)] = spots
        placed[~rows.any(axis=1)] = middle
        return placed

    def moved(self, turn: Array, about: Array, onto: Array) -> Anchors:
        """The map whose coordinates are (coordinates − about)·turn + onto."""
        return replace(self, spots=(self.spots - about) @ turn + onto)

    def arrays(self) -> dict[str, Array]:
        return {"anchors": self.anchors, "spots": self.spots}

    def _gaps(self, rows: Array) -> Iterator[tuple[int, Array]]:
        """Distances (block, n) of the rows to all anchors, a block of rows at a time."""
        anchors = unit(self.anchors.astype(np.float64))
        for start in range(0, len(rows), BLOCK):
            cosines = rows[start : start + BLOCK] @ anchors.T
            yield start, np.sqrt(np.maximum(0, 2 - 2 * cosines))


def _package() -> Any:
    try:
        return importlib.import_module("umap")
    except ImportError as error:
        raise ProjectionMissing from error


def _by_neighbours(umap: Any, rows: Array, start: Array) -> Array:
    """Coordinates by UMAP, begun at given ones and with a fixed seed: the same rows, the same map."""
    reducer = umap.UMAP(
        n_components=2,
        n_neighbors=min(NEIGHBOURS, len(rows) - 1),
        init=start.astype(np.float32),
        random_state=SEED,
        n_jobs=1,
    )
    return np.asarray(reducer.fit_transform(rows.astype(np.float32)), np.float64)


def _resized(spots: Array, like: Array) -> Array:
    """As wide as the flat map and around its middle: UMAP's own units mean nothing."""
    away, there = spots - spots.mean(axis=0), like - like.mean(axis=0)
    width = float(np.sqrt((away**2).sum()))
    scale = float(np.sqrt((there**2).sum())) / width if width > 0 else 0.0
    return np.asarray(away * scale + like.mean(axis=0))
