"""The text inside one block: as atoms that can be compared, and as tokens again with marks between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from markdown_it.token import Token

from cells.patches.rendered.words import Mark, Room, compare, shared, steps, units

_BOX = re.compile(r"\[[ xX]\](?=\s)")
BOX = "box"  # the class of a task's box


class Format(NamedTuple):
    """One element around a text: its tag, and the address of a link or the class of a box."""

    tag: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Atom:
    """A piece of text and what it stands in; `breaks` is a line break instead."""

    text: str
    formats: tuple[Format, ...] = ()
    breaks: bool = False


Marked = tuple[Mark, Atom]


def atoms(children: Sequence[Token], task: bool = False) -> tuple[Atom, ...]:
    """The atoms of an inline token's children; a task's box is one of them. Pictures are shown as they are written."""
    found: list[Atom] = []
    around: list[Format] = []
    for token in children:
        if token.nesting == 1:
            around.append(Format(token.tag, str(token.attrs.get("href", ""))))
        elif token.nesting == -1:
            around.pop()
        else:
            found += _atoms(token, tuple(around), task and not found)
    return tuple(found)


def _atoms(token: Token, around: tuple[Format, ...], task: bool) -> Iterator[Atom]:
    if token.type == "hardbreak":
        yield Atom("\n", around, breaks=True)
    elif token.type == "softbreak":
        yield Atom(" ", around)
    elif token.type == "image":
        yield Atom(f"![{token.content}]({token.attrs.get('src', '')})", (*around, Format("code")))
    elif token.type == "code_inline":
        yield from (Atom(one, (*around, Format("code"))) for one in units(token.content))
    else:
        box = _BOX.match(token.content) if task else None
        if box:
            yield Atom(box[0], (*around, Format("span", BOX)))
        yield from (Atom(one, around) for one in units(token.content[box.end() if box else 0 :]))


def paired(old: Sequence[Atom], new: Sequence[Atom], room: Room) -> Iterator[Marked]:
    """Both texts in one: what stayed, what went, what came. A text in another format went and came."""
    keys: dict[tuple[Format, ...], str] = {}
    before, after = [_key(one, keys) for one in old], [_key(one, keys) for one in new]
    for kind, a, b, c, d in compare(before, after, room):
        if kind == "equal":
            yield from (("", atom) for atom in new[c:d])
        else:
            yield from _replaced(old[a:b], new[c:d])


def _key(atom: Atom, keys: dict[tuple[Format, ...], str]) -> str:
    """What makes atoms equal, as text of about the same length: a format is one character nobody writes."""
    if not atom.formats:
        return atom.text
    return atom.text + keys.setdefault(atom.formats, chr(0xF0000 + len(keys) % 0xFFFD))


def _replaced(old: Sequence[Atom], new: Sequence[Atom]) -> Iterator[Marked]:
    """Japanese words that only differ inside keep what they share."""
    before: list[Marked] = []
    after: list[Marked] = []
    if old and new and old[0].formats == new[0].formats:
        first, _ = shared(old[0].text, new[0].text)
        before, old, new = _cut(old, new, first, 0)
    if old and new and old[-1].formats == new[-1].formats:
        _, last = shared(old[-1].text, new[-1].text)
        after, old, new = _cut(old, new, -last, -1)
    yield from before
    yield from (("del", atom) for atom in old)
    yield from (("ins", atom) for atom in new)
    yield from after


def _cut(
    old: Sequence[Atom], new: Sequence[Atom], size: int, at: int
) -> tuple[list[Marked], Sequence[Atom], Sequence[Atom]]:
    """`size` characters off the first atom of both (below 0: off the last one), and both without them."""
    if not size:
        return [], old, new
    kept = new[at].text[:size] if size > 0 else new[at].text[size:]
    rest = []
    for side in (old, new):
        text = side[at].text[size:] if size > 0 else side[at].text[:size]
        others = list(side)
        others[at : len(side) if at else 1] = [replace(side[at], text=text)] if text else []
        rest.append(others)
    return [("", replace(new[at], text=kept))], rest[0], rest[1]


def lines(old: str, new: str, room: Room) -> Iterator[Marked]:
    """Two pieces of code: by line, and inside lines that were replaced by word."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for kind, a, b, c, d in steps(before, after, room):
        if kind == "equal":
            yield from (("", Atom(line)) for line in after[c:d])
        else:
            gone, come = (list(map(Atom, units("".join(side)))) for side in (before[a:b], after[c:d]))
            yield from paired(gone, come, room)


def tokens(marked: Iterable[Marked]) -> Iterator[Token]:
    """Well-nested tokens: formats outside, marks inside them, around as much text as has the same."""
    stack: list[Format] = []
    for (mark, formats, breaks), run in groupby(marked, lambda one: (one[0], one[1].formats, one[1].breaks)):
        wanted = [*formats, *([Format(mark)] if mark else [])]
        same = 0
        while same < min(len(stack), len(wanted)) and stack[same] == wanted[same]:
            same += 1
        yield from _close(stack, same)
        for one in wanted[same:]:
            stack.append(one)
            yield _open(one)
        text = "".join(atom.text for _, atom in run)
        yield Token("hardbreak", "br", 0) if breaks else Token("text", "", 0, content=text)
    yield from _close(stack, 0)


def _open(one: Format) -> Token:
    name = "href" if one.tag == "a" else "class"
    return Token(f"{one.tag}_open", one.tag, 1, attrs={name: one.value} if one.value else {})


def _close(stack: list[Format], down_to: int) -> Iterator[Token]:
    while len(stack) > down_to:
        one = stack.pop()
        yield Token(f"{one.tag}_close", one.tag, -1)
