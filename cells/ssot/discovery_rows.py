"""Rows of "Cell key" tables as values, whatever columns the table has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from cells.ssot.discovery_words import category, modes, unbracketed, words
from cells.ssot.state_lines import Table, outline, plain, tables
from cells.ssot.swarm_checks import has_controls, is_key

_KEY_HEADERS = {"cellkey", "セルキー"}
_MILESTONE = re.compile(r"([A-Z]{1,4}\d{0,3}(?:[-.]\d{1,3}){1,3}|[MQ]\d{1,2})(?:\s+(.*)|$)", re.DOTALL)
_PLACEHOLDER = re.compile(r"プレースホルダ|placeholder|^(?:other|others|other-candidates|その他)$")
_LONGEST_TITLE, _LONGEST_NAME = 300, 100  # characters that a row holds; the table has the rest
# The first pattern that fits a header names its column.
_COLUMNS = (
    ("north_star", re.compile(r"north ?star|ノーススター")),
    ("contract", re.compile(r"contract|契約|カテゴリ|category")),
    ("ask", re.compile(r"ask")),
    ("lane", re.compile(r"レーン|lane|役割|role")),
    ("title", re.compile(r"説明|description|title|名前|名称|purpose|目的")),
    ("owner", re.compile(r"owner|オーナー|担当")),
    ("note", re.compile(r"備考|remarks?|notes?|comment")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row about one cell; `text` is all of it, `actions` and `milestones` go by milestone key."""

    key: str
    path: str
    line: int
    text: str
    title: str = ""
    lane: str = ""
    north_star: str = ""
    contract: str = ""
    owner: str = ""
    note: str = ""
    modes: tuple[str, ...] = ()
    placeholder: bool = False
    actions: dict[str, str] = field(default_factory=dict)
    milestones: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=512)
def rows_of(path: str, text: str) -> tuple[Row, ...]:
    """Every row of every "Cell key" table in a document; rows without a usable key are passed over.

    Kept, because history shows most documents of a commit again in the next one.
    """
    if "|" not in text:
        return ()
    found = [
        table
        for table in tables(outline(text))
        if table.header and plain(table.header[0]).replace(" ", "") in _KEY_HEADERS
    ]
    return tuple(row for table in found for row in _rows(path, table))


def _rows(path: str, table: Table) -> Iterator[Row]:
    columns = [_column(header) for header in table.header]
    titles = {key: title for kind, key, title in columns if kind == "milestone"}
    for line, cells in table.rows:
        cells = tuple(_visible(cell) for cell in cells)
        key = words(cells[0])
        if not is_key(key):
            continue
        said: dict[str, str] = {}
        actions: dict[str, str] = {}
        for (kind, milestone, _), cell in zip(columns[1:], cells[1:], strict=False):
            if kind == "milestone" and words(cell):
                actions[milestone] = words(cell)
            elif kind:
                said.setdefault(kind, cell)
        yield Row(
            key=key,
            path=path,
            line=line,
            text=" ".join(cells[1:]),
            title=words(said.get("title", ""))[:_LONGEST_TITLE],
            lane=said.get("lane", ""),
            north_star=words(said.get("north_star", "")),
            contract=category(said.get("contract", ""))[:_LONGEST_NAME],
            owner=words(said.get("owner", ""))[:_LONGEST_NAME],
            note=_note(said),
            modes=modes(f"{said.get('lane', '')} {said.get('ask', '')}"),
            placeholder=bool(
                _PLACEHOLDER.search(key.casefold()) or _PLACEHOLDER.search(plain(said.get("title", "")))
            ),
            actions=actions,
            milestones=titles,
        )


def _column(header: str) -> tuple[str, str, str]:
    """(kind, milestone key, milestone title) of a column; the kind is "" for one we do not know."""
    bare = words(header)
    if milestone := _MILESTONE.fullmatch(bare):
        key = milestone[1]
        return "milestone", key, (milestone[2] or "").strip() or key
    folded = plain(bare)
    return next((name for name, pattern in _COLUMNS if pattern.search(folded)), ""), "", ""


def _note(said: dict[str, str]) -> str:
    """What the table says about /ask and in its remarks, as one line."""
    ask, remarks = unbracketed(said.get("ask", "")), words(said.get("note", ""))
    parts = [f"/ask: {ask}" if ask and ask != "TBD" else "", remarks if remarks != "TBD" else ""]
    return " · ".join(part for part in parts if part)


def _visible(cell: str) -> str:
    return "".join(letter for letter in cell if letter == "\t" or not has_controls(letter))
