"""Syncs against git reading the same history, on a bare copy that the bench may write to."""

from __future__ import annotations

import subprocess
from itertools import count
from pathlib import Path

from cells.models import Repository, SyncRun
from cells.repositories import known_as
from cells.sync import runs
from tests.bench.timing import Ratio, Work, by_turns
from tests.factories import source_of

PIECE = "reports/bench/piece_20260601T{:06}Z.md"


def sync(repository: Repository) -> Repository:
    """Read the source now; a bench of something that fails measures nothing."""
    run = runs.execute_now(repository, "bench")
    if run.state != SyncRun.DONE:
        raise RuntimeError(run.error)
    repository.refresh_from_db()
    return repository


def copy(source: Path, room: Path) -> Path:
    """A bare clone with all branches of a repository or bundle."""
    target = room / f"{source.stem}-copy.git"
    subprocess.run(["git", "clone", "--quiet", "--mirror", source, target], check=True)
    return target


def git(repository: Repository, *arguments: str) -> None:
    """Git's own work in the same mirror, its output thrown away."""
    command = ["git", "--git-dir", repository.mirror, *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def reading(source: Path, turns: int) -> list[Ratio]:
    """A full sync against `git log --raw -p --all`, and a sync of one new commit against the full sync."""
    repository = sync(known_as("grows", str(source)))
    numbers = count(1)

    def full() -> None:
        sync(known_as(f"full-{next(numbers)}", str(source)))

    def commit() -> None:
        number = next(numbers)
        source_of(repository).commit({PIECE.format(number): f"# Piece {number}\n"})

    log = Work("git log --raw -p --all", lambda: git(repository, "log", "--raw", "-p", "--all"))
    whole = Work("full sync", full)
    one = Work("sync of one new commit", lambda: sync(repository), before=commit)
    [against_log, grown] = by_turns(log, whole, one, turns=turns)
    return [against_log, Ratio(one.name, whole.name, grown.times, against_log.times)]


def nothing_new(source: Path, turns: int) -> list[Ratio]:
    """A sync that finds nothing new against `git rev-parse` of the branch."""
    repository = sync(known_as("quiet", str(source)))
    return by_turns(
        Work("git rev-parse", lambda: git(repository, "rev-parse", repository.branch)),
        Work("sync with nothing new", lambda: sync(repository)),
        turns=turns,
    )
