"""The diff of two diffs: what landing a proposal would change then and now, line by line, and what main did underneath.

Both sides are what main would be changed to, not what the branch holds. Bounded like the diff of a page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby, islice

import pygit2
from pygit2.enums import DiffOption

from cells.patches.change import STATUS, Proposal, clean
from cells.patches.diff import FILES, KINDS, LONG, Budget, Part, within
from cells.ssot.commit import author_of
from cells.ssot.mirror import Mirror, decoded, moment

SAME, NEW, GONE = "same", "new", "gone"
NEAR = 2  # lines that stay the same are shown beside one that does not
FOLDED = 500  # lines that stay the same, of a page, that can be unfolded
COMPARED = 30_000  # changed lines, of a page, that are compared at all
SHOWN = 1000  # lines of a page

Signed = pygit2.DiffLine  # a changed line of one of the two diffs; its origin is "+" or "-"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the change. `sign` says what it does to main; `number` is its place in main then or now, or in what would land."""

    kind: str
    sign: str
    number: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Lines in a row; `folded` when they are the same and far from any that is not. `hidden` more had no room."""

    lines: tuple[Line, ...]
    folded: bool = False
    hidden: int = 0

    @property
    def size(self) -> int:
        return len(self.lines) + self.hidden


@dataclass(frozen=True, slots=True)
class FileSince:
    """One file whose change is another one now. `then` and `now` are what the proposal does to it, "" for nothing."""

    path: str
    old_path: str
    then: str
    now: str
    mode: str  # of what would land now, where it was another one then
    binary: bool = False
    uncompared: bool = False  # there are too many lines
    new: int = 0
    gone: int = 0
    same: int = 0
    blocks: tuple[Block, ...] = ()

    @property
    def moved_around(self) -> bool:
        """Whether every line of the change is as it was, and only main around them differs."""
        return bool(self.same) and not self.new and not self.gone

    @property
    def complete(self) -> bool:
        """Whether every line that is not the same is shown."""
        return not self.uncompared and not any(block.hidden and not block.folded for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Under:
    """A commit of main between the two, and which of the proposal's files it touched."""

    commit: str
    author: str
    subject: str
    at: datetime
    paths: tuple[str, ...]


@dataclass(slots=True)
class Room:
    """What is left of a page."""

    shown: Budget = field(default_factory=lambda: Budget(lines=SHOWN))
    folded: Budget = field(default_factory=lambda: Budget(lines=FOLDED))
    compared: int = COMPARED

    def takes(self, lines: int) -> bool:
        self.compared -= lines
        return self.compared >= 0


def files(mirror: Mirror, then: Proposal, now: Proposal) -> list[FileSince]:
    """The files whose change differs, FILES at most; none when one of the two does not apply."""
    if then.merged is None or now.merged is None:
        return []
    before, after = _changes(mirror, then), _changes(mirror, now)
    paths = [*after, *(path for path in before if path not in after)]
    room = Room()
    pairs = ((before.get(path, []), after.get(path, [])) for path in paths)
    return [_file(old, new, room) for old, new in pairs if _ids(old) != _ids(new)]


def _changes(mirror: Mirror, proposal: Proposal) -> dict[str, list[pygit2.Patch]]:
    """By the path on main: a file that is renamed now is the one that was edited then."""
    assert proposal.merged is not None
    diff = mirror.commit(proposal.main).tree.diff_to_index(proposal.merged.index, context_lines=0)
    diff.find_similar()
    found: dict[str, list[pygit2.Patch]] = {}
    for patch in islice((patch for patch in diff if patch is not None), FILES):
        found.setdefault(clean(patch.delta.old_file.path), []).append(patch)
    return found


def _ids(patches: Iterable[pygit2.Patch]) -> list[tuple[object, ...]]:
    sides = [(patch.delta.old_file, patch.delta.new_file) for patch in patches]
    return [(old.id, new.id, old.mode, new.mode, new.path) for old, new in sides]


def _file(then: list[pygit2.Patch], now: list[pygit2.Patch], room: Room) -> FileSince:
    last = (now or then)[-1].delta
    modes = [f"{int(patches[-1].delta.new_file.mode):o}" if patches else "" for patches in (then, now)]
    binary = any(patch.delta.is_binary for patch in (*then, *now))
    lines = sum(sum(patch.line_stats[1:]) for patch in (*then, *now))
    fits = not binary and room.takes(lines)
    found = aligned(_signed(then), _signed(now)) if fits else []
    kinds = [kind for kind, _ in found]
    return FileSince(
        path=clean(last.new_file.path), old_path=clean(last.old_file.path), then=_status(then), now=_status(now),
        mode=modes[1] if modes[0] != modes[1] and now else "", binary=binary, uncompared=not binary and not fits,
        new=kinds.count(NEW), gone=kinds.count(GONE), same=kinds.count(SAME), blocks=tuple(_blocks(found, room)),
    )  # fmt: skip


def _status(patches: list[pygit2.Patch]) -> str:
    return STATUS.get(patches[-1].delta.status_char(), "modified") if patches else ""


def _signed(patches: list[pygit2.Patch]) -> list[Signed]:
    hunks = (hunk for patch in patches for hunk in patch.hunks)
    return [line for hunk in hunks for line in hunk.lines if line.origin in KINDS.strip()]


def aligned(then: list[Signed], now: list[Signed]) -> list[tuple[str, Signed]]:
    """Each line of either diff, once, in order: only then, only now, or in both. Git compares them, as it compares lines of a file."""
    before, after = _joined(then), _joined(now)
    if before == after:
        return [(SAME, line) for line in now]
    around = len(then) + len(now)
    diff = pygit2.Patch.create_from(before, after, context_lines=around, flag=DiffOption.FORCE_TEXT)
    found = (line for hunk in diff.hunks for line in hunk.lines)
    return [_of(line, then, now) for line in found if line.origin in KINDS]


def _of(line: pygit2.DiffLine, then: list[Signed], now: list[Signed]) -> tuple[str, Signed]:
    if line.origin == "-":
        return GONE, then[line.old_lineno - 1]
    return (NEW if line.origin == "+" else SAME), now[line.new_lineno - 1]


def _joined(lines: list[Signed]) -> bytes:
    """A document whose lines are the signed ones; a last line without its end counts as one with it."""
    return b"".join(line.origin.encode() + line.raw_content.removesuffix(b"\n") + b"\n" for line in lines)


def _blocks(found: list[tuple[str, Signed]], room: Room) -> Iterator[Block]:
    """Until there is no room; what is left then is one block of hidden lines."""
    left = len(found)
    for block in _pieces(found, room):
        left -= block.size
        if block.hidden and not block.folded:
            room.shown.lines = 0
            yield replace(block, hidden=block.hidden + left)
            return
        yield block


def _pieces(found: list[tuple[str, Signed]], room: Room) -> Iterator[Block]:
    runs = [(same, list(run)) for same, run in groupby(found, key=lambda one: one[0] == SAME)]
    for number, (same, run) in enumerate(runs):
        lines = (_line(kind, line) for kind, line in run) if same else _worded(run, room)
        head = NEAR if number else 0
        tail = len(run) - (NEAR if number < len(runs) - 1 else 0)
        if not same or tail - head <= NEAR:
            yield _block(lines, len(run), room.shown)
            continue
        for size, folded in ((head, False), (tail - head, True), (len(run) - tail, False)):
            if size:
                budget = room.folded if folded else room.shown
                yield _block(iter(list(islice(lines, size))), size, budget, folded)


def _block(lines: Iterator[Line], size: int, budget: Budget, folded: bool = False) -> Block:
    """The first lines there is room for, of `size`; no more of them are made."""
    shown: list[Line] = []
    while len(shown) < size and budget.lines > 0:
        line = next(lines)
        cost = 1 + sum(len(part.text) for part in line.parts) // LONG
        if cost > budget.lines:
            break
        budget.lines -= cost
        shown.append(line)
    return Block(tuple(shown), folded, size - len(shown))


def _worded(run: list[tuple[str, Signed]], room: Room) -> Iterator[Line]:
    """A line that went stands before the one that came in its place: the next one of the same sign."""
    came = {sign: [line for kind, line in run if kind == NEW and line.origin == sign] for sign in "+-"}
    for old in (line for kind, line in run if kind == GONE):
        if not came[old.origin]:
            yield _line(GONE, old)
            continue
        new = came[old.origin].pop(0)
        left, right = within(_text(old), _text(new), room.shown)
        yield Line(GONE, old.origin, _number(old), left)
        yield Line(NEW, new.origin, _number(new), right)
    left_over = {id(line) for lines in came.values() for line in lines}
    yield from (_line(kind, line) for kind, line in run if id(line) in left_over)


def _line(kind: str, line: Signed) -> Line:
    return Line(kind, line.origin, _number(line), (Part(_text(line)),))


def _number(line: Signed) -> int:
    return line.new_lineno if line.origin == "+" else line.old_lineno


def _text(line: Signed) -> str:
    return line.content.rstrip("\r\n")


def under(mirror: Mirror, old: str, new: str, paths: Collection[str]) -> list[Under]:
    """What main did to these paths after the commit `old` up to `new`, newest first."""
    found = []
    for step in mirror.history(old, new):
        if touched := sorted({clean(one.path) for one in step.changes} & set(paths)):
            commit = mirror.commit(step.commit)
            author = author_of(commit)
            subject = clean(decoded(commit, commit.raw_message)).strip().partition("\n")[0]
            found.append(
                Under(step.commit, clean(author.name), subject[:300], moment(author.time), tuple(touched))
            )
    return found[::-1]
