"""What exists, so that a citation can be checked: paths, runs, pull requests and commits of one moment."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path

import pygit2

from cells.contract.case import Citation
from cells.ssot.mirror import Mirror, decoded

MOST_PATHS = 20  # of one run: enough to see what it left behind
_SQUASHED = re.compile(r"\(#(\d{1,9})\)$")
_MERGED = re.compile(r"^Merge pull request #(\d{1,9})(?!\d)")
_PATTERN = re.compile(r"[*?<>{}\[\]…]")
_HASH = re.compile(r"[0-9a-f]{7,40}")

Entry = tuple[str, pygit2.Oid | None]  # a name, and the tree it stands for if it is a folder


@dataclass(frozen=True, slots=True)
class Past:
    """What all of a branch's history says: pull request numbers of its subjects, folders its root ever held."""

    pull_requests: frozenset[int] = frozenset()
    folders: frozenset[str] = frozenset()


class Trees:
    """The trees of one mirror, each read once: the commits of a history share most of theirs."""

    def __init__(self, mirror: Mirror) -> None:
        self.repo = mirror.repo
        self._read: dict[pygit2.Oid, tuple[Entry, ...]] = {}

    def has(self, commit: str, path: str) -> bool:
        """Whether a file or folder stands there."""
        try:
            return path in self.repo[commit].peel(pygit2.Tree)
        except (KeyError, ValueError, pygit2.GitError):
            return False

    def naming(self, commit: str, word: str) -> Iterator[str]:
        """Paths of the files below (or at) every name that contains the word."""
        if commit:
            yield from self._below(self.repo[commit].peel(pygit2.Tree).id, lambda name: word in name)

    def _below(self, root: pygit2.Oid, wanted: Callable[[str], bool]) -> Iterator[str]:
        rest: list[tuple[str, pygit2.Oid, bool]] = [("", root, False)]
        while rest:
            folder, tree, inside = rest.pop()
            for name, below in self._entries(tree):
                found = inside or wanted(name)
                if below is not None:
                    rest.append((f"{folder}{name}/", below, found))
                elif found:
                    yield folder + name

    def _entries(self, tree: pygit2.Oid) -> tuple[Entry, ...]:
        if tree not in self._read:
            found = self.repo.get(tree)
            entries = found if isinstance(found, pygit2.Tree) else ()
            self._read[tree] = tuple(
                (entry.name or "", entry.id if isinstance(entry, pygit2.Tree) else None) for entry in entries
            )
        return self._read[tree]


@dataclass(frozen=True, slots=True)
class Known:
    """What stood at `commit` (""= nothing), and what `past` and another record of the project add to it.

    `pull_requests` is None when nobody could list them. `elsewhere` maps paths that git does not hold here to the
    epoch second they first stood; those later than `at` are not there yet. `own` are the proposal's own new paths.
    """

    trees: Trees
    commit: str
    pull_requests: frozenset[int] | None = None
    folders: frozenset[str] = frozenset()
    elsewhere: Mapping[str, float] = field(default_factory=dict)
    at: float = float("inf")
    own: frozenset[str] = frozenset()

    def resolved(self, citations: Iterable[Citation]) -> tuple[Citation, ...]:
        """The citations with `exists` filled in; each target is looked for once."""
        found: dict[tuple[str, str, str], bool | None] = {}
        answers = []
        for cited in citations:
            folder = folder_of(cited)
            key = (cited.kind, cited.target, folder if cited.kind == "path" else "")
            if key not in found:
                found[key] = self.exists(cited, folder)
            answers.append(Citation(cited.kind, cited.target, cited.place, found[key]))
        return tuple(answers)

    def exists(self, cited: Citation, folder: str = "") -> bool | None:
        """True, False, or None when nobody could tell; `folder` is where the citing document stands."""
        if cited.kind == "path":
            return self._path(cited.target, folder)
        if cited.kind == "run":
            return self._run(cited.target)
        if cited.kind == "pull_request":
            return self._pull_request(cited.target)
        return self._commit(cited.target)

    def of_run(self, run: str) -> list[str]:
        """Some paths that name the run, the proposal's own first."""
        ours = sorted(path for path in self.own if run in path)
        return list(islice((*ours, *islice(self.trees.naming(self.commit, run), MOST_PATHS)), MOST_PATHS))

    def path_of(self, target: str, folder: str) -> str:
        """The path a citation means, from the root or from its document's folder; "" when neither is there."""
        for path in (posixpath.normpath(target), posixpath.normpath(posixpath.join(folder, target))):
            if self._stands(path):
                return path
        return ""

    def _path(self, target: str, folder: str) -> bool | None:
        if self.path_of(target, folder):
            return True
        top, slash, _ = posixpath.normpath(target).partition("/")
        # A pattern names many files, a bare name may stand anywhere, an unknown folder may be another repository's.
        if _PATTERN.search(target) or not slash or top not in self.folders:
            return None
        return False

    def _stands(self, path: str) -> bool:
        return (
            path in self.own
            or any(own.startswith(path + "/") for own in self.own)
            or self.elsewhere.get(path, float("inf")) < self.at
            or (bool(self.commit) and self.trees.has(self.commit, path))
        )

    def _run(self, target: str) -> bool | None:
        if self.of_run(target):
            return True
        # A bare number is a job of the hosted runner: git never holds those.
        return None if target.isdecimal() else False

    def _pull_request(self, target: str) -> bool | None:
        digits = target.lstrip("#")
        if not self.pull_requests or not digits.isdecimal() or len(digits) > 9:
            return None
        if int(digits) in self.pull_requests:
            return True
        # Issues and undecided pull requests take numbers too, and main tells of neither.
        return None if int(digits) < max(self.pull_requests) else False

    def _commit(self, target: str) -> bool | None:
        if not _HASH.fullmatch(target.lower()):
            return None
        try:
            return isinstance(self.trees.repo.get(target.lower()), pygit2.Commit)
        except ValueError:  # several objects begin like this
            return None


def document_of(cited: Citation) -> str:
    """The path of the document that cites, without the line; "" for a rationale."""
    path, _, line = cited.place.rpartition(":")
    return path if path and line.isdecimal() else cited.place


def folder_of(cited: Citation) -> str:
    """The folder of the document that cites; "" for one at the root and for a rationale."""
    return posixpath.dirname(document_of(cited))


def number_of(subject: str) -> int | None:
    """The pull request a commit of main says it is: "… (#12)" or "Merge pull request #12 …"."""
    found = _MERGED.search(subject) or _SQUASHED.search(subject.rstrip())
    return int(found[1]) if found else None


def first_parents(mirror: Mirror, tip: str) -> Iterator[pygit2.Commit]:
    """The branch's own commits, newest first; ends where git holds no more."""
    while tip:
        commit = mirror.commit(tip)
        yield commit
        parents = commit.parent_ids
        tip = str(parents[0]) if parents and mirror.has(str(parents[0])) else ""


def subject_of(commit: pygit2.Commit) -> str:
    """The first line of its message."""
    return decoded(commit, commit.raw_message).strip().partition("\n")[0]


def past(mirror: Mirror, tip: str) -> Past:
    """What the branch's history says. Costs a walk over it, once per tip."""
    return _past(mirror.path, tip) if tip else Past()


@lru_cache(maxsize=16)
def _past(path: Path, tip: str) -> Past:
    numbers, folders = set(), set()
    last = None
    for commit in first_parents(Mirror(path), tip):
        numbers.add(number_of(subject_of(commit)))
        if commit.tree_id != last:
            last = commit.tree_id
            folders |= {entry.name or "" for entry in commit.tree if isinstance(entry, pygit2.Tree)}
    return Past(frozenset(number for number in numbers if number is not None), frozenset(folders))
