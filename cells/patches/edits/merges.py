"""Merging an object into a JSON document: only the bytes of values that change are written.

The document is not printed anew. Every member is found with its place in the text, so order, indent,
numbers and escapes of everything that is not named stay as people wrote them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cells.patches.edits.checks import EditRefused, shown
from cells.sentences import sentence

_SPACE = " \t\r\n"
_WIDEST = 200  # characters of white space that are imitated before a new member
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Member:
    """A key, the white space before it, what stands between it and its value, and the value's place."""

    key: str
    lead: str
    colon: str
    start: int
    end: int
    value: Any


@dataclass(frozen=True, slots=True)
class _Style:
    """How the document is written: one step of indent, and whether it escapes what is not ASCII."""

    unit: str
    ascii: bool

    def value(self, value: Any, lead: str, colon: str, *, inline: bool) -> str:
        """A value as text, as far to the right as `lead` is; on one line where its neighbours are."""
        wide = not inline and "\n" in lead
        space = " " if colon.endswith(" ") else ""
        text = json.dumps(
            value,
            ensure_ascii=self.ascii,
            indent=self.unit if wide else None,
            separators=("," if wide else f",{space}", f":{space}"),
        )
        # Strings hold no raw line feed, so every one of them begins a line.
        line = ("\r\n" if "\r\n" in lead else "\n") + lead.rpartition("\n")[2]
        return text.replace("\n", line) if wide else text


# One replacement of text[start:end].
_Change = tuple[int, int, str]


def merge(path: str, text: str, wanted: dict[str, Any]) -> str:
    """The document with `wanted` merged in: objects deeply, lists and scalars replaced. Raises EditRefused."""
    try:
        _check(path, text)
        wanted = json.loads(json.dumps(wanted))  # as JSON has it: keys are text, tuples are lists
        start = len(text) - len(text.lstrip(_SPACE))
        changes = sorted(_changes(path, text, start, wanted, _style(text, start), ()))
    except RecursionError as error:
        raise _unreadable(path) from error
    parts, at = [], 0
    for begin, end, new in changes:
        parts += [text[at:begin], new]
        at = end
    return "".join([*parts, text[at:]])


def _check(path: str, text: str) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        read = dict(pairs)
        if len(read) != len(pairs):
            raise EditRefused(
                sentence(
                    "%(path)s has a key twice in one object, so it is unclear which of them counts; keep one of them first.",
                    path=shown(path),
                )
            )
        return read

    def no_number(_: str) -> Any:
        raise ValueError

    try:
        document = json.loads(text, object_pairs_hook=unique, parse_constant=no_number)
    except ValueError as error:
        raise _unreadable(path) from error
    if not isinstance(document, dict):
        raise _unreadable(path)


def _unreadable(path: str) -> EditRefused:
    return EditRefused(
        sentence(
            "%(path)s does not hold a JSON object that can be read, so nothing can be merged into it; replace the whole file instead.",
            path=shown(path),
        )
    )


def _style(text: str, start: int) -> _Style:
    first = text[start + 1 : start + 2 + _WIDEST]
    space = first[: len(first) - len(first.lstrip(_SPACE))]
    unit = space.rpartition("\n")[2] if "\n" in space else "  "
    return _Style(unit, ascii=text.isascii() and "\\u" in text)


def _changes(
    path: str, text: str, start: int, wanted: dict[str, Any], style: _Style, above: tuple[str, ...]
) -> Iterator[_Change]:
    """What to write in the object at `start` so that it holds `wanted` too."""
    members = list(_members(text, start))
    known = {member.key: member for member in members}
    for key, new in wanted.items():
        if (member := known.get(key)) is None:
            continue
        place = (*above, key)
        if isinstance(new, dict) and isinstance(member.value, dict) and member.value:
            yield from _changes(path, text, member.start, new, style, place)
        elif isinstance(new, dict) and not isinstance(member.value, dict | None):
            raise _would_lose(path, place)
        elif not _same(member.value, new):
            old = text[member.start : member.end]
            inline = isinstance(member.value, dict | list) and bool(member.value) and "\n" not in old
            yield (
                member.start,
                member.end,
                style.value(new, member.lead, member.colon, inline=inline),
            )
    missing = {key: new for key, new in wanted.items() if key not in known}
    if missing and members:
        yield _added(members[-1], missing, style)
    elif missing:
        # Only the document itself can be empty here; an empty object within it is replaced as a value.
        end = _after_space(text, start + 1) + 1
        yield start, end, style.value(wanted, "\n", ": ", inline=False)


def _added(last: _Member, missing: dict[str, Any], style: _Style) -> _Change:
    """New members after the last one, set apart as that one is."""
    lead = last.lead or (" " if last.colon.endswith(" ") else "")
    text = "".join(
        f",{lead}{json.dumps(key, ensure_ascii=style.ascii)}{last.colon}"
        f"{style.value(new, last.lead, last.colon, inline=False)}"
        for key, new in missing.items()
    )
    return last.end, last.end, text


def _members(text: str, start: int) -> Iterator[_Member]:
    """The members of the object at `start`, in a text that is known to be JSON."""
    at = start + 1
    while (begin := _after_space(text, at)) < len(text) and text[begin] == '"':
        key, end = _DECODER.raw_decode(text, begin)
        value_at = _after_space(text, text.index(":", end) + 1)
        value, value_end = _DECODER.raw_decode(text, value_at)
        lead, colon = text[at:begin][-_WIDEST:], text[end:value_at][:_WIDEST]
        yield _Member(key, lead, colon, value_at, value_end, value)
        at = _after_space(text, value_end) + 1


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _same(old: Any, new: Any) -> bool:
    """Equal as JSON: True is not 1, and the order of keys does not matter."""
    return json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)


def _would_lose(path: str, place: tuple[str, ...]) -> EditRefused:
    return EditRefused(
        sentence(
            "%(path)s holds a plain value or a list at %(place)s, which an object would replace; name the value itself, or replace the whole file.",
            path=shown(path),
            place=shown(".".join(place)),
        )
    )
