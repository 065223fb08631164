"""Tasks in the shapes people gave them: checkboxes, marked bullets, priority lists, weighted tables.

Owner, deadline and priority stand in brackets behind a task; they are taken out of its title and
kept both as written and, for the date, as ISO.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from cells.ssot.state_headings import indent_of
from cells.ssot.state_lines import Outline, Table, plain, tables

Part = tuple[str, str, int, int, dict[str, Any]]

_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+")
_CHECKBOX = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+\[([ xX])\](?:\s+|$)")
_BOLD_ID = re.compile(r"\*\*([^\W_][\w.-]{0,60})\s*(?:[:：]\s*\*\*|\*\*\s*[:：]?)\s*")
_PLAIN_ID = re.compile(r"(?=[A-Za-z0-9.]{0,40}-)([A-Z][\w.-]{1,60}?)(?:\s*[:：]\s*|\s+)", re.ASCII)
_BOLD_START = re.compile(r"^\*\*([^*]+)\*\*")
_LIST_HEADING = re.compile(
    r"優先タスク|次アクション|priority tasks?|next (?:3|three|actions?|immediate actions?)|active (?:focus|tasks?)|^(?:\d+[.)]\s*)?(?:tasks?|タスク)\b"
)
_BRACKETS = re.compile(r"[（(]([^（()）]*)[)）]")
_META = re.compile(
    r"\s*(?:(?P<owner>owner|assignee|オーナー|担当者?)|(?P<deadline>deadline|due|期限|締め?切り?)"
    r"|(?P<priority>priority|優先度)|(?P<progress>progress|進捗)|(?P<weight>weight|重み)"
    r"|(?P<uncertainty>uncertainty|不確実性))(?:\s*[:：=]\s*|\s+(?=\d{4}))(?P<value>.*)",
    re.IGNORECASE | re.DOTALL,
)
_DATE = re.compile(r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})")
_APPROXIMATE = re.compile(r"目安|頃|ごろ|予定|~|〜|approx|about|around|tentative|estimate", re.IGNORECASE)
_MARK = re.compile(r"[✅⏳🟡]")
_DONE_WORDS = {"done", "完了", "closed", "済", "x", "✅"}


def tasks(shape: Outline, first: int, last: int, taken: dict[int, str]) -> Iterator[Part]:
    """Every task between two lines; `taken` tells which lines already belong to C, G or δ."""
    listed = _listed(shape, first, last)
    number = first
    while number <= last:
        line = shape.lines[number - 1]
        end = number
        if shape.prose(number) and (found := _read(line, number in listed, taken.get(number))):
            body, done = found
            end = _item_end(shape, number, last)
            yield (
                "task",
                shape.text(number, end).strip(),
                number,
                end,
                _data(_joined(shape, body, number, end), done),
            )
        number = end + 1
    for table in tables(shape, first, last):
        yield from _rows(shape, table)


def _read(line: str, listed: bool, position: str | None) -> tuple[str, bool] | None:
    """The task on a line as (text behind its bullet, done), None when it is no task."""
    if box := _CHECKBOX.match(line):
        return line[box.end() :], box[1] != " "
    item = _ITEM.match(line)
    if not item:
        return None
    body = line[item.end() :]
    # In C and δ a ✅ decorates a statement; it is a task's mark only in lists and logs.
    if position not in ("current", "gap") and (mark := _outer_mark(body)):
        return body.replace(mark, "", 1).strip(), mark == "✅"
    if listed and not item[0].startswith((" ", "\t")):
        return body, False
    return None


def _outer_mark(body: str) -> str | None:
    """The first ✅ / ⏳ / 🟡 outside brackets: inside, it speaks of something else."""
    if not _MARK.search(body):
        return None
    depth = 0
    for letter in body:
        if letter in "（(":
            depth += 1
        elif letter in "）)":
            depth = max(0, depth - 1)
        elif depth == 0 and letter in "✅⏳🟡":
            return letter
    return None


def _listed(shape: Outline, first: int, last: int) -> set[int]:
    """Lines directly under a heading that announces a list of tasks."""
    lines: set[int] = set()
    ends = [*(heading.line - 1 for heading in shape.headings[1:]), len(shape.lines)]
    for heading, end in zip(shape.headings, ends, strict=False):
        if first <= heading.line <= last and _LIST_HEADING.search(plain(heading.title)):
            lines.update(range(heading.last_line + 1, min(end, last) + 1))
    return lines


def _item_end(shape: Outline, number: int, last: int) -> int:
    """Continuation lines are deeper than the bullet and are no items themselves."""
    depth, end = indent_of(shape.lines[number - 1]), number
    while end < last:
        line = shape.lines[end]
        if not line.strip() or indent_of(line) <= depth or _ITEM.match(line) or not shape.prose(end + 1):
            break
        end += 1
    return end


def _joined(shape: Outline, body: str, first: int, last: int) -> str:
    more = (shape.lines[number - 1].strip() for number in range(first + 1, last + 1))
    return " ".join([body.strip(), *more]).strip()


def _data(body: str, done: bool) -> dict[str, Any]:
    """A task's fields from its one-line text."""
    key, rest = _identity(body)
    data: dict[str, Any] = {
        "id": key, "title": "", "owner": "", "deadline": None, "deadline_text": "", "approximate": False,
        "done": done, "priority": "", "progress": None, "weight": None, "uncertainty": None,
    }  # fmt: skip
    kept, at = [], 0
    for group in _BRACKETS.finditer(rest):
        if _take_meta(group[1], data):
            kept.append(rest[at : group.start()])
            at = group.end()
    title = " ".join("".join([*kept, rest[at:]]).split())
    data["title"] = _BOLD_START.sub(r"\1", title) or body or key
    return data


def _identity(body: str) -> tuple[str, str]:
    """The id a task starts with and what follows it; a bold word without digit or hyphen is no id."""
    for pattern in (_BOLD_ID, _PLAIN_ID):
        found = pattern.match(body)
        if found and re.search(r"[\d-]", found[1]) and not found[1].endswith(("-", ".")):
            if pattern is _PLAIN_ID and not (re.search(r"\d", found[1]) or found[1].isupper()):
                continue
            return found[1], body[found.end() :]
    return "", body


def _take_meta(inside: str, data: dict[str, Any]) -> bool:
    """Read "owner: x, due: y" into `data`; False when the brackets say something else."""
    found = [_META.fullmatch(part) for part in re.split(r"[、,，;；]", inside)]
    for part in found:
        if part is None:
            continue
        name, value = _name(part), part["value"].strip()
        if name == "deadline":
            data.update(
                deadline=_iso(value), deadline_text=value, approximate=bool(_APPROXIMATE.search(value))
            )
        elif name in ("owner", "priority"):
            data[name] = value
        else:
            data[name] = _share(value) if name != "weight" else _number(value)
    return any(found)


def _name(part: re.Match[str]) -> str:
    return next(name for name, value in part.groupdict().items() if name != "value" and value)


def _iso(value: str) -> str | None:
    found = _DATE.search(value)
    if not found:
        return None
    try:
        return dt.date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None


def _number(value: str) -> float | None:
    """A finite, non-negative number, None for anything else."""
    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*", value, re.ASCII)
    return float(found[1]) if found else None


def _share(value: str) -> float | None:
    """0..1 from "0.4" or "40 %"; None when it says neither."""
    text = value.strip()
    number = _number(text.rstrip("%％ "))
    if number is None:
        return None
    share = number / 100 if text.endswith(("%", "％")) else number
    return share if share <= 1 else None


def _rows(shape: Outline, table: Table) -> Iterator[Part]:
    """A weighted table: one task a row when the header names an id or title and a status or progress."""
    names = [plain(cell) for cell in table.header]
    if not {"id", "title"} & set(names) or not {"status", "progress", "weight"} & set(names):
        return
    for line, cells in table.rows:
        row = dict(zip(names, cells, strict=False))
        if not (row.get("id") or row.get("title")):
            continue
        data = _data("", plain(row.get("status", "")) in _DONE_WORDS)
        data.update(
            id=row.get("id", ""), title=row.get("title") or row["id"], owner=row.get("owner", ""),
            deadline=_iso(row.get("deadline", "")), deadline_text=row.get("deadline", ""),
            priority=row.get("priority", ""), progress=_share(row.get("progress", "")),
            weight=_number(row.get("weight", "")), uncertainty=_share(row.get("uncertainty", "")),
        )  # fmt: skip
        yield "task", shape.lines[line - 1].strip(), line, line, data
