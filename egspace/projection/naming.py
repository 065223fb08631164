"""The words at the ends of the axes: those whose documents stand far out there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from egspace.geometry import Array


def axis_words(
    coordinates: npt.ArrayLike, words: Sequence[Collection[str]], most: int = 3
) -> list[list[list[str]]]:
    """[[words to the left, to the right], [below, above]] from documents (n, 2) and their words.

    A word scores (mean coordinate of the documents that hold it − mean of all) · sqrt(their number): a
    word two documents share by chance has to stand out more than one that twenty share. Only words of at
    least two documents and at most half of them: the others tell no end from the other.
    """
    places = np.asarray(coordinates, np.float64).reshape(-1, 2)
    held = [(place, set(some)) for place, some in zip(places, words, strict=True) if np.isfinite(place).all()]
    names = sorted({word for _, some in held for word in some})
    number = {word: index for index, word in enumerate(names)}
    at = np.array([number[word] for _, some in held for word in some], np.intp)
    of = np.array([document for document, (_, some) in enumerate(held) for _ in some], np.intp)
    count = np.bincount(at, minlength=len(names))
    fit = np.flatnonzero((count >= 2) & (2 * count <= len(held)))
    placed = np.array([place for place, _ in held]).reshape(-1, 2)
    away = placed - placed.mean(axis=0) if len(placed) else placed
    ends = []
    for axis in away.T:
        mean = np.bincount(at, axis[of], len(names))[fit] / count[fit]
        score = np.round(mean * np.sqrt(count[fit]), 9)
        ends.append([_first(score, fit, names, most), _first(-score, fit, names, most)])
    return ends


def _first(score: Array, fit: Array, names: list[str], most: int) -> list[str]:
    """The names with the lowest scores below zero, equal ones by name."""
    order = np.argsort(score, kind="stable")[:most]
    return [names[fit[place]] for place in order if score[place] < 0]
