"""A changed document as pieces of sanitised HTML: what changed, with the heading it stands under, and folds between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it.token import Token

from cells.documents import TAGS, parser
from cells.patches.rendered.blocks import FOLDED, ROWS, Writer, span_of, whole
from cells.patches.rendered.inline import BOX
from cells.patches.rendered.pairs import Pair, pairs
from cells.patches.rendered.tree import TooMuch, parse
from cells.patches.rendered.words import Room

MOST = 60_000  # characters of one document
_MARKS = {"ins", "del"}
_BLOCKS = ("p", "ul", "ol", "blockquote", "pre", "table", "thead", "tbody", "tr", "th", "td", "hr")
_CLASSES = dict.fromkeys((*_BLOCKS, "h1", "h2", "h3", "h4", "h5", "h6"), _MARKS) | {
    "li": _MARKS | {"fold"}, "tr": _MARKS | {"fold"}, "tbody": _MARKS | {ROWS}, "span": {BOX},
}  # fmt: skip
_CLEANER = nh3.Cleaner(
    tags=TAGS | _MARKS | {"details", "summary", "label", "input", "span"},
    attributes={"a": {"href"}, "ol": {"start"}, "li": {"value"}, "td": {"colspan"}, "input": {"type"}},
    allowed_classes=_CLASSES,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Blocks of the document; `folded` counts the unchanged lines they stand on, 0 for what is shown at once."""

    html: SafeString
    folded: int = 0


@dataclass(frozen=True, slots=True)
class Rendered:
    """All pieces in order. The two sets are the lines of the old and the new document whose change can be seen."""

    pieces: tuple[Piece, ...]
    old_lines: frozenset[int] = frozenset()
    new_lines: frozenset[int] = frozenset()


def alone(text: str, room: Room) -> Rendered:
    """A document that came or went as a whole: nothing in it is marked. Raises TooMuch."""
    root = parse(_fitting(text, room), room)
    written = [token for child in root.children for token in whole(child)]
    return Rendered((_piece(written),), frozenset(root.shown), frozenset(root.shown))


def compare(old: str, new: str, room: Room, fold: Callable[[int], str]) -> Rendered:
    """What changed; `fold` says "… 5 unchanged lines …" in the reader's language. Raises TooMuch."""
    before, after = (parse(_fitting(text, room), room) for text in (old, new))
    found = list(pairs(before.children, after.children, room))
    writer = Writer(room, fold)
    pieces = []
    for shown, run in groupby(zip(found, _shown(found), strict=True), key=lambda both: both[1]):
        inner = [pair for pair, _ in run]
        written = [token for pair in inner for token in writer.pair(pair)]
        pieces.append(_piece(written, 0 if shown else span_of(inner)))
    return Rendered(tuple(pieces), frozenset(writer.old_lines), frozenset(writer.new_lines))


def _fitting(text: str, room: Room) -> str:
    """The text, when its lines are git's lines and there is room for them."""
    if len(text) > MOST or "\r" in text.replace("\r\n", "\n") or not room.takes(characters=len(text)):
        raise TooMuch
    return text


def _shown(found: list[Pair]) -> list[bool]:
    """Changes, the nearest heading above each, and unchanged stretches too short to fold."""
    shown = [not _same(pair) for pair in found]
    heading = -1
    for at, pair in enumerate(found):
        if not shown[at]:
            heading = at if pair[1] and pair[1].type.startswith("heading") else heading
        elif heading >= 0:
            shown[heading] = True
    return list(_without_short(found, shown))


def _without_short(found: list[Pair], shown: list[bool]) -> Iterator[bool]:
    at = 0
    for visible, run in groupby(shown):
        size = len(list(run))
        yield from [visible or span_of(found[at : at + size]) < FOLDED] * size
        at += size


def _same(pair: Pair) -> bool:
    old, new = pair
    return old is not None and new is not None and old.seen == new.seen


def _piece(tokens: list[Token], folded: int = 0) -> Piece:
    html = _CLEANER.clean(parser.renderer.render(tokens, parser.options, {}))
    return Piece(mark_safe(html), folded)  # noqa: S308  nh3 has just sanitised it
