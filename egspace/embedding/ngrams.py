"""The built-in embedder: words and their character n-grams, hashed into a few hundred numbers.

A vector is a pure function of its text: no statistics of a corpus, so a new document moves no other; nothing to
download; the same numbers on every machine. What a text opens with and its headings count most, of its words those
it says most; only the first 65,536 characters are read. Figures: docs/decisions/2026-11-27-embeddings.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import fsum, log, sqrt
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from egspace.embedding.base import Matrix
from egspace.embedding.words import KANJI, RUN, clean, headings, hiragana_in, latin

DIMS = 512

_MOST = (
    300  # words and Japanese n-grams of one text that count: the rest is noise where many share few numbers
)
_HEAD = 200  # characters a text opens with
_HEADED = 3.0  # how often a word of the opening or a heading counts
_KANA = 0.4  # what each hiragana takes away from a Japanese n-gram: they are mostly grammar
_WORD, _GRAMS, _KANJI, _JAPANESE = 0.8, 1.0, 0.3, 0.8

_Features = tuple[NDArray[np.int64], NDArray[np.float64]]


class Ngrams:
    """Needs nothing: neither network nor weights."""

    batch = 64

    def __init__(self, dims: int = DIMS) -> None:
        self.model = "ngrams-1" if dims == DIMS else f"ngrams-1-{dims}"
        self.dims: int | None = dims
        self._size = dims

    def embed(self, texts: Sequence[str]) -> Matrix:
        rows = np.zeros((len(texts), self._size), np.float32)
        for at, text in enumerate(texts):
            if parts := _weighed(text).most_common(_MOST):
                rows[at] = self._sum(parts)
        return rows

    def _sum(self, parts: Sequence[tuple[str, float]]) -> NDArray[np.float64]:
        """Their sum at length one. In an order and with a root that are the same whatever the processor adds at once."""
        hashed = [(*_hashed(part), weight) for part, weight in parts]
        places = np.concatenate([places for places, _, _ in hashed])
        values = np.concatenate([values * weight for _, values, weight in hashed])
        total = np.bincount(places % self._size, values, self._size).astype(np.float64)
        length = sqrt(fsum((total * total).tolist()))
        return total / length if length else total


def _weighed(text: str) -> Counter[str]:
    """The parts of a text, a word or "\\0" and a Japanese n-gram each, by what they count."""
    times = _parts(clean(text))
    head = _parts(clean(f"{text[:_HEAD]}\n{headings(text)}"))
    weights: Counter[str] = Counter()
    for part, often in times.items():
        if worth := _worth(part) * (_HEADED if part in head else 1):
            weights[part] = round(worth * (1 + log(often)), 6)  # type: ignore[assignment]
    return weights


def _parts(cleaned: str) -> Counter[str]:
    parts = latin(cleaned)
    for run, times in Counter(RUN.findall(cleaned)).items():
        for size in (1, 2, 3):
            for at in range(len(run) - size + 1):
                parts[f"\0{run[at : at + size]}"] += times
    return parts


@lru_cache(maxsize=20_000)
def _worth(part: str) -> float:
    if part[0] != "\0":
        return 1.0
    if len(part) == 2:
        return _KANJI if KANJI.match(part, 1) else 0.0
    kana = hiragana_in(part)
    return 0.0 if kana == len(part) - 1 else _JAPANESE * _KANA**kana


@lru_cache(maxsize=20_000)
def _hashed(part: str) -> _Features:
    """Where a part stands and how much it counts there. A word is itself and its n-grams, which together count as one."""
    if part[0] == "\0":
        places, signs = _hashes([part])
        return places, signs
    edged = f"<{part}>"
    grams = [edged[at : at + size] for size in (3, 4, 5) for at in range(len(edged) - size + 1)]
    values = np.full(len(grams) + 1, _GRAMS / sqrt(len(grams)))
    values[0] = _WORD
    places, signs = _hashes([part, *(f"#{gram}" for gram in grams)])
    return places, values * signs


def _hashes(names: Sequence[str]) -> _Features:
    """A place and a sign for each name, the same in every process; the product spreads what crc32 leaves alike."""
    hashed = np.array([crc32(name.encode()) for name in names], np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (hashed >> np.uint64(40)).astype(np.int64), np.where(hashed >> np.uint64(63), 1.0, -1.0)
