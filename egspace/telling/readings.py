"""Numbers of EG-Space as people read them, and stored sentences. Pure."""

from __future__ import annotations

from typing import Any

from cells.sentences import Sentence, sentence

SAME = 0.0005  # differences below it are rounding: three digits of them would be zero
NO_WORDS = sentence("Nobody said why.")


def stored(said: dict[str, Any] | None) -> Sentence:
    """A sentence as a row keeps it."""
    return Sentence(said["text"], said["params"]) if said else NO_WORDS


def two(value: float) -> str:
    """A δ or a speed."""
    return f"{value + 0.0:.2f}"


def three(value: float) -> str:
    """A difference between two δ, without its sign."""
    return f"{abs(value):.3f}"
