"""Text that a model sent → the JSON values in it. Linear in the length of the text, and never raises."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cells.sentences import Sentence, sentence
from cells.stored import storable

LIMIT = 1_000_000  # characters of a reply that are read
DEPTH = 60  # levels of nesting
VALUES = 1_000  # JSON values in one reply

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_SINGLE = r"'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+(?:'|\\?\Z|(?=\n))"
_SMART = r"“[^”]*+(?:”|\Z)"
_TOKEN = re.compile(rf"{_STRING}|{_SINGLE}|{_SMART}|[{{}}\[\]]", re.DOTALL)
_LOOSE = re.compile(
    rf"{_STRING}|{_SINGLE}|{_SMART}|,(?=\s*+[}}\]])|\b(?:True|False|None|undefined)\b", re.DOTALL
)
_OPENING = re.compile(r"[\[{]")
# What begins like JSON: an object with its first key, or a list of texts or of such objects. Footnotes, links and
# template braces do not. The bound keeps a row of brackets from being looked at again and again.
_KEY = r"""(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'|“[^“”\n]{0,200}+”)\s*+"""
_JSON_START = re.compile(
    rf"\[[\[\s]{{0,80}}+(?:\]|{_KEY}[,\]]|\{{\s*+(?:\}}|{_KEY}:))|\{{\s*+(?:\}}|{_KEY}:)", re.DOTALL
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)|\"", re.DOTALL)
_FENCE = re.compile(r"^[ \t]*+(?:`{3,}|~{3,})[^\n]*+\n?", re.MULTILINE)
_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null"}

_CONTROL = sentence("Control characters stood inside a text of the answer; they were kept.")
_ESCAPES = sentence("The answer used escapes that JSON does not know; they were read as plain characters.")
_QUOTES = sentence(
    "The answer used quotation marks that JSON does not know; they were read as they were meant."
)
_COMMAS = sentence("The answer had commas too many; they were ignored.")
_NAMES = sentence("The answer said True, False or None as Python does; it was read as JSON.")
_NUMBERS = sentence(
    "The answer had numbers that cannot be stored (NaN, Infinity or very long ones); they are kept as text."
)


class Twice(dict[str, Any]):
    """An object that gave a key more than once: the last value counts, `others` holds the earlier ones."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        last = {key: number for number, (key, _) in enumerate(pairs)}
        self.others = [pair for number, pair in enumerate(pairs) if last[pair[0]] != number]


@dataclass(slots=True)
class Found:
    """The values in the order of the text, what stood around them, what was tolerated, and why nothing counts."""

    values: list[Any] = field(default_factory=list)
    around: str = ""
    repairs: list[Sentence] = field(default_factory=list)
    problem: Sentence | None = None

    def repaired(self, how: Sentence) -> None:
        if how not in self.repairs:
            self.repairs.append(how)


def values_in(text: str) -> Found:
    """Every JSON object or list in the text. A value that is cut off or broken is a problem, not a smaller value."""
    found = Found()
    if len(text) > LIMIT:
        found.problem = sentence(
            "The reply has %(length)s characters; at most %(limit)s are read. Ask for a shorter answer.",
            length=len(text), limit=LIMIT,
        )  # fmt: skip
        return found
    if text.startswith("\ufeff"):
        text = text[1:]
        found.repaired(sentence("The reply began with a byte order mark; it was ignored."))
    text = _unwrapped(storable(text), found)
    _collect(text, found)
    if not found.values and not found.problem:
        found.problem = sentence(
            "The reply holds no JSON object, only text; ask again, or choose another model."
        )
    return found


def _unwrapped(text: str, found: Found) -> str:
    """A whole answer that was written as one JSON string."""
    stripped = text.strip()
    if not (stripped.startswith('"') and stripped.endswith('"')):
        return text
    try:
        inner = json.loads(stripped, strict=False)
    except ValueError:
        return text
    found.repaired(sentence("The answer was written as one JSON text; the JSON inside it was read."))
    return storable(inner)


def _collect(text: str, found: Found) -> None:
    prose: list[str] = []
    taken = 0
    for start, end in _segments(text, found):
        prose.append(text[taken:start])
        found.values.append(_value(text[start:end], found))
        taken = end
        if len(found.values) > VALUES:
            found.problem = sentence(
                "The reply holds more than %(limit)s JSON values; ask again.", limit=VALUES
            )
        if found.problem:
            found.values.clear()
            return
    prose.append(text[taken:])
    around = "\n".join(part.strip() for part in prose if part.strip())
    found.around = _FENCE.sub("", around).strip()
    if found.values and found.around != around:
        found.repaired(sentence("The answer stood in a code fence."))
    if found.values and found.around:
        found.repaired(sentence("Text stood around the answer; it is kept."))


def _segments(text: str, found: Found) -> Iterator[tuple[int, int]]:
    """(start, end) of what begins like JSON and is balanced. One that is cut off or too deep ends the search."""
    position = 0
    while opening := _OPENING.search(text, position):
        start = position = opening.start()
        if not _JSON_START.match(text, start):
            position += 1
            continue
        position, depth = _balance(text, start)
        if depth > DEPTH:
            found.problem = sentence(
                "The reply is nested deeper than %(depth)s levels; ask again.", depth=DEPTH
            )
        elif not position:
            found.problem = sentence(
                "The reply breaks off in the middle of its JSON; ask again, or allow the model a longer answer."
            )
        if found.problem:
            return
        yield start, position


def _balance(text: str, start: int) -> tuple[int, int]:
    """Where the bracket at `start` closes (0: never) and how deep it goes; brackets inside strings do not count."""
    depth = deepest = 0
    for token in _TOKEN.finditer(text, start):
        character = token[0][0]
        if character in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "}]":
            depth -= 1
            if not depth:
                return token.end(), deepest
    return 0, deepest


def _value(text: str, found: Found) -> Any:
    """The value as it stands, else with control characters, else with everything that is almost JSON put right."""
    try:
        return _decode(text, found, strict=True)
    except ValueError:
        pass
    try:
        value = _decode(text, found, strict=False)
    except ValueError:
        pass
    else:
        found.repaired(_CONTROL)
        return value
    try:
        return _decode(_LOOSE.sub(lambda token: _tightened(token[0], found), text), found, strict=False)
    except ValueError:
        found.problem = sentence("The reply's JSON is broken and cannot be read for certain; ask again.")
        return None


def _tightened(piece: str, found: Found) -> str:
    """One piece of something that is almost JSON, as JSON."""
    if piece == ",":
        found.repaired(_COMMAS)
        return ""
    if piece in _WORDS:
        found.repaired(_NAMES)
        return _WORDS[piece]
    if len(piece) < 2 or piece[-1] != {"“": "”"}.get(piece[0], piece[0]):
        return piece  # a text that never ends: left as it is, so that reading it fails
    if piece[0] == "“":
        found.repaired(_QUOTES)
        return json.dumps(piece[1:-1])
    if piece[0] == "'":
        found.repaired(_QUOTES)
    body = _ESCAPE.sub(lambda escape: _escape(escape, found), piece[1:-1])
    return f'"{body}"'


def _escape(escape: re.Match[str], found: Found) -> str:
    code = escape[1]
    if code is None:
        return '\\"'
    if code[0] in '"\\/bfnrt' or (code[0] == "u" and len(code) == 5):
        return escape[0]
    if code == "'":
        return "'"
    found.repaired(_ESCAPES)
    return f"\\u00{code[1:]}" if code[0] == "x" and len(code) == 3 else f"\\\\{code}"


def _decode(text: str, found: Found, *, strict: bool) -> Any:
    def constant(word: str) -> str:
        found.repaired(_NUMBERS)
        return word

    def integer(digits: str) -> int | str:
        return int(digits) if len(digits) <= 30 else constant(digits)

    def decimal(digits: str) -> float | str:
        number = float(digits)
        return number if math.isfinite(number) else constant(digits)

    value = json.loads(
        text,
        strict=strict,
        object_pairs_hook=_object,
        parse_int=integer,
        parse_float=decimal,
        parse_constant=constant,
    )
    return _clean(value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    clean = [(storable(key), _clean(value)) for key, value in pairs]
    plain = dict(clean)
    return plain if len(plain) == len(clean) else Twice(clean)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    return [_clean(item) for item in value] if isinstance(value, list) else value
