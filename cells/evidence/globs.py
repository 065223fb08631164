"""Path globs with `**` and `{a,b}`, compiled once and matched part by part, so that no pattern can run away."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache

_MOST_ALTERNATIVES = 64
_ANY_DEPTH = None

# A plain name, a pattern for one name, or any number of folders.
Part = str | re.Pattern[str] | None


class Glob:
    """`Glob("reports/{a,b}/**").matches(path)`. A pattern that ends in `/` means everything below it."""

    def __init__(self, pattern: str) -> None:
        whole = pattern + "**" if pattern.endswith("/") else pattern
        self.alternatives = [tuple(_part(part) for part in text.split("/")) for text in _braces(whole)]

    def matches(self, path: str) -> bool:
        parts = path.split("/")
        return any(_matches(alternative, parts) for alternative in self.alternatives)


@lru_cache(maxsize=65_536)
def glob(pattern: str) -> Glob:
    """The compiled glob."""
    return Glob(pattern)


def literal_folder(pattern: str) -> str:
    """The folder every match lies in: what stands before the first wildcard, up to its last `/`."""
    return re.split(r"[*?\[{]", pattern, maxsplit=1)[0].rpartition("/")[0]


def _part(text: str) -> Part:
    if text == "**":
        return _ANY_DEPTH
    if not re.search(r"[*?\[]", text):
        return text
    try:
        return re.compile(fnmatch.translate(text))
    except re.error:
        return re.compile(re.escape(text) + r"\Z")


def _braces(pattern: str) -> list[str]:
    """`a{b,c}d` → `abd`, `acd`; at most 64 alternatives, braces beyond that are read literally."""
    done: list[str] = []
    waiting = [pattern]
    while waiting:
        text = waiting.pop()
        inner = re.search(r"\{([^{},]*(?:,[^{},]*)+)\}", text)
        if inner is None or len(done) + len(waiting) >= _MOST_ALTERNATIVES:
            done.append(text)
            continue
        waiting += [text[: inner.start()] + choice + text[inner.end() :] for choice in inner[1].split(",")]
    return done


def _matches(pattern: tuple[Part, ...], parts: list[str]) -> bool:
    """Row by row: `reached[i]` says that the pattern so far can end before path part i."""
    reached = [True] + [False] * len(parts)
    for part in pattern:
        if part is _ANY_DEPTH:
            first = reached.index(True) if True in reached else len(reached)
            reached = [i >= first for i in range(len(reached))]
        else:
            reached = [False] + [reached[i] and _fits(part, text) for i, text in enumerate(parts)]
    return reached[-1]


def _fits(part: str | re.Pattern[str], name: str) -> bool:
    return part == name if isinstance(part, str) else bool(part.match(name))
