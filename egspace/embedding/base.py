"""The small protocol between the map and whoever turns texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cells.sentences import Sentence, sentence

Matrix: TypeAlias = NDArray[np.float32]


class Embedder(Protocol):
    """`model` names everything that decides a vector (at most 150 characters): vectors of two models never mix."""

    model: str
    dims: int | None  # None: known after the first answer
    batch: int  # how many texts one call takes at best

    def embed(self, texts: Sequence[str]) -> Matrix:
        """One unit row per text, in order; a row of zeros where a text holds nothing to place.

        Raises only EmbedderAway and EmbedderBroken.
        """
        ...


class EmbedderAway(Exception):
    """No vectors now, perhaps later; `retry_after` is what the service asked for, in seconds."""

    def __init__(self, why: Sentence, retry_after: float | None = None) -> None:
        super().__init__(str(why))
        self.why, self.retry_after = why, retry_after


class EmbedderBroken(Exception):
    """No vectors until somebody changes something."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


def miscounted(model: str, got: int, asked: int) -> EmbedderBroken:
    return EmbedderBroken(
        sentence("%(model)s gave %(got)s vectors for %(asked)s texts.", model=model, got=got, asked=asked)
    )


def checked(rows: NDArray[Any], asked: int, model: str) -> NDArray[Any]:
    """The rows, when each is numbers for one text. Raises EmbedderBroken."""
    if rows.ndim != 2 or len(rows) != asked:
        raise miscounted(model, len(rows), asked)
    if not np.isfinite(rows).all():
        raise EmbedderBroken(
            sentence("%(model)s gave a vector that is no place: it holds NaN or infinity.", model=model)
        )
    return rows


def unit(rows: NDArray[np.floating[Any]]) -> Matrix:
    """Every row at length one; rows of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0), np.float32)
