"""What is wrong with a piece of evidence, each as a code and a sentence that says what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cells.evidence.kinds import is_picture, named_as_picture
from cells.evidence.times import Observed
from cells.sentences import Sentence, sentence

_TEXT = re.compile(
    r"\.(md|markdown|txt|log|json|jsonl|jsonld|ndjson|ya?ml|csv|tsv|toml|tmpl|html|svg|exit|code)$"
)
_PROSE = re.compile(r"\.(md|markdown|txt|tmpl|tpl|j2)$")
_CODE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)|`[^`\n]{1,400}`", re.MULTILINE | re.DOTALL)
_PLACEHOLDER = re.compile(r"\{\{[^{}\n]{1,60}\}\}|<[A-Z][A-Z0-9_]{1,30}>|\$\{[A-Za-z_][A-Za-z0-9_]{0,40}\}")
_EMPTY_SLOT = re.compile(r"[A-Za-z0-9](?:__[A-Za-z0-9]|_\.[a-z]+$|_$)")
_READ = 65_536


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing wrong: `code` is empty, unparsable, duplicate, future, template or too_large."""

    code: str
    sentence: Sentence


def flags_of(
    path: str, data: bytes | None, size: int, observed: Observed, earlier_path: str | None, kind: str
) -> tuple[Flag, ...]:
    """Everything wrong with the file; `data` is None when it was too large to read (`size` bytes)."""
    if kind == "placeholder":
        return ()
    found = [*_content(path, data, size, kind), *_history(earlier_path, size, observed)]
    if _EMPTY_SLOT.search(path.rpartition("/")[2]) and not any(flag.code == "template" for flag in found):
        found.append(
            Flag(
                "template",
                sentence("A part of its name was never filled in, so a time or number is missing."),
            )
        )
    return tuple(found)


def _content(path: str, data: bytes | None, size: int, kind: str) -> Iterator[Flag]:
    if data is None:
        yield Flag("too_large", sentence("It is %(size)s bytes; only its name was read.", size=size))
    elif not data.strip():
        yield Flag("empty", _empty(len(data)))
    else:
        if broken := _unparsable(path, data, kind):
            yield Flag("unparsable", broken)
        if slot := _unfilled(path, data, kind):
            yield Flag("template", slot)


def _empty(size: int) -> Sentence:
    if size:
        return sentence("It holds nothing but blank space, so it proves nothing.")
    return sentence("It is empty, so it proves nothing.")


def _history(earlier_path: str | None, size: int, observed: Observed) -> Iterator[Flag]:
    if earlier_path and size:
        yield Flag(
            "duplicate", sentence("It is byte-identical to %(path)s, which is earlier.", path=earlier_path)
        )
    if observed.later_than_commit:
        yield Flag(
            "future",
            sentence("It claims %(time)s, later than the commit that added it.", time=_claimed(observed)),
        )


def _claimed(observed: Observed) -> str:
    return observed.at.strftime("%Y-%m-%d %H:%M UTC") if observed.exact else observed.written


def _unparsable(path: str, data: bytes, kind: str) -> Sentence | None:
    name = path.lower()
    if named_as_picture(path):
        return (
            None
            if is_picture(path, data[:16])
            else sentence("It is named as a picture, but its bytes are not one.")
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if kind != "picture" and (_TEXT.search(name) or "." not in name.rpartition("/")[2]):
            return sentence(
                "It is not UTF-8 text (byte %(position)s); unreadable bytes were replaced.",
                position=error.start,
            )
        return None
    if kind == "template":
        return None
    if name.endswith((".json", ".jsonld")):
        return _not_json(text)
    return _not_json_lines(text) if name.endswith((".jsonl", ".ndjson")) else None


def _not_json(text: str) -> Sentence | None:
    line = _broken_line(text)
    if line is None:
        return None
    if (several := _values_in_a_row(text)) > 1:
        return sentence(
            "It holds %(count)s JSON values one after another, so it does not parse as one.", count=several
        )
    return sentence("It is named as JSON but does not parse (line %(line)s).", line=line)


def _not_json_lines(text: str) -> Sentence | None:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() and _broken_line(line) is not None:
            return sentence("It is named as JSON lines, but line %(line)s does not parse.", line=number)
    return None


def _broken_line(text: str) -> int | None:
    """The line where JSON stops to parse; None when it parses."""
    try:
        json.loads(text, parse_int=str)
    except json.JSONDecodeError as error:
        return error.lineno
    except (ValueError, RecursionError):
        return 1
    return None


def _values_in_a_row(text: str) -> int:
    """How many whole JSON objects or lists follow each other and fill the text; 0 when anything else is between."""
    decoder = json.JSONDecoder(parse_int=str)
    rest, count = text.strip(), 0
    position = 0
    try:
        while position < len(rest):
            value, position = decoder.raw_decode(rest, position)
            if not isinstance(value, dict | list):
                return 0
            count += 1
            while position < len(rest) and rest[position].isspace():
                position += 1
    except (ValueError, RecursionError):
        return 0
    return count


def _unfilled(path: str, data: bytes, kind: str) -> Sentence | None:
    if not _PROSE.search(path.lower()):
        return None
    text = data[:_READ].decode("utf-8", "replace")
    slot = _PLACEHOLDER.search(text if kind == "template" else _CODE.sub("", text))
    if slot is None:
        return None
    if kind == "template":
        return sentence("It is a template (%(slot)s is not filled in), not evidence.", slot=slot[0])
    return sentence("It still has the unfilled placeholder %(slot)s, so it was not finished.", slot=slot[0])
