"""Sections of a Markdown document: found by their heading, changed without touching any other byte.

Text goes in and text comes out; a document keeps its line endings and its missing final newline.
"""

from __future__ import annotations

from markdown_it.token import Token

from cells.patches.edits.checks import EditRefused, shown
from cells.patches.edits.headings import BLANK, PARSER, Heading, Outline, find, outline, plain
from cells.sentences import sentence


def append(path: str, text: str, wanted: str, markdown: str) -> str:
    """The text with `markdown` at the end of the section's own text. Raises EditRefused.

    Lines that stand there already are not added again; a rule (---) that closes the section stays last.
    """
    shape = outline(text)
    index = find(path, shape.headings, wanted)
    heading, end = shape.headings[index], shape.own_end(index)
    added = _addition(path, heading, markdown)
    first = _first_block(added)
    # A sub-section may stand among the others, anything else in the section's own text.
    reach = shape.own_end(shape.next_outside(index) - 1) if first == "heading_open" else end
    if not added or _stands(shape.lines, heading.after, reach, added):
        return text
    if end == len(shape.lines) and not shape.closed:
        raise EditRefused(
            sentence(
                "%(path)s ends inside a code block or comment that is never closed; close it first.",
                path=shown(path),
            )
        )
    last, tail = _last_block(shape.lines, heading.after, end)
    changed = _put(shape.lines, last, last, added, gap=not tail or tail != first)
    _verify(path, shape, index, index + 1, added, changed)
    return changed


def replace(path: str, text: str, wanted: str, markdown: str) -> str:
    """The text with everything below the heading, sub-sections too, replaced. Raises EditRefused."""
    shape = outline(text)
    index = find(path, shape.headings, wanted)
    heading, outside = shape.headings[index], shape.next_outside(index)
    added = _addition(path, heading, markdown)
    first, last = _trim(shape.lines, heading.after, shape.own_end(outside - 1))
    if [line.rstrip("\r\n") for line in shape.lines[first:last]] == added:
        return text
    # A heading with nothing below it gets a blank line; otherwise what surrounds the text stays.
    changed = _put(shape.lines, first, last, added, gap=first == last)
    _verify(path, shape, index, outside, added, changed)
    return changed


def _addition(path: str, heading: Heading, markdown: str) -> list[str]:
    """The lines to write, without line ends, blank lines around them, or the heading said once more."""
    shape = outline(markdown)
    first, last = _trim(shape.lines, 0, len(shape.lines))
    inner = shape.headings
    if inner and inner[0].first == first and _repeats(inner[0], heading):
        first, last = _trim(shape.lines, inner[0].after, last)
        inner = inner[1:]
    if any(one.level <= heading.level for one in inner):
        raise EditRefused(
            sentence(
                "The new text for “%(heading)s” in %(path)s has a heading that would end this section; use headings of a lower level.",
                path=shown(path),
                heading=shown(heading.text),
            )
        )
    return [line.rstrip("\r\n") for line in shape.lines[first:last]]


def _repeats(first: Heading, heading: Heading) -> bool:
    """Models like to repeat the heading they were asked about."""
    return first.level <= heading.level and plain(first.text) == plain(heading.text)


def _trim(lines: list[str], first: int, last: int) -> tuple[int, int]:
    """`first..last` without the blank lines at either end; empty at `first` when all are blank."""
    begin, end = first, last
    while end > begin and not lines[end - 1].strip(BLANK):
        end -= 1
    while begin < end and not lines[begin].strip(BLANK):
        begin += 1
    return (begin, end) if begin < end else (first, first)


def _stands(lines: list[str], first: int, end: int, added: list[str]) -> bool:
    """Whether the lines stand one after the other from somewhere in `first..end`."""
    there = "\n".join(["", *(line.rstrip("\r\n") for line in lines[first:]), ""])
    place = there.find("\n".join(["", *added, ""]))
    return place >= 0 and there.count("\n", 0, place) < end - first


def _last_block(lines: list[str], first: int, end: int) -> tuple[int, str]:
    """The line after a section's last block, closing rules aside; and the kind of list it is, "" for none."""
    begin, last = _trim(lines, first, end)
    blocks = _blocks("".join(lines[begin:last]))
    while blocks and blocks[-1].type == "hr":
        _, last = _trim(lines, first, begin + (blocks.pop().map or [0])[0])
    listed = (
        blocks and blocks[-1].type.endswith("list_open") and begin + (blocks[-1].map or [0, 0])[1] >= last
    )
    return last, blocks[-1].type if listed else ""


def _first_block(added: list[str]) -> str:
    blocks = _blocks("\n".join(added))
    return blocks[0].type if blocks else ""


def _blocks(text: str) -> list[Token]:
    return [token for token in PARSER.parse(text) if token.level == 0 and token.map]


def _put(lines: list[str], start: int, stop: int, added: list[str], *, gap: bool) -> str:
    """The text with lines `start..stop` replaced, in the line ending of the line before them."""
    before, after = "".join(lines[:start]), "".join(lines[stop:])
    end_of_line = _end(lines[start - 1]) or _end(lines[0]) or "\n"
    ended = bool(_end(lines[-1]))
    if not added:
        return before + after if after or ended else before.rstrip("\r\n")
    lead = ("" if _end(lines[start - 1]) else end_of_line) + (end_of_line if gap else "")
    tail = end_of_line if after or ended else ""
    if after and lines[stop].strip(BLANK):
        tail += end_of_line
    return before + lead + end_of_line.join(added) + tail + after


def _end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _verify(path: str, old: Outline, index: int, outside: int, added: list[str], changed: str) -> None:
    """Every heading outside what was changed must still be one: an open fence would swallow them."""
    new = outline(changed)
    closed = old.closed or outside == len(old.headings)
    inner = outline("\n".join(added)).shape(0)
    if new.shape(0) != old.shape(0, index + 1) + inner + old.shape(outside) or new.closed != closed:
        raise EditRefused(
            sentence(
                "The new text for %(path)s would change how the rest of the document reads; close its code blocks and comments.",
                path=shown(path),
            )
        )
