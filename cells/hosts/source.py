"""The source of a mirror: a bundle, a folder or a URL. Fetching never writes to it, pushing asks first."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pygit2

from cells.hosts.github.git import SECRET, environment
from cells.models.repository import Repository, without_secret
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.commands import GitFailed, create_mirror, git
from cells.ssot.mirror import Mirror

SOURCE_REFS = "refs/source/"
PULL_REFS = "refs/pulls/"  # heads of pull requests from forks, by number
# Git said what the other side thinks of it; without any of these it was not reached.
ANSWERED = re.compile(r"^remote:|rejected|denied|returned error: 4|unable to delete", re.MULTILINE)
# Another worker writes the same refs at this very moment.
BUSY = re.compile(r"cannot lock ref|unable to update local ref|File exists")
TRIES, PAUSE = 5, 0.4  # seconds between two
FETCH = ("--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")


class SourceUnreadable(Exception):
    """The source cannot be read now; `why` says what git said and what to do."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Pushed:
    """Whether the source took the commits, and the sentence when it did not."""

    ok: bool
    note: Sentence | None = None
    stale: bool = False  # the branch stands elsewhere than was expected
    away: bool = False  # the source could not be asked; another time it may take it


def fetch(repository: Repository, alive: Callable[[], None] = lambda: None) -> str:
    """Bring the source's branches into the mirror; returns the default branch's name ("" when empty).

    Raises SourceUnreadable. The mirror's own branch is not touched.
    """
    source = repository.source
    if not source or source.startswith("-"):
        raise SourceUnreadable(sentence("This repository has no source. Give one with --source."))
    if not (repository.head and repository.mirror.exists()):
        create_mirror(repository.mirror)
    try:
        let_in = environment(repository)
        secret = let_in.get(SECRET, "")
        asking = ("ls-remote", "--symref", "--end-of-options", source)
        out = git(repository.mirror, *asking, let_in=let_in, secret=secret)
        theirs = branches_in(out)
        if theirs and theirs != Mirror(repository.mirror).branches(SOURCE_REFS):
            _bring(repository, [f"+refs/heads/*:{SOURCE_REFS}*"], let_in, alive)
    except Refused as refused:
        raise SourceUnreadable(refused.why) from refused
    except GitFailed as said:
        raise SourceUnreadable(
            sentence(
                "The source %(source)s cannot be read: %(git)s",
                source=without_secret(source),
                git=_last_line(said),
            )
        ) from said
    return default_branch(out)


def fetch_pulls(
    repository: Repository, numbers: Iterable[int], alive: Callable[[], None] = lambda: None
) -> None:
    """Bring the heads of these pull requests into the mirror, as GitHub keeps them. Raises SourceUnreadable."""
    source, wanted = repository.source, [f"refs/pull/{number}/head" for number in numbers]
    try:
        let_in = environment(repository)
        secret = let_in.get(SECRET, "")
        told = git(
            repository.mirror, "ls-remote", "--end-of-options", source, *wanted, let_in=let_in, secret=secret
        )
        there = {
            name: name.split("/")[2] for name in re.findall(r"\t(refs/pull/[0-9]+/head)$", told, re.MULTILINE)
        }
        refspecs = [f"+{name}:{PULL_REFS}{number}" for name, number in there.items()]
        if refspecs:
            _bring(repository, refspecs, let_in, alive)
    except Refused as refused:
        raise SourceUnreadable(refused.why) from refused
    except GitFailed as said:
        why = sentence("The heads of pull requests cannot be fetched: %(git)s", git=_last_line(said))
        raise SourceUnreadable(why) from said


def _bring(
    repository: Repository, refspecs: list[str], let_in: dict[str, str], alive: Callable[[], None]
) -> None:
    """Fetch them; whoever fetches the same just now is waited for. Raises GitFailed."""
    fetching = ("fetch", *FETCH, "--end-of-options", repository.source, *refspecs)
    for left in reversed(range(TRIES)):
        try:
            git(repository.mirror, *fetching, let_in=let_in, secret=let_in.get(SECRET, ""), alive=alive)
            return
        except GitFailed as said:
            if not left or not BUSY.search(str(said)):
                raise
            time.sleep(PAUSE)


def branches_in(remote: str) -> dict[str, str]:
    """Branch name to tip, as `git ls-remote` prints them."""
    return {name: tip for tip, name in re.findall(r"^([0-9a-f]+)\trefs/heads/(.+)$", remote, re.MULTILINE)}


def default_branch(remote: str) -> str:
    """The branch HEAD names in `git ls-remote --symref`, else main, master, or the only one there is."""
    if head := re.search(r"^ref: refs/heads/(\S+)\tHEAD$", remote, re.MULTILINE):
        return head[1]
    names = re.findall(r"\trefs/heads/(\S+)$", remote, re.MULTILINE)
    usual = [name for name in ("main", "master") if name in names]
    return (usual or sorted(names) or [""])[0]


def push(repository: Repository, commit: str, expected: str) -> Pushed:
    """Bring `commit` to the source's branch, if that still stands at `expected`, which `commit` must contain.

    So it is always a fast-forward; a person's work tree is never touched.
    """
    if not expected:
        return Pushed(False, _with_advice(repository, sentence("The source has no such branch any more.")))
    if why := _takes_no_push(repository):
        return Pushed(False, why)
    ref = f"refs/heads/{repository.branch}"
    options = ("--porcelain", f"--force-with-lease={ref}:{expected}", "--end-of-options")
    try:
        pushing = ("push", *options, repository.source, f"{commit}:{ref}")
        let_in = environment(repository)
        git(repository.mirror, *pushing, let_in=let_in, secret=let_in.get(SECRET, ""), timeout=120)
    except Refused as refused:
        return Pushed(False, _with_advice(repository, refused.why))
    except GitFailed as said:
        why = sentence("The source did not take it: %(git)s", git=_last_line(said))
        return Pushed(False, _with_advice(repository, why))
    git(repository.mirror, "update-ref", SOURCE_REFS + repository.branch, commit)
    return Pushed(True)


def place(repository: Repository, branch: str, commit: str, expected: str) -> Pushed:
    """Put a branch of our own at the source on `commit` ("": delete it), if it still stands at `expected` ("": nowhere).

    Compared and moved in one step, so nothing that somebody else pushed there is lost. Done already is done.
    """
    ref = f"refs/heads/{branch}"
    try:
        let_in = environment(repository)
        secret = let_in.get(SECRET, "")
        options = (f"--force-with-lease={ref}:{expected}", "--end-of-options", repository.source)
        git(repository.mirror, "push", *options, f"{commit}:{ref}", let_in=let_in, secret=secret, timeout=120)
    except Refused as refused:
        return Pushed(False, refused.why, away=True)
    except GitFailed as said:
        if not commit and "remote ref does not exist" in str(said):
            return Pushed(True)
        why = sentence("The source did not take it: %(git)s", git=_last_line(said))
        return Pushed(False, why, stale="stale info" in str(said), away=not ANSWERED.search(str(said)))
    return Pushed(True)


def _takes_no_push(repository: Repository) -> Sentence | None:
    path = Path(repository.source)
    if not path.exists():
        return None
    if path.is_file():
        return _with_advice(repository, sentence("The source is a bundle, and a bundle takes no pushes."))
    if not os.access(path, os.W_OK):
        return _with_advice(repository, sentence("The source is read-only for this server."))
    try:
        local = pygit2.Repository(str(path))
    except pygit2.GitError:
        return None
    checked_out = not local.is_bare and local.references["HEAD"].target == f"refs/heads/{repository.branch}"
    if checked_out:
        return _with_advice(
            repository,
            sentence("The branch is checked out at the source, and a person's work tree is never touched."),
        )
    return None


def _with_advice(repository: Repository, why: Sentence) -> Sentence:
    return sentence(
        "%(why)s The commit is safe in the mirror; take it from there with: git pull %(mirror)s %(branch)s",
        why=why,
        mirror=str(repository.mirror),
        branch=repository.branch,
    )


def _last_line(said: GitFailed) -> str:
    lines = [line for line in str(said).splitlines() if line.strip()]
    telling = [
        line for line in lines if "rejected" in line or line.startswith(("fatal:", "error:", "remote:"))
    ] or lines
    return without_secret(telling[0])[:300] if telling else "no reason given"
