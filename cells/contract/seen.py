"""A case made ready for the rules: decoded once, its added lines found once, and never more than the contract reads."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import isfinite
from typing import Any

from cells.contract.case import Case, File
from cells.contract.escapes import unescaped, without_entities
from cells.ssot.state_lines import Outline, outline

# Git looks for a NUL here too when it decides what is binary.
_HEAD = 8_000
_PROSE = (".md", ".markdown")
_JSON = (".json", ".jsonl", ".jsonld", ".ndjson")
_ESCAPED = (*_JSON, ".yaml", ".yml")


class NotJson:
    """Stands where a file named as JSON does not parse; `line` is where it stops, 1-based.

    `why` is "twice" for a key that stands twice, "number" for NaN and its like, else "".
    """

    def __init__(self, line: int, why: str = "") -> None:
        self.line = line
        self.why = why


class _Unsafe(ValueError):
    """JSON that this parser takes and the next one reads differently, or not at all."""


@dataclass(frozen=True)
class Text:
    """One changed text file. `old` and `new` are None where there is no file; `added` holds (line number, line).

    `whole` is False when the bytes went on beyond what is read, `clean` when they are not all UTF-8.
    `old_json` and `new_json` are parsed values, NotJson, or None for a file that is not JSON.
    """

    file: File
    old: str | None
    new: str | None
    added: tuple[tuple[int, str], ...]
    whole: bool
    clean: bool
    old_json: Any = None
    new_json: Any = None

    @property
    def path(self) -> str:
        return self.file.path

    @property
    def markdown(self) -> bool:
        return self.path.lower().endswith(_PROSE)

    @cached_property
    def added_text(self) -> str:
        return "\n".join(line for _, line in self.added)

    @cached_property
    def said(self) -> str:
        """The added text as a reader of the file gets it, line for line: escapes and entities are letters again."""
        if self.path.lower().endswith(_ESCAPED):
            return unescaped(self.added_text)
        return without_entities(self.added_text) if self.markdown else self.added_text

    @cached_property
    def old_outline(self) -> Outline:
        return outline(self.old or "")

    @cached_property
    def new_outline(self) -> Outline:
        return outline(self.new or "")

    def place(self, offset: int, joined: str) -> str:
        """Where in the new file a position of `added_text` stands, as "path:line"."""
        return f"{self.path}:{self.added[joined.count(chr(10), 0, offset)][0]}"


@dataclass(frozen=True, slots=True)
class Seen:
    """The case, its texts, every path it touches (old names and unseen ones too), its lane's globs (None: no limit),
    and `alone`, the paths whose category lets them land without a person."""

    case: Case
    texts: tuple[Text, ...]
    paths: tuple[str, ...]
    lane_paths: tuple[str, ...] | None = None
    alone: frozenset[str] = frozenset()


def look(
    case: Case,
    work: Mapping[str, int],
    lanes: Mapping[str, tuple[str, ...]],
    alone: frozenset[str] = frozenset(),
) -> Seen:
    """The case with its files read as far as `work` allows."""
    return Seen(case, texts(case.files, work), touched(case), lanes.get(case.lane), alone)


def touched(case: Case) -> tuple[str, ...]:
    """Every path once, in order."""
    named = [path for file in case.files for path in (file.path, file.old_path) if path]
    return tuple(dict.fromkeys([*named, *case.unseen]))


def is_text(file: File) -> bool:
    """Whether the file is known, regular and text on both sides."""
    sides = [side for side in (file.old, file.new) if side is not None]
    regular = {file.old_mode, file.new_mode}.isdisjoint({"120000", "160000"})
    return file.read and regular and not file.binary and not any(b"\0" in side[:_HEAD] for side in sides)


def texts(files: tuple[File, ...], work: Mapping[str, int]) -> tuple[Text, ...]:
    """The text files among them, read as far as `work` allows."""
    return _texts(files, work["file_bytes"], work["all_bytes"])


# One proposal is kept: what it cites is read from its files right before they are judged.
@lru_cache(maxsize=1)
def _texts(files: tuple[File, ...], file_bytes: int, all_bytes: int) -> tuple[Text, ...]:
    found, left = [], all_bytes
    for file in files:
        if is_text(file):
            most = min(file_bytes, left)
            found.append(_text(file, most))
            left -= min(most, len(file.new or b"") + len(file.old or b""))
    return tuple(found)


def _text(file: File, most: int) -> Text:
    old, old_clean = _decoded(file.old, most)
    new, new_clean = _decoded(file.new, most)
    whole = max(len(file.old or b""), len(file.new or b"")) <= most
    named_json = file.path.lower().endswith(_JSON) and whole
    return Text(
        file,
        old,
        new,
        _added(old, new),
        whole,
        old_clean and new_clean,
        parsed(file.path, old) if named_json else None,
        parsed(file.path, new) if named_json else None,
    )


def _decoded(data: bytes | None, most: int) -> tuple[str | None, bool]:
    if data is None:
        return None, True
    try:
        return data[:most].decode("utf-8-sig"), True
    except UnicodeDecodeError:
        return data[:most].decode("utf-8", "replace"), len(data) > most


def _added(old: str | None, new: str | None) -> tuple[tuple[int, str], ...]:
    """Lines the new text has more often than the old one: a moved line is not an added one, and the cost is linear."""
    if new is None:
        return ()
    had = Counter((old or "").split("\n"))
    found = []
    for number, line in enumerate(new.split("\n"), start=1):
        if had[line] > 0:
            had[line] -= 1
        else:
            found.append((number, line))
    return tuple(found)


def parsed(path: str, text: str | None) -> Any:
    """The JSON value of a file (a list of values for JSON lines), NotJson, or None when there is no file."""
    if text is None:
        return None
    if path.lower().endswith((".jsonl", ".ndjson")):
        rows = [_value(line, number) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
        return next((row for row in rows if isinstance(row, NotJson)), rows)
    return _value(text, 1)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise _Unsafe("twice")
    return value


def _float(digits: str) -> float:
    value = float(digits)
    return value if isfinite(value) else _no_number(digits)


def _no_number(word: str) -> float:
    raise _Unsafe("number")


# Integers stay text: turning thousands of digits into a number is slow, and nobody here counts.
_JSON_READER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=str, parse_float=_float, parse_constant=_no_number
)


def _value(text: str, first: int) -> Any:
    try:
        return _JSON_READER.decode(text)
    except _Unsafe as error:
        return NotJson(first, str(error))
    except json.JSONDecodeError as error:
        return NotJson(first + error.lineno - 1)
    except (ValueError, RecursionError):
        return NotJson(first)
