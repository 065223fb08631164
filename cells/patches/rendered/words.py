"""Two runs of text compared by what a person reads as one: a word, a number or date, in Japanese a run of one script."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from itertools import accumulate
from typing import Literal

Mark = Literal["", "del", "ins"]
Step = tuple[str, int, int, int, int]

KANJI, HIRAGANA, KATAKANA = (
    "々〆〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "\u3040-\u309f",
    "\u30a0-\u30ff\uff66-\uff9f",
)
JAPANESE = re.compile(f"[{KANJI}{HIRAGANA}{KATAKANA}]+")
_OTHER = rf"(?![{KANJI}{HIRAGANA}{KATAKANA}])"
UNITS = re.compile(
    rf"\d+(?:[.,:/-]\d+)*|[{KANJI}]+|[{HIRAGANA}]+|[{KATAKANA}]+"
    rf"|{_OTHER}[^\W\d](?:{_OTHER}[\w\u0300-\u036f])*|\n|[^\S\n]+|.",
    re.DOTALL,
)
ALIKE = 0.4  # blocks that share fewer units are two blocks, not one that changed
SHARED = 0.25  # of the characters of a pair; with less, marks between the words would only confuse
THIN = 2  # characters that stay between two longer changes only make them hard to read
COMPARISONS = 8_000_000  # of units with units, over a whole page
CHARACTERS = 150_000  # of documents that are rendered, over a whole page
BLOCKS = 20_000  # their tokens: a document of nothing but short cells costs more than one of prose


@dataclass(slots=True)
class Room:
    """What is left of a page: where it runs out, texts stay uncompared and documents unrendered."""

    comparisons: int = COMPARISONS
    characters: int = CHARACTERS
    blocks: int = BLOCKS

    def takes(self, characters: int = 0, blocks: int = 0) -> bool:
        """Whether a document of this size may still be rendered; the room is then taken."""
        fits = characters <= self.characters and blocks <= self.blocks
        self.characters -= characters if fits else 0
        self.blocks -= blocks if fits else 0
        return fits

    def spend(self, comparisons: int) -> None:
        """Take room for these comparisons; raises Spent where there is none."""
        if comparisons > self.comparisons:
            raise Spent
        self.comparisons -= comparisons


class Spent(Exception):
    """The page has no room for this comparison."""


class _Bounded(SequenceMatcher[Hashable]):
    """difflib's matcher that says beforehand what each step may cost: every unit with all its equals."""

    def __init__(self, old: Sequence[Hashable], new: Sequence[Hashable], room: Room) -> None:
        super().__init__(None, old, new, autojunk=False)
        had = Counter(new)
        self.room, self.size = room, len(old)
        self.each = 1 + sum(had[one] for one in old) / max(len(old), 1)

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        self.room.spend(int(((self.size if ahi is None else ahi) - alo) * self.each))
        return super().find_longest_match(alo, ahi, blo, bhi)


def units(text: str) -> list[str]:
    """The text in pieces; joined they are the text again."""
    return UNITS.findall(text)


def steps(old: Sequence[Hashable], new: Sequence[Hashable], room: Room) -> list[Step]:
    """What to do to `old` to get `new`, as difflib says it: what both begin and end with is never compared."""
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    a, b = old[first : len(old) - last], new[first : len(new) - last]
    found: list[Step] = [("equal", 0, first, 0, first)] if first else []
    found += ((kind, i + first, j + first, k + first, m + first) for kind, i, j, k, m in _middle(a, b, room))
    if last:
        found.append(("equal", len(old) - last, len(old), len(new) - last, len(new)))
    return found


def _middle(old: Sequence[Hashable], new: Sequence[Hashable], room: Room) -> Sequence[Step]:
    if not old and not new:
        return []
    if old and new:
        with suppress(Spent):
            return _Bounded(old, new, room).get_opcodes()
    return [("replace", 0, len(old), 0, len(new))]


def compare(old: Sequence[str], new: Sequence[str], room: Room) -> list[Step]:
    """`steps` of two texts, made readable; one replacement where they share too little."""
    before, after = _lengths(old), _lengths(new)
    found = _without_thin(steps(old, new, room), before, after)
    same = sum(before[b] - before[a] for kind, a, b, _, _ in found if kind == "equal")
    if same >= SHARED * max(before[-1], after[-1]):
        return found
    return [("replace", 0, len(old), 0, len(new))]


def _lengths(texts: Sequence[str]) -> list[int]:
    """How many characters that are no space stand before each unit, and in all."""
    return [0, *accumulate(len(one.strip()) for one in texts)]


def _without_thin(found: list[Step], before: list[int], after: list[int]) -> list[Step]:
    """Neighbouring changes become one when hardly anything stands between them."""

    def length(step: Step) -> int:
        _, a, b, c, d = step
        return max(before[b] - before[a], after[d] - after[c])

    kept: list[Step] = []
    for number, (kind, a, b, c, d) in enumerate(found):
        between = after[d] - after[c]
        if kind == "equal" and between <= THIN and kept and number + 1 < len(found):
            kind = "replace" if between < min(length(kept[-1]), length(found[number + 1])) else kind
        if kind != "equal" and kept and kept[-1][0] != "equal":
            _, a, _, c, _ = kept.pop()
            kind = "replace"
        kept.append((kind, a, b, c, d))
    return kept


def shared(old: str, new: str) -> tuple[int, int]:
    """How many characters two Japanese runs begin and end with in common: there are no words to keep whole."""
    if not JAPANESE.fullmatch(old) or not JAPANESE.fullmatch(new):
        return 0, 0
    most, first, last = min(len(old), len(new)), 0, 0
    while first < most and old[first] == new[first]:
        first += 1
    while last < most - first and old[-1 - last] == new[-1 - last]:
        last += 1
    return first, last


def alike(old: Counter[str], new: Counter[str]) -> float:
    """How much two texts share, 0 to 1, by their units alone."""
    total = old.total() + new.total()
    return 2 * (old & new).total() / total if total else 1.0


def counted(texts: Iterator[str]) -> Counter[str]:
    """The units of a text that say something: not its spaces."""
    return Counter(one for one in texts if not one.isspace())
