"""Reading the mirror: trees, history, branches, merges. Everything here is a look, not a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pygit2
from pygit2.enums import MergeFlag

from cells.ssot.commands import git

READ_LIMIT = 1_000_000  # bytes; a larger file is known by name and size only
FILE_MODES = {"100644", "100755"}
LINK, SUBMODULE = "120000", "160000"
# What git holds may claim any second; these are what every zone can show.
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """One path in one commit; `blob` is empty when the path was deleted."""

    path: str
    blob: str
    mode: str


@dataclass(frozen=True, slots=True)
class Step:
    """One first-parent commit of the branch with what it changed against its first parent."""

    commit: str
    at: datetime
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """`tip` merged into `main`, in memory; or the paths that stand in the way."""

    index: pygit2.Index
    conflicts: tuple[str, ...]


class Mirror:
    """A bare repository on disk, opened for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repo = pygit2.Repository(str(path))

    def tip(self, ref: str) -> str:
        """The commit a full ref name points to, or ""."""
        found = self.repo.references.get(ref)
        return str(found.peel(pygit2.Commit).id) if found else ""

    def branches(self, prefix: str = "refs/source/") -> dict[str, str]:
        """Branch name to tip, for all refs below the prefix."""
        refs = [ref for ref in self.repo.references.iterator() if ref.name.startswith(prefix)]
        return {
            ref.name.removeprefix(prefix): str(ref.target)
            for ref in refs
            if isinstance(ref.target, pygit2.Oid)
        }

    def commit(self, commit: str) -> pygit2.Commit:
        return self.repo[commit].peel(pygit2.Commit)

    def has(self, commit: str) -> bool:
        return bool(commit) and commit in self.repo

    def has_commit(self, name: str) -> bool:
        """Whether a full commit id, typed by anyone, names a commit here."""
        found = (
            self.repo.get(name)
            if len(name) == 40 and all(char in "0123456789abcdef" for char in name)
            else None
        )
        return isinstance(found, pygit2.Commit)

    def shows(self, commit: str) -> bool:
        """Whether a branch, a proposal or what GitHub told leads to this commit; what a deleted branch left behind is not shown."""
        refs = ("refs/heads", "refs/source", "refs/vpm/patches", "refs/vpm/github")
        return bool(git(self.path, "for-each-ref", "--count=1", "--contains", commit, *refs))

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether `new` contains `old` (a commit contains itself)."""
        if not self.has(old) or not self.has(new):
            return False
        return old == new or self.repo.descendant_of(new, old)

    def history(self, old: str, new: str, paths: Sequence[str] = ()) -> Iterator[Step]:
        """First-parent steps after `old` up to `new`, oldest first; all of history when `old` is "".

        Cost grows with what changed between the two, not with the repository.
        """
        if old == new:
            return
        span = [f"{old}..{new}" if old else new]
        flags = [
            "--first-parent",
            "--diff-merges=first-parent",
            "--reverse",
            "--raw",
            "-z",
            "--no-renames",
            "--no-abbrev",
            "--root",
        ]
        # Encoded refs and paths may be hostile; `--end-of-options` keeps them arguments.
        out = git(self.path, "log", *flags, "--format=commit %H %ct", "--end-of-options", *span, "--", *paths)
        yield from _steps(iter(out.split("\0")))

    def files(self, commit: str) -> dict[str, Change]:
        """Every path of the commit's tree."""
        return dict(_files(self.path, commit))

    def sizes(self, blobs: Iterable[str]) -> dict[str, int]:
        """Blob id to bytes, read from the headers: no blob is unpacked for it."""
        return {blob: self.repo.odb.read_header(blob)[1] for blob in dict.fromkeys(blobs)}

    def data(self, blob: str) -> bytes:
        """The bytes of a blob; the caller has looked at its size."""
        found = self.repo[blob]
        return found.data if isinstance(found, pygit2.Blob) else b""

    def text(self, commit: str, path: str) -> str | None:
        """A file of a commit as text, None when absent or too large."""
        try:
            entry = self.commit(commit).tree / path
        except KeyError:
            return None
        if not isinstance(entry, pygit2.Blob) or entry.size > READ_LIMIT:
            return None
        return entry.data.decode("utf-8-sig", "replace")

    def merge_base(self, one: str, other: str) -> str:
        """The best common ancestor, or "" for unrelated histories."""
        return str(self.repo.merge_base(one, other) or "")

    def merge(self, base: str, main: str, tip: str) -> Merge:
        """Three-way merge in memory of `tip`'s change since `base` into `main`."""
        ours, theirs = self.commit(main).tree, self.commit(tip).tree
        # Renames are not followed: a change lands on the paths it was shown for, or not at all.
        index = self.repo.merge_trees(self.commit(base).tree, ours, theirs, flags=MergeFlag(0))
        conflicts = tuple(
            sorted(
                {side.path for sides in index.conflicts for side in sides if side} if index.conflicts else ()
            )
        )
        return Merge(index, conflicts)

    def write(self, merge: Merge) -> str:
        """The merged tree, put into the repository: only what lands needs it."""
        return str(merge.index.write_tree(self.repo))


@lru_cache(maxsize=4)
def _files(mirror: Path, commit: str) -> dict[str, Change]:
    """A commit's tree never changes; a swarm's cells are asked about the same one."""
    out = git(mirror, "ls-tree", "-r", "-z", "--full-tree", commit)
    rows = (row.split("\t", 1) for row in out.split("\0") if row)
    return {path: Change(path, head.split(" ")[2], head.split(" ")[0]) for head, path in rows}


def moment(seconds: int) -> datetime:
    """An epoch second as git holds it, moved into the years 1970 to 9998 when it lies outside."""
    first, last = int(FIRST.timestamp()), int(LAST.timestamp()) - 1
    return datetime.fromtimestamp(min(max(seconds, first), last), UTC)


def decoded(commit: pygit2.Commit, raw: bytes) -> str:
    """A text of a commit, also when its encoding header names no encoding there is."""
    try:
        return raw.decode(commit.message_encoding or "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _steps(fields: Iterator[str]) -> Iterator[Step]:
    """`git log --raw -z`: "commit HASH TIME", then pairs of ":modes blobs status" and path, NUL after each.

    A path may hold any character but NUL, so it is known by its place alone: the field after a ":" one.
    """
    commit, time = "", ""
    changes: dict[str, Change] = {}
    for field in (field.lstrip("\n") for field in fields):
        if field.startswith(":"):
            path = next(fields)
            _, mode, _, blob, status = field.split(" ")
            # A malformed tree names a path twice; what it adds stands.
            if status != "D" or path not in changes:
                changes[path] = Change(path, "" if status == "D" else blob, mode)
        elif field:
            if commit:
                yield Step(commit, _at(time), tuple(changes.values()))
            _, commit, time = field.split(" ")
            changes = {}
    if commit:
        yield Step(commit, _at(time), tuple(changes.values()))


def _at(time: str) -> datetime:
    """Git prints no time at all where the commit's own line has none."""
    return moment(int(time or "0"))
