"""The headings of a Markdown document, and which one of them is meant.

Headings are those a Markdown parser sees at the top level: not in code, quotes, lists or comments.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from markdown_it import MarkdownIt
from markdown_it.token import Token

from cells.patches.edits.checks import EditRefused, shown
from cells.sentences import sentence

PARSER = MarkdownIt("commonmark").enable("table")
PARSER.core.ruler.enableOnly(["normalize", "block"])
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_ATX = re.compile(r" {0,3}#{1,6}[ \t]+")
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,300}\)")
_TAG = re.compile(r"<[^<>]{1,300}>")
_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
BLANK = " \t\r\n"
# A heading after everything else: a parser that does not see it is still inside a fence or a comment.
_PROBE = "\n\n# end"
_CANDIDATES, _NAMED, _LINES_NAMED = 200, 3, 10


@dataclass(frozen=True, slots=True)
class Heading:
    """Its level 1..6, its line as written, its text, its 0-based first line and the line after it."""

    level: int
    source: str
    text: str
    first: int
    after: int


@dataclass(frozen=True, slots=True)
class Outline:
    """Lines with their ends, top-level headings, and whether the last block is closed at the end."""

    lines: list[str]
    headings: list[Heading]
    closed: bool

    def own_end(self, index: int) -> int:
        """The line after a section's own text, where the next heading stands."""
        return self.headings[index + 1].first if index + 1 < len(self.headings) else len(self.lines)

    def next_outside(self, index: int) -> int:
        """The index of the first heading that is not below this one."""
        level = self.headings[index].level
        rest = range(index + 1, len(self.headings))
        return next((i for i in rest if self.headings[i].level <= level), len(self.headings))

    def shape(self, start: int, stop: int | None = None) -> list[tuple[int, str]]:
        return [(heading.level, heading.text) for heading in self.headings[start:stop]]


def outline(text: str) -> Outline:
    """Lines and top-level headings of any text, in one pass of the parser."""
    lines = _LINE.findall(text)
    tokens = PARSER.parse(text + _PROBE)
    headings = [
        _heading(lines, token, tokens[place + 1].content)
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0
    ]
    closed = bool(headings) and headings[-1].first >= len(lines)
    return Outline(lines, headings[:-1] if closed else headings, closed)


def _heading(lines: list[str], token: Token, text: str) -> Heading:
    first, after = token.map or (0, 0)
    source = "".join(lines[first:after]).strip(BLANK)
    return Heading(int(token.tag[1]), source, " ".join(text.split("\n")).strip(BLANK), first, after)


def find(path: str, headings: list[Heading], wanted: str) -> int:
    """The one heading that is meant: as written, else by its text, else by its plain text, else by its parents."""
    bare, folded = _bare(wanted), plain(wanted)
    readings: tuple[Callable[[Heading], bool], ...] = (
        lambda heading: heading.source == wanted.strip(BLANK),
        lambda heading: heading.text == bare,
        lambda heading: plain(heading.text) == folded,
    )
    for reading in readings if folded else ():
        if found := [index for index, heading in enumerate(headings) if reading(heading)]:
            break
    else:
        found = _by_parents(headings, wanted) if folded else []
    if len(found) == 1:
        return found[0]
    if found:
        raise _twice(path, wanted, [headings[index] for index in found])
    raise _absent(path, wanted, headings)


def _by_parents(headings: list[Heading], wanted: str) -> list[int]:
    """Headings named as "Parent > Child", from the nearest parent outwards."""
    *parents, child = (plain(part) for part in wanted.split(" > "))
    found: list[int] = []
    above: list[Heading] = []
    for index, heading in enumerate(headings if parents else ()):
        while above and above[-1].level >= heading.level:
            above.pop()
        if plain(heading.text) == child and [plain(up.text) for up in above[-len(parents) :]] == parents:
            found.append(index)
        above.append(heading)
    return found


def _bare(title: str) -> str:
    """A heading's text without its marks, as the parser gives it."""
    text = title.strip(BLANK)
    mark = _ATX.match(text)
    text = text[mark.end() :] if mark else text
    unclosed = text.rstrip("#")
    return unclosed.strip(BLANK) if unclosed.endswith((" ", "\t")) else text.strip(BLANK)


def plain(title: str) -> str:
    """A title for comparing: one width, no marks, no emphasis, links as their text, single spaces."""
    text = unicodedata.normalize("NFKC", title)
    text = _TAG.sub("", _LINK.sub(r"\1", text)).translate(dict.fromkeys(map(ord, "*`~\\")))
    return " ".join(_UNDERSCORE.sub("", text).strip(" \t\r\n#").split())


def _twice(path: str, wanted: str, found: list[Heading]) -> EditRefused:
    lines = ", ".join(str(heading.first + 1) for heading in found[:_LINES_NAMED])
    return EditRefused(
        sentence(
            "%(path)s has the heading “%(heading)s” more than once, on lines %(lines)s; name the one above it too, as in “Parent > Child”.",
            path=shown(path),
            heading=shown(wanted),
            lines=lines if len(found) <= _LINES_NAMED else f"{lines}, …",
        )
    )


def _absent(path: str, wanted: str, headings: list[Heading]) -> EditRefused:
    named = {plain(heading.text)[:100]: heading for heading in headings[:_CANDIDATES]}
    near = get_close_matches(plain(wanted)[:100], named, n=_NAMED, cutoff=0.3)
    if not near:
        return EditRefused(
            sentence(
                "%(path)s has no heading “%(heading)s”, nor one like it; name a heading that stands there.",
                path=shown(path),
                heading=shown(wanted),
            )
        )
    return EditRefused(
        sentence(
            "%(path)s has no heading “%(heading)s”; the nearest are %(nearest)s.",
            path=shown(path),
            heading=shown(wanted),
            nearest=", ".join(f"“{shown(named[title].text)}”" for title in near),
        )
    )
