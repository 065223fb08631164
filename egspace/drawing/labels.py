"""Short texts for marks: what fits under a node, and long sentences folded for a hover label. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import east_asian_width

LABEL_UNITS = 14  # half-width characters in one line of a slot
_WIDE = frozenset("WFA")
_NARROW, _RUNS = re.compile("[!-~]+"), re.compile("[!-~]+|[^!-~]", re.DOTALL)
STICKS = "、。」』）)!?！？ーっゃゅょッャュョ"  # never first in a line


@lru_cache(maxsize=4096)
def label(key: str, title: str) -> tuple[str, ...]:
    """One or two lines: the title if it fits whole, else the key, shortened if even that is too long."""
    for text in (title or key, key):
        if len(folded(text, LABEL_UNITS)) <= 2:
            return balanced(text, LABEL_UNITS)
    first, second, *_ = folded(key, LABEL_UNITS)
    return first, _cut(second + "…", LABEL_UNITS)


def balanced(text: str, most: int) -> tuple[str, ...]:
    """The same lines, but of like width: no single character is left alone in the last one."""
    count = len(folded(text, most))
    narrowest = next(
        width for width in range(1, most + 1) if len(folded(text, width)) == count and _fits(text, width)
    )
    return tuple(folded(text, narrowest))


def _fits(text: str, width: int) -> bool:
    """Whether no word has to be broken that could stay whole."""
    words = [word for word in text.split() if units(word) == len(word)] + _NARROW.findall(text)
    return width == LABEL_UNITS or all(units(word) <= width for word in words)


def folded(text: str, most: int) -> list[str]:
    """Lines of at most `most` units: broken between words, in Japanese anywhere but within a name or a number, and
    in words that are too long."""
    lines = [""]
    for part in _parts(text, most):
        joined = lines[-1] + part
        if units(joined.rstrip()) <= most:
            lines[-1] = joined
        else:
            lines.append(part.lstrip())
    return [line.rstrip() for line in lines if line.strip()]


def units(text: str) -> int:
    """Width in half-width characters: a kanji or kana counts two."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(char) in _WIDE else 1 for char in text)


def _parts(text: str, most: int) -> list[str]:
    parts: list[str] = []
    for word in re.findall(r"\s*[^\s]+", text):
        for piece in re.split(r"(?<=[-_/])", word):
            breaks_anywhere = units(piece) > len(piece) or units(piece) > most
            parts += _letters(piece, most) if breaks_anywhere else [piece]
    return parts


def _letters(piece: str, most: int) -> list[str]:
    """Single characters, closing punctuation kept with the one before it, and so are names and numbers among them."""
    letters: list[str] = []
    for run in _RUNS.findall(piece):
        for char in [run] if units(run) <= most else run:
            if letters and (char in STICKS or letters[-1].isspace()):
                letters[-1] += char
            else:
                letters.append(char)
    return letters


def _cut(text: str, most: int) -> str:
    while units(text) > most:
        text = text[:-2] + "…"
    return text
