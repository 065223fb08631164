"""The diff of a proposal, for people: files, hunks, and rows that stand side by side. Bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

import pygit2

from cells.patches.change import STATUS, clean
from cells.ssot.mirror import Mirror

LINES_PER_FILE = 2000
FILES = 200
TOKENS = re.compile(r"[A-Za-z0-9_]+|\s+|.", re.DOTALL)
WORDS_UP_TO = 2000  # characters of a line pair that is still compared within


@dataclass(frozen=True, slots=True)
class Part:
    """A run of characters of one line; `changed` inside a line that has a partner."""

    text: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """One line of one side: its number, and its parts."""

    number: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the side-by-side view; equal lines have both sides and `kind` "same"."""

    kind: str
    left: Side | None
    right: Side | None


@dataclass(frozen=True, slots=True)
class Hunk:
    header: str
    rows: tuple[Row, ...]

    @property
    def unified(self) -> Iterator[tuple[str, Side]]:
        """The same rows one under the other: removed before added in each block."""
        added: list[Side] = []
        for row in self.rows:
            if row.kind == "same" and row.right:
                yield from (("added", side) for side in added)
                added = []
                yield "same", row.right
                continue
            if row.left:
                yield "removed", row.left
            added += [row.right] if row.right else []
        yield from (("added", side) for side in added)


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file. `cut` lines are not shown; `binary` and pictures have no hunks."""

    path: str
    old_path: str
    status: str
    mode: str
    old_blob: str
    new_blob: str
    added: int
    removed: int
    binary: bool
    cut: int
    hunks: tuple[Hunk, ...] = field(default=())


def files(mirror: Mirror, base: str, tip: str) -> list[FileDiff]:
    """The first FILES files that changed between two commits."""
    return [_file(patch) for patch in _diff(mirror, base, tip) if patch is not None][:FILES]


def unified(mirror: Mirror, base: str, tip: str, limit: int) -> tuple[str, bool]:
    """The diff as git prints it, cut at `limit` characters; and whether it was cut."""
    text = _diff(mirror, base, tip).patch or ""
    return text[:limit], len(text) > limit


def _diff(mirror: Mirror, base: str, tip: str) -> Any:
    diff = mirror.commit(base).tree.diff_to_tree(mirror.commit(tip).tree, context_lines=3)
    diff.find_similar()
    return diff


def _file(patch: pygit2.Patch) -> FileDiff:
    delta = patch.delta
    _, added, removed = patch.line_stats
    hunks, shown, total = [], 0, 0
    for hunk in patch.hunks:
        total += len(hunk.lines)
        lines = list(hunk.lines)[: max(LINES_PER_FILE - shown, 0)]
        shown += len(lines)
        if lines:
            hunks.append(Hunk(hunk.header.strip(), tuple(_rows(lines))))
    return FileDiff(
        path=clean(delta.new_file.path), old_path=clean(delta.old_file.path),
        status=STATUS.get(delta.status_char(), "modified"), mode=f"{int(delta.new_file.mode):o}",
        old_blob=str(delta.old_file.id), new_blob=str(delta.new_file.id), added=added, removed=removed,
        binary=bool(delta.is_binary), cut=total - shown, hunks=tuple(hunks),
    )  # fmt: skip


def _rows(lines: list[pygit2.DiffLine]) -> Iterator[Row]:
    """Pairs the removed with the added lines of a block, in order."""
    removed: list[pygit2.DiffLine] = []
    added: list[pygit2.DiffLine] = []
    for line in lines:
        if line.origin == "-":
            removed.append(line)
        elif line.origin == "+":
            added.append(line)
        elif line.origin == " ":
            yield from _pairs(removed, added)
            removed, added = [], []
            text = (Part(_text(line)),)
            yield Row("same", Side(line.old_lineno, text), Side(line.new_lineno, text))
    yield from _pairs(removed, added)


def _pairs(removed: list[pygit2.DiffLine], added: list[pygit2.DiffLine]) -> Iterator[Row]:
    for old, new in zip_longest(removed, added):
        if old is None or new is None:
            left = Side(old.old_lineno, (Part(_text(old)),)) if old else None
            right = Side(new.new_lineno, (Part(_text(new)),)) if new else None
        else:
            before, after = within(_text(old), _text(new))
            left, right = Side(old.old_lineno, before), Side(new.new_lineno, after)
        yield Row("changed", left, right)


def within(old: str, new: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """What changed inside a line: by word where words have spaces, by character in Japanese, which has none."""
    if len(old) + len(new) > WORDS_UP_TO:
        return (Part(old),), (Part(new),)
    before, after = TOKENS.findall(old), TOKENS.findall(new)
    match = SequenceMatcher(None, before, after, autojunk=False)
    if match.ratio() < 0.4:
        return (Part(old),), (Part(new),)
    left, right = [], []
    for kind, a, b, c, d in match.get_opcodes():
        left += [Part("".join(before[a:b]), kind != "equal")] if a < b else []
        right += [Part("".join(after[c:d]), kind != "equal")] if c < d else []
    return tuple(left), tuple(right)


def _text(line: pygit2.DiffLine) -> str:
    return line.content.rstrip("\r\n")
