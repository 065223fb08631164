"""The demo swarm as a real bare git repository: the year on main, and the branches that wait."""

from __future__ import annotations

import tempfile
from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pygit2

from cells.demo.clock import Clock
from cells.demo.commits import Commit
from cells.demo.company import Company, aoba
from cells.demo.objects import Writer
from cells.demo.proposal_edits import Base, Proposal
from cells.demo.proposals import WAITING
from cells.demo.year import year

Progress = Callable[[int, int], None]
# How long a side branch that came to main had waited.
REVIEWED_AFTER = timedelta(minutes=37)


def write_demo(
    target: Path, now: datetime, progress: Progress | None = None, *, replace: bool = False
) -> Path:
    """Write the demo to `target` (a bare repository, branch main) and return it.

    The same aware `now` gives the same commits. `progress(done, total)` is called after each
    commit. Everything is written beside the target and moved there at the end, so an interrupted
    run leaves no half-made repository. FileExistsError when `target` exists, unless `replace` is
    set and it is a bare repository; ValueError for a `now` without a zone.
    """
    if now.tzinfo is None:
        raise ValueError("The demo needs to know which zone `now` is in.")
    if target.exists() and not (replace and is_bare_repository(target)):
        raise FileExistsError(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{target.name}.", dir=target.parent, ignore_cleanup_errors=True
    ) as room:
        made = Path(room) / "new.git"
        _Story(made, aoba(), Clock(now), progress).write()
        if target.exists():
            target.rename(Path(room) / "old.git")
        made.rename(target)
    return target


def is_bare_repository(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir()


class _Story:
    """Commits in order, remembering which commit main was at, so that branches start where they should."""

    def __init__(self, path: Path, company: Company, clock: Clock, progress: Progress | None) -> None:
        self.writer = Writer(path)
        self.company, self.clock = company, clock
        self.progress = progress or (lambda done, total: None)
        self.moments: list[datetime] = []
        self.tips: list[pygit2.Oid] = []

    def write(self) -> None:
        commits = year(self.company, self.clock)
        total = len(commits) + len(WAITING)
        for done, commit in enumerate(commits, start=1):
            self._main(commit)
            self.progress(done, total)
        self.writer.branch("main", self.tips[-1])
        # Oldest first: a newer proposal never depends on an older one, but logs read better.
        for done, proposal in enumerate(sorted(WAITING, key=lambda p: -p.age), start=len(commits) + 1):
            self._propose(proposal)
            self.progress(done, total)
        self.writer.finish()

    def _main(self, commit: Commit) -> None:
        parents = self.tips[-1:]
        who = self._author(commit.author)
        if commit.branch:
            side_at = commit.at - REVIEWED_AFTER
            base = self._tip(side_at)
            side = self.writer.commit([base], commit.changes, who, side_at, commit.message)
            self.writer.branch(commit.branch, side)
            if commit.landed == "merge":
                parents = [*parents, side]
        message = f"Merge branch '{commit.branch}'\n" if commit.landed == "merge" else commit.message
        oid = self.writer.commit(parents, commit.changes, who, commit.at, message)
        self.moments.append(commit.at)
        self.tips.append(oid)

    def _propose(self, proposal: Proposal) -> None:
        at = self.clock.ago(proposal.age)
        tip = self._tip(at)
        base = Base(
            self.company,
            self.clock,
            proposal.age,
            read=lambda path: self.writer.read(tip, path).decode(),
            below=lambda folder: self.writer.paths(tip, folder),
        )
        changes = proposal.make(base)
        message = proposal.message(base, changes)
        commit = self.writer.commit([tip], changes, self._author(proposal.author), at, message)
        self.writer.branch(proposal.branch.format(stamp=base.stamp), commit)

    def _tip(self, at: datetime) -> pygit2.Oid:
        return self.tips[max(bisect_right(self.moments, at) - 1, 0)]

    def _author(self, key: str) -> tuple[str, str]:
        name, mail, _ = self.company.facts["people"][key]
        return name, mail
