"""The diff of a proposal, for people: files, hunks, and rows that stand side by side. Bounded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import islice, zip_longest
from typing import Any

import pygit2

from cells.patches.change import STATUS, clean
from cells.ssot.mirror import Mirror

FILES = 200
LINES_PER_FILE = 2000
LINES = 5000  # over all files of a page
LONG = 500  # characters; a longer line counts as several
TOKENS = re.compile(r"[A-Za-z0-9_]+|\s+|.", re.DOTALL)
WORDS_UP_TO = 2000  # characters of a line pair that is still compared within
TOKENS_UP_TO = 200  # tokens of either of the two lines
ALIKE = 0.4  # lines that share less are two lines, not one that changed
KINDS = "-+ "  # removed, added, same; not git's remarks about a missing end of line
COMPARISONS = 1_000_000  # pairs of tokens, over all line pairs of a page


@dataclass(slots=True)
class Budget:
    """What is left of a page: a hostile diff is cut where it runs out, and its lines stay uncompared."""

    lines: int = LINES
    comparisons: int = COMPARISONS

    def take(self, lines: Iterable[pygit2.DiffLine], most: int) -> list[pygit2.DiffLine]:
        """The first lines there is room for, at most `most`."""
        taken = []
        for line in islice(lines, most):
            cost = 1 + len(line.raw_content) // LONG
            if cost > self.lines:
                break
            self.lines -= cost
            taken.append(line)
        return taken

    def compares(self, before: list[str], after: list[str]) -> bool:
        """Whether two lines may still be compared; what that costs is then spent."""
        cost = len(before) * len(after)
        if max(len(before), len(after)) > TOKENS_UP_TO or cost > self.comparisons:
            return False
        self.comparisons -= cost
        return True


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
    """The first FILES files that changed between two commits, with the first LINES of their lines."""
    budget = Budget()
    patches = (patch for patch in _diff(mirror, base, tip) if patch is not None)
    return [_file(patch, budget) for patch in islice(patches, FILES)]


def unified(mirror: Mirror, base: str, tip: str, limit: int) -> tuple[str, bool]:
    """The diff as git prints it, cut at `limit` characters; and whether it was cut."""
    parts, room = [], limit
    for patch in _diff(mirror, base, tip):
        text = patch.data.decode("utf-8", "replace") if patch is not None else ""
        parts.append(text[:room])
        if len(text) > room:
            return "".join(parts), True
        room -= len(text)
    return "".join(parts), False


def _diff(mirror: Mirror, base: str, tip: str) -> Any:
    diff = mirror.commit(base).tree.diff_to_tree(mirror.commit(tip).tree, context_lines=3)
    diff.find_similar()
    return diff


def _file(patch: pygit2.Patch, budget: Budget) -> FileDiff:
    delta = patch.delta
    same, added, removed = patch.line_stats
    hunks, shown = [], 0
    for hunk in patch.hunks:
        wanted = [line for line in hunk.lines if line.origin in KINDS]
        lines = budget.take(wanted, LINES_PER_FILE - shown)
        shown += len(lines)
        if lines:
            hunks.append(Hunk(hunk.header.strip(), tuple(_rows(lines, budget))))
        if len(lines) < len(wanted):
            break
    return FileDiff(
        path=clean(delta.new_file.path), old_path=clean(delta.old_file.path),
        status=STATUS.get(delta.status_char(), "modified"), mode=f"{int(delta.new_file.mode):o}",
        old_blob=str(delta.old_file.id), new_blob=str(delta.new_file.id), added=added, removed=removed,
        binary=bool(delta.is_binary), cut=same + added + removed - shown, hunks=tuple(hunks),
    )  # fmt: skip


def _rows(lines: list[pygit2.DiffLine], budget: Budget) -> Iterator[Row]:
    """Pairs the removed with the added lines of a block, in order."""
    removed: list[pygit2.DiffLine] = []
    added: list[pygit2.DiffLine] = []
    for line in lines:
        if line.origin == "-":
            removed.append(line)
        elif line.origin == "+":
            added.append(line)
        else:
            yield from _pairs(removed, added, budget)
            removed, added = [], []
            text = (Part(_text(line)),)
            yield Row("same", Side(line.old_lineno, text), Side(line.new_lineno, text))
    yield from _pairs(removed, added, budget)


def _pairs(removed: list[pygit2.DiffLine], added: list[pygit2.DiffLine], budget: Budget) -> Iterator[Row]:
    for old, new in zip_longest(removed, added):
        if old is None or new is None:
            left = Side(old.old_lineno, (Part(_text(old)),)) if old else None
            right = Side(new.new_lineno, (Part(_text(new)),)) if new else None
        else:
            before, after = within(_text(old), _text(new), budget)
            left, right = Side(old.old_lineno, before), Side(new.new_lineno, after)
        yield Row("changed", left, right)


def within(old: str, new: str, budget: Budget) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """What changed inside a line: by word where words have spaces, by character in Japanese, which has none."""
    if len(old) + len(new) > WORDS_UP_TO:
        return (Part(old),), (Part(new),)
    before, after = TOKENS.findall(old), TOKENS.findall(new)
    match = SequenceMatcher(None, before, after, autojunk=False)
    if match.real_quick_ratio() < ALIKE or not budget.compares(before, after) or match.ratio() < ALIKE:
        return (Part(old),), (Part(new),)
    left, right = [], []
    for kind, a, b, c, d in match.get_opcodes():
        left += [Part("".join(before[a:b]), kind != "equal")] if a < b else []
        right += [Part("".join(after[c:d]), kind != "equal")] if c < d else []
    return tuple(left), tuple(right)


def _text(line: pygit2.DiffLine) -> str:
    return line.content.rstrip("\r\n")
