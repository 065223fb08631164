"""What git remembers of proposals: the pull requests on main, and the branches beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pygit2

from cells.patches import change
from cells.patches.known import first_parents, number_of, subject_of
from cells.ssot.mirror import Mirror, decoded


@dataclass(frozen=True, slots=True)
class Found:
    """A proposal in git: `commit` against `base` ("" for a first commit). `at` is an epoch second.

    `ref` is the branch that holds the commit: main for what was merged.
    """

    pr: int | None
    title: str
    ref: str
    base: str
    commit: str
    merged: bool
    at: int


def pull_requests(mirror: Mirror, main: str, tip: str) -> list[Found]:
    """Squash commits "… (#12)" and merge commits "Merge pull request #12 …" of the branch, oldest first."""
    found = []
    for commit in first_parents(mirror, tip):
        subject = change.clean(subject_of(commit))
        number = number_of(subject)
        if number is not None:
            parents = commit.parent_ids
            base = str(parents[0]) if parents else ""
            title = _title(change.clean(decoded(commit, commit.raw_message)), subject, number)
            found.append(Found(number, title, main, base, str(commit.id), True, commit.commit_time))
    return found[::-1]


def _title(message: str, subject: str, number: int) -> str:
    """What its author called it: the body's first line under a merge, else the subject without the number."""
    if subject.startswith("Merge pull request"):
        body = message.strip().partition("\n")[2].strip()
        return body.partition("\n")[0] or subject
    return subject.removesuffix(f"(#{number})").rstrip()


def branches(mirror: Mirror, main: str, tip: str) -> Iterator[Found]:
    """Every branch of the source but main, by name, against where it left main; one git cannot read has no base."""
    for name, head in sorted(mirror.branches().items()):
        if name != main:
            try:
                yield _branch(mirror, name, tip, head)
            except (LookupError, ValueError, pygit2.GitError):
                yield Found(None, "", change.clean(name), "", head, False, 0)


def _branch(mirror: Mirror, name: str, tip: str, head: str) -> Found:
    commit = mirror.commit(head)
    base = mirror.merge_base(tip, head)
    title = change.clean(subject_of(commit))
    return Found(None, title, change.clean(name), base, head, False, commit.author.time)
