"""A Markdown document as a tree of its blocks, each with a print of what a reader sees of it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any

from markdown_it.token import Token

from cells.documents import parser
from cells.patches.rendered.inline import Atom, atoms
from cells.patches.rendered.words import Room, counted, units

_FRONT = re.compile(r"\A---[ \t]*\r?\n(?=[\w-]+:)((?:.*\n){1,200}?)(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)")
_LANGUAGE = re.compile(r"[\w+#.-]{0,20}")
DEEPEST = 18  # levels; at 20 the parser leaves out the rest, without a word
LITERAL = ("fence", "code_block")


class TooMuch(ValueError):
    """More blocks than a page has room for, or blocks in blocks deeper than the parser goes: it leaves those out."""


@dataclass
class Node:
    """One block. A paragraph, heading or table cell has `atoms` and no children; code has its text in `token`."""

    token: Token
    children: list[Node] = field(default_factory=list)
    close: Token | None = None
    lines: tuple[int, int] = (0, 0)  # 1-based, both included
    atoms: tuple[Atom, ...] = ()
    hides: bool = False  # part of how it is written is never shown: a link's title, words behind a fence

    @property
    def type(self) -> str:
        """Its kind: "paragraph", "list_item", "tr", "fence", …; a heading's with its level."""
        return self.token.type.removesuffix("_open") + (
            self.token.tag if "heading" in self.token.type else ""
        )

    @property
    def shown(self) -> set[int]:
        """The lines whose text a reader sees when this block and all in it is shown."""
        if self.hides:
            return set()
        if self.children and self.type != "table":
            return set().union(*(child.shown for child in self.children))
        return set(range(self.lines[0], self.lines[1] + 1))

    @property
    def code(self) -> str | None:
        """Its text when it is code."""
        return self.token.content if self.token.type in LITERAL else None

    @cached_property
    def seen(self) -> bytes:
        """Equal for blocks that look the same, however they are written."""
        start = str(self.token.attrs.get("start", ""))
        own: tuple[Any, ...] = (self.type, start, self.code, [(one.text, one.formats) for one in self.atoms])
        made = blake2b(repr(own).encode("utf-8", "replace"), digest_size=16)
        for child in self.children:
            made.update(child.seen)
        return made.digest()

    @cached_property
    def says(self) -> Counter[str]:
        """The words in it, to see which blocks belong together."""
        found = counted(one.text for one in self.atoms) + counted(iter(units(self.code or "")))
        for child in self.children:
            found.update(child.says)
        return found


def parse(text: str, room: Room) -> Node:
    """The document; its front matter is code, not a heading under a rule. Raises TooMuch."""
    text = text.replace("\r\n", "\n")
    root = Node(Token("root", "", 0))
    front = _FRONT.match(text)
    if front:
        ends = front[0].count("\n") + (not front[0].endswith("\n"))
        token = Token("fence", "code", 0, content=front[1], info="yaml", block=True)
        root.children.append(Node(token, lines=(1, ends)))
        text = "\n" * ends + text[front.end() :]
    tokens = parser.parse(text)
    if not room.takes(blocks=len(tokens)) or any(token.level >= DEEPEST for token in tokens):
        raise TooMuch
    _fill(root, tokens)
    return root


def _fill(root: Node, tokens: list[Token]) -> None:
    above = [root]
    for token in tokens:
        if token.nesting == -1:
            above.pop().close = token
        elif token.type == "inline":
            task = len(above) > 2 and above[-2].type == "list_item" and above[-2].children[0] is above[-1]
            above[-1].atoms = atoms(token.children or [], task)
            above[-1].lines = _lines(token) or above[-1].lines
            above[-1].hides = any("title" in one.attrs for one in token.children or [])
        else:
            node = Node(token, lines=_lines(token) or above[-1].lines)
            node.hides = not _LANGUAGE.fullmatch(token.info.strip())
            above[-1].children.append(node)
            if token.nesting == 1:
                above.append(node)


def _lines(token: Token) -> tuple[int, int] | None:
    return (token.map[0] + 1, max(token.map[1], token.map[0] + 1)) if token.map else None
