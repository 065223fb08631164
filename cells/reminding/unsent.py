"""Unsent: a digest did not go out, with the sentence that says why."""

from __future__ import annotations

from cells.sentences import Sentence


class Unsent(Exception):
    """`again`: it certainly did not arrive and may do so later, so it is tried again."""

    def __init__(self, why: Sentence, *, again: bool = False) -> None:
        super().__init__(str(why))
        self.why, self.again = why, again
