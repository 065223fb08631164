"""`key: value` lines of a STATE file: phase, short_goal, exit_criteria, 最終更新 and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cells.ssot.state_lines import Outline, plain

Part = tuple[str, str, int, int, dict[str, Any]]

_LINE = re.compile(r"\*{0,2}([^\W\d][\w ]{0,30}?)\*{0,2}\s{0,3}[:：]\*{0,2}(?:\s+|$)(.*)", re.DOTALL)
_ITEM = re.compile(r"\s*[-*]\s+")
# Read wherever they stand; other names only above the first section, where such lines are a header.
_KNOWN = {
    "active_repo", "active_branch", "phase", "context_header", "short_goal", "exit_criteria", "updated_at",
    "updated", "last updated", "最終更新", "更新日", "status", "優先タスク", "phase_notes", "north star", "north_star",
    "owner", "オーナー", "stage",
}  # fmt: skip
_NOT_FIELDS = {"note", "evidence", "todo", "注", "証跡"}
_LIST_TITLES = {"exit_criteria", "exit criteria"}


def fields(shape: Outline, first: int, last: int, taken: dict[int, str]) -> Iterator[Part]:
    """Every field between two lines that is not part of C, G or δ; a list below a key is its value."""
    header_end = _header_end(shape, first, last)
    number = first
    while number <= last:
        end = number
        if number not in taken and (found := _field(shape, number, number <= header_end)):
            name, value = found
            end, items = _items(shape, number, last) if not value else (number, [])
            if value or items:
                text = shape.text(number, end).strip()
                yield "field", text, number, end, {"name": name, "value": value or items}
        number = end + 1
    yield from _titled(shape, first, last)


def _field(shape: Outline, number: int, in_header: bool) -> tuple[str, str] | None:
    line = shape.lines[number - 1]
    if shape.hidden[number - 1] or shape.code[number - 1] not in (None, "", "yaml", "yml", "toml"):
        return None
    found = _LINE.match(line)
    if not found:
        return None
    name = found[1].strip()
    known = name.casefold() in _KNOWN
    if name.casefold() in _NOT_FIELDS or not (known or (in_header and " " not in name)):
        return None
    return name, _value(found[2])


def _value(written: str) -> str:
    """A value without YAML comment, quotes and emphasis."""
    bare = re.split(r"\s{2,}#\s", written, maxsplit=1)[0].strip().strip("*").strip()
    return bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "\"'" else bare


def _header_end(shape: Outline, first: int, last: int) -> int:
    """The header ends at the first section: a heading of level 2 or deeper after the first line."""
    return next((h.line - 1 for h in shape.headings if first < h.line <= last and h.level > 1), last)


def _items(shape: Outline, number: int, last: int) -> tuple[int, list[str]]:
    items: list[str] = []
    while number < last and (item := _ITEM.match(shape.lines[number])):
        items.append(_value(shape.lines[number][item.end() :]))
        number += 1
    return number, items


def _titled(shape: Outline, first: int, last: int) -> Iterator[Part]:
    """A key written as a heading with its list below."""
    for heading in shape.headings:
        if first <= heading.line <= last and plain(heading.title) in _LIST_TITLES:
            end, items = _items(shape, heading.last_line, last)
            if items:
                body = shape.text(heading.last_line + 1, end).strip()
                data = {"name": plain(heading.title).replace(" ", "_"), "value": items}
                yield "field", body, heading.last_line + 1, end, data
