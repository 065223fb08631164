"""Blocks as tokens: unchanged, gone, come, or changed with the change marked in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from markdown_it.token import Token

from cells.patches.rendered.inline import Atom, Marked, lines, paired, tokens
from cells.patches.rendered.pairs import Pair, pairs
from cells.patches.rendered.tree import Node
from cells.patches.rendered.words import Mark, Room

KEPT = 1  # unchanged items or rows on either side of a changed one
FOLDED = 3  # fewer lines than these are not worth a fold
ROWS = "rows"  # the class of a table's folded part


@dataclass
class Writer:
    """Writes blocks, and notes which lines of both documents it showed as changed. `fold` names folded lines."""

    room: Room
    fold: Callable[[int], str]
    old_lines: set[int] = field(default_factory=set)
    new_lines: set[int] = field(default_factory=set)

    def pair(self, pair: Pair) -> Iterator[Token]:
        """The tokens of one pair."""
        old, new = pair
        if old is None and new is not None:
            self.new_lines |= new.shown
            yield from whole(new, "ins")
        elif old is not None and new is None:
            self.old_lines |= old.shown
            yield from whole(old, "del")
        elif old is not None and new is not None:
            yield from whole(new) if old.seen == new.seen else self._changed(old, new)

    def _changed(self, old: Node, new: Node) -> Iterator[Token]:
        if old.code is not None and new.code is not None:
            self._note(old, new)
            yield from _code("", lines(old.code, new.code, self.room))
        elif old.atoms and new.atoms and not old.children and not new.children:
            self._note(old, new)
            yield from _around(new, "", tokens(paired(old.atoms, new.atoms, self.room)))
        elif not old.children and not new.children:
            self._note(old, new)
            yield from _around(new, "", (*_text(old, "del"), *_text(new, "ins")))
        else:
            self._note_start(old, new)
            yield from _around(new, "", self._children(old, new))

    def _children(self, old: Node, new: Node) -> Iterator[Token]:
        found = list(pairs(old.children, new.children, self.room))
        if new.type == "ordered_list":
            _number(new)
        for folded, run in groupby(zip(found, _folds(found), strict=True), key=lambda both: both[1]):
            inner = [pair for pair, _ in run]
            written = [token for pair in inner for token in self.pair(pair)]
            yield from self._folded(new, inner, written) if folded else written

    def _folded(self, parent: Node, inner: list[Pair], written: list[Token]) -> Iterator[Token]:
        """Unchanged items behind a line that opens; rows behind one that a box in it opens."""
        label = self.fold(span_of(inner))
        if parent.type == "tbody":
            wide = str(max(len(new.children) for _, new in inner if new))
            yield from (
                _open("tr", "fold"),
                Token("td_open", "td", 1, attrs={"colspan": wide}),
                _open("label"),
            )
            yield Token("input", "input", 0, attrs={"type": "checkbox"})
            yield from (_words(label), _end("label"), _end("td"), _end("tr"), _end("tbody"))
            yield from (_open("tbody", ROWS), *written, _end("tbody"), _open("tbody"))
        else:
            lists = parent.type in ("bullet_list", "ordered_list")
            yield from (_open("li", "fold"),) if lists else ()
            yield from (_open("details"), _open("summary"), _words(label), _end("summary"))
            yield from (_open(parent.token.tag), *written, _end(parent.token.tag)) if lists else written
            yield _end("details")
            yield from (_end("li"),) if lists else ()

    def _note(self, old: Node, new: Node) -> None:
        self.old_lines |= old.shown
        self.new_lines |= new.shown

    def _note_start(self, old: Node, new: Node) -> None:
        """A list that begins at another number changed in its first line."""
        if old.token.attrs.get("start") != new.token.attrs.get("start"):
            self.old_lines.add(old.lines[0])
            self.new_lines.add(new.lines[0])


def whole(node: Node, mark: Mark = "") -> Iterator[Token]:
    """One block as it is, all of it under one mark."""
    if node.code is not None:
        yield from _code(mark, [(mark, Atom(node.code))])
    else:
        inner = (*_text(node, mark), *(token for child in node.children for token in whole(child, mark)))
        yield from _around(node, mark, inner)


def span_of(inner: Sequence[Pair]) -> int:
    """How many lines of the new document these unchanged blocks stand on."""
    found = [new.lines for _, new in inner if new]
    return found[-1][1] - found[0][0] + 1 if found else 0


def _folds(found: Sequence[Pair]) -> list[bool]:
    """For each pair whether it is far enough from any change to be folded; never a few lines alone."""
    changed = [
        at for at, (old, new) in enumerate(found) if old is None or new is None or old.seen != new.seen
    ]
    near = {at + by for at in changed for by in range(-KEPT, KEPT + 1)}
    folds = [at not in near for at in range(len(found))]
    at = 0
    for folded, run in groupby(folds[:]):
        size = len(list(run))
        if folded and span_of(found[at : at + size]) < FOLDED:
            folds[at : at + size] = [False] * size
        at += size
    return folds


def _around(node: Node, mark: Mark, inner: Iterator[Token] | Sequence[Token]) -> Iterator[Token]:
    attrs = {name: node.token.attrs[name] for name in ("start", "value") if name in node.token.attrs}
    yield node.token.copy(block=False, attrs=attrs | ({"class": mark} if mark else {}))
    yield from inner
    if node.close:
        yield node.close


def _text(node: Node, mark: Mark) -> Iterator[Token]:
    return tokens((mark, atom) for atom in node.atoms)


def _code(mark: Mark, marked: Iterator[Marked] | list[Marked]) -> Iterator[Token]:
    yield from (_open("pre", mark), _open("code"), *tokens(marked), _end("code"), _end("pre"))


def _number(node: Node) -> None:
    """Items that a fold or a gone item stands before keep their number."""
    first = int(node.token.attrs.get("start", 1))
    for number, item in enumerate(node.children, start=first):
        item.token.attrs["value"] = str(number)


def _open(tag: str, name: str = "") -> Token:
    return Token(f"{tag}_open", tag, 1, attrs={"class": name} if name else {})


def _end(tag: str) -> Token:
    return Token(f"{tag}_close", tag, -1)


def _words(text: str) -> Token:
    return Token("text", "", 0, content=text)
