"""A markdown document as lines, headings and tables, with line numbers that people can follow.

Only the shape is read here (what is a heading, what is code, what is hidden in a comment); what
the shape means for STATE is decided in `state_headings`, `state_tasks` and `state_links`. Every
step is one pass over the lines, so a damaged file costs no more than a healthy one.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_FENCE = re.compile(r"\s*(?:[-*+]\s+)?(`{3,}|~{3,})")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})\s*$")
_PLAIN = re.compile(r" {0,3}[^\s#>|*+\-=`~\d]")
_BREAK = re.compile(r" {0,3}(?:-{3,}|\*{3,}|_{3,})\s*$")
_CELL_BREAK = re.compile(r"(?<!\\)\|")
_RULE_CELL = re.compile(r":?-+:?")
# Titles are compared by their first words; a longer "title" is a damaged line.
_LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: `level` 1..6, its `title` without marks, and its 1-based `line`."""

    level: int
    title: str
    line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Table:
    """A pipe table: header cells, its header's line, and `(line, cells)` for every row."""

    header: tuple[str, ...]
    line: int
    rows: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """`lines[i]` is line i + 1; `code[i]` holds a fence's info string (None outside code)."""

    lines: tuple[str, ...]
    code: tuple[str | None, ...]
    hidden: tuple[bool, ...]
    headings: tuple[Heading, ...]

    def prose(self, number: int) -> bool:
        """Whether line `number` is neither code nor comment."""
        return self.code[number - 1] is None and not self.hidden[number - 1]

    def end_of(self, heading: Heading, stops: frozenset[int] = frozenset()) -> int:
        """Last line under `heading`: up to its next equal, its elder, or a heading in `stops`."""
        after = bisect_right(self.headings, heading.line, key=lambda other: other.line)
        for index in range(after, len(self.headings)):
            other = self.headings[index]
            if other.level <= heading.level or other.line in stops:
                return other.line - 1
        return len(self.lines)

    def block(self, first: int, last: int) -> tuple[int, int] | None:
        """`first..last` without blank lines, comments and rules at either end; None if nothing is left."""
        while first <= last and self._idle(first):
            first += 1
        while last >= first and self._idle(last):
            last -= 1
        return (first, last) if first <= last else None

    def heading_at(self, line: int) -> str:
        """The title of the nearest heading at or above `line`, "" above the first."""
        index = bisect_right(self.headings, line, key=lambda heading: heading.line)
        return self.headings[index - 1].title if index else ""

    def text(self, first: int, last: int) -> str:
        return "\n".join(self.lines[first - 1 : last])

    def _idle(self, number: int) -> bool:
        line = self.lines[number - 1]
        return self.hidden[number - 1] or not line.strip() or bool(_BREAK.match(line))


def outline(text: str) -> Outline:
    """Read the shape of any text; lines are counted as git counts them, by line feeds."""
    # Markdown shows a NUL as U+FFFD, and no database stores it.
    lines = tuple(line.removesuffix("\r") for line in text.replace("\0", "\ufffd").split("\n"))
    code: list[str | None] = []
    hidden: list[bool] = []
    headings: list[Heading] = []
    fence: tuple[str, str] | None = None
    comment = False
    for number, line in enumerate(lines, start=1):
        mark = _FENCE.match(line)
        if fence:
            code.append(fence[1])
            hidden.append(False)
            if mark and mark[1].startswith(fence[0]) and not line[mark.end() :].strip():
                fence = None
        elif comment or line.lstrip().startswith("<!--"):
            comment = "-->" not in line
            code.append(None)
            hidden.append(True)
        elif mark:
            info = line[mark.end() :].strip()[:40]
            fence = (mark[1], info)
            code.append(info)
            hidden.append(False)
        else:
            code.append(None)
            hidden.append(False)
            if heading := _heading(lines, number, code, hidden):
                headings.append(heading)
    return Outline(lines, tuple(code), tuple(hidden), tuple(headings))


def _heading(
    lines: tuple[str, ...], number: int, code: list[str | None], hidden: list[bool]
) -> Heading | None:
    line = lines[number - 1]
    if mark := _HEADING.match(line):
        title = line[mark.end() : mark.end() + _LONGEST_TITLE].strip().rstrip("#").strip()
        return Heading(len(mark[1]), title, number, number)
    # An underlined heading is one plain line between a blank one and the underline.
    if number >= 2 and (under := _SETEXT.match(line)) and code[number - 2] is None and not hidden[number - 2]:
        above = lines[number - 2]
        alone = number == 2 or not lines[number - 3].strip()
        if alone and _PLAIN.match(above) and ":" not in above:
            level = 1 if under[1].startswith("=") else 2
            return Heading(level, above.strip()[:_LONGEST_TITLE], number - 1, number)
    return None


def tables(shape: Outline, first: int = 1, last: int | None = None) -> Iterator[Table]:
    """Every pipe table that begins between `first` and `last` and stands outside code."""
    number = first
    last = len(shape.lines) if last is None else last
    while number < last:
        if "|" not in shape.lines[number - 1] or not shape.prose(number) or not _is_rule(shape.lines[number]):
            number += 1
            continue
        rows = []
        header, start = cells_of(shape.lines[number - 1]), number
        number += 2
        while number <= last and "|" in shape.lines[number - 1] and shape.prose(number):
            rows.append((number, cells_of(shape.lines[number - 1])))
            number += 1
        yield Table(header, start, tuple(rows))


def cells_of(line: str) -> tuple[str, ...]:
    """The cells of one table row, stripped; an escaped pipe belongs to its cell."""
    bare = line.strip().removeprefix("|")
    if bare.endswith("|") and not bare.endswith("\\|"):
        bare = bare[:-1]
    return tuple(cell.replace("\\|", "|").strip() for cell in _CELL_BREAK.split(bare))


def _is_rule(line: str) -> bool:
    return "-" in line and all(_RULE_CELL.fullmatch(cell) for cell in cells_of(line))


def plain(title: str) -> str:
    """A title for comparing: one width, one case, no emphasis, no code marks, single spaces."""
    folded = unicodedata.normalize("NFKC", title[:_LONGEST_TITLE]).casefold()
    bare = folded.replace("**", "").replace("`", "").replace("\u2206", "δ")
    return " ".join(bare.split())
