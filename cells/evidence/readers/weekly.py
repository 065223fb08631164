"""C, G and δ as a weekly report words them, about its project."""

from __future__ import annotations

from collections.abc import Iterator

from cells.evidence.readers.base import Claim, Document
from cells.ssot.state import Fact, read_state

_LETTERS = {"current": "C", "goal": "G", "goal_short": "G", "goal_mid": "G", "gap": "δ"}
_SEPARATOR = " / "
# A report is a page or two; reading the shape of a document costs more than reading its lines.
_READ = 65_536


def read(document: Document) -> Iterator[Claim]:
    """One claim each for C, G and δ: all that stands under it in one line, cut where a claim's value ends."""
    if document.kind != "weekly":
        return
    told: dict[str, list[Fact]] = {}
    for fact in read_state(document.text[:_READ]).facts:
        if letter := _LETTERS.get(fact.kind):
            told.setdefault(letter, []).append(fact)
    for letter, facts in told.items():
        words = _SEPARATOR.join(bullet for fact in facts for bullet in _bullets(fact.text))
        yield Claim(document.project, letter, words, "", "", facts[0].line)


def _bullets(text: str) -> Iterator[str]:
    for line in text.splitlines():
        bare = line.strip().lstrip("-*+ ")
        if bare:
            yield bare
