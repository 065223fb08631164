"""The first-parent history of a branch: its commits in order, and the swarm that each of them described. From git alone,
so what was read once is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TypeAlias

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from cells.models import Repository
from cells.refusals import Refused
from cells.sentences import sentence
from cells.ssot.mirror import Change, Mirror, Step, decoded
from cells.ssot.swarm import Swarm
from cells.sync.reading import unreadable
from cells.sync.swarm import declared_in
from egspace.reckoning.chapters import Book
from egspace.reckoning.description import touches

MOST, NEWEST = 2000, 500  # so many commits are shown whole; of more the newest, and before them one a week
SHORTEST = 7  # digits that name a commit

Tree: TypeAlias = dict[str, str]  # path to blob


class NoMoment(Refused):
    """Nothing in the branch's history has this name."""

    status = 404


@dataclass(frozen=True, slots=True)
class Commit:
    """`seq` numbers the first-parent commits from 0; `paths` are those it changed."""

    seq: int
    commit: str
    at: datetime
    subject: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """All commits up to `head`, oldest first. `latest` holds the latest time any commit so far has had."""

    mirror: Path
    commits: tuple[Commit, ...]
    seqs: dict[str, int] = field(repr=False)
    latest: tuple[datetime, ...] = field(repr=False)

    def __hash__(self) -> int:
        return hash((self.mirror, self.commits[-1].commit if self.commits else ""))

    def shown(self) -> tuple[int, ...]:
        """The commits a person can step through: all, or the newest and before them the last one of each week."""
        count = len(self.commits)
        if count <= MOST:
            return tuple(range(count))
        return tuple(seq for seq in self.weeks() if seq < count - NEWEST) + tuple(
            range(count - NEWEST, count)
        )

    def weeks(self) -> tuple[int, ...]:
        """The last commit of each week, as the calendar of ISO 8601 counts them; in the order of history."""
        weeks = [at.isocalendar()[:2] for at in self.latest]
        ends = [seq for seq, (one, other) in enumerate(pairwise(weeks)) if one != other]
        return (*ends, len(weeks) - 1) if weeks else ()


def history(repository: Repository) -> History:
    """The commits that have been read."""
    return _history(repository.mirror, repository.head)


def seq_of(repository: Repository, commit: str) -> int:
    """Its place in the first-parent history, the oldest is 0. Raises NoMoment."""
    found = history(repository).seqs.get(commit)
    if found is None:
        raise _unknown(commit)
    return found


def find(repository: Repository, name: str) -> Commit:
    """By its id or the first digits of it; a date or time names the last commit until then. Raises NoMoment."""
    read, name = history(repository), name.strip()[:100]
    if len(name) >= SHORTEST and set(name.lower()) <= set("0123456789abcdef"):
        found = [seq for commit, seq in read.seqs.items() if commit.startswith(name.lower())]
        if len(found) == 1:
            return read.commits[found[0]]
        if found:
            raise NoMoment(sentence("“%(name)s” begins the names of several commits.", name=name))
    until = _until(name)
    if until is None:
        raise _unknown(name)
    seqs = [one.seq for one in read.commits if one.at <= until]
    if not seqs:
        raise NoMoment(sentence("The repository has no commit as old as %(name)s.", name=name))
    return read.commits[seqs[-1]]


def _unknown(name: str) -> NoMoment:
    return NoMoment(sentence("No commit of the branch and no date is called “%(name)s”.", name=name or "–"))


def _until(name: str) -> datetime | None:
    """The end of a day, or the moment itself; in the reader's time zone when it names none."""
    try:
        day = parse_date(name)
        written = parse_datetime(name) if day is None else _end_of(day)
        if written is None:
            return None
        return written if timezone.is_aware(written) else timezone.make_aware(written)
    except (ValueError, OverflowError):
        return None


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max)


@lru_cache(maxsize=8)
def _history(mirror: Path, head: str) -> History:
    if not head:
        return History(mirror, (), {}, ())
    opened = Mirror(mirror)
    commits = tuple(_commit(opened, seq, step) for seq, step in enumerate(opened.history("", head)))
    latest = tuple(accumulate((one.at for one in commits), max))
    return History(mirror, commits, {one.commit: one.seq for one in commits}, latest)


def _commit(mirror: Mirror, seq: int, step: Step) -> Commit:
    found = mirror.commit(step.commit)
    subject = decoded(found, found.raw_message).strip().partition("\n")[0]
    return Commit(seq, step.commit, step.at, subject, tuple(change.path for change in step.changes))


@dataclass(frozen=True)
class Told:
    """The swarm of each commit by `seq`; `guessed` are those that have to be looked at once more, because only the
    commits that are shown were read with all their documents."""

    swarms: tuple[Swarm, ...]
    guessed: frozenset[int]

    def slots(self) -> list[tuple[str, str]]:
        """(lane, cell) of every cell there ever was, in the order in which they appeared."""
        swarms = {id(swarm): swarm for swarm in self.swarms}.values()
        return list(dict.fromkeys((cell.lane, cell.key) for swarm in swarms for cell in swarm.cells))


def swarm_at(read: History, seq: int) -> Swarm:
    """What the repository described at a commit; a broken swarm.toml keeps the last good one before it."""
    known = told(read)
    if seq not in known.guessed:
        return known.swarms[seq]
    mirror = Mirror(read.mirror)
    return Book(mirror).describer().at(tree_at(mirror, read.commits[seq].commit), known.swarms[seq])


def tree_at(mirror: Mirror, commit: str) -> Tree:
    """What stands at a commit and can be read."""
    return {path: one.blob for path, one in mirror.files(commit).items() if not unreadable(path, one)}


@lru_cache(maxsize=8)
def told(read: History) -> Told:
    """One walk through the history. A swarm.toml is read whenever it changes; the documents that stand in for one
    only at the commits that are shown."""
    mirror = Mirror(read.mirror)
    describer, shown = Book(mirror).describer(), frozenset(read.shown())
    tree: Tree = {}
    named: set[str] = set()  # the swarm.toml files that stand
    swarm, stale = Swarm(), False
    swarms, guessed = [], []
    head = read.commits[-1].commit if read.commits else ""
    for seq, step in enumerate(mirror.history("", head) if head else ()):
        paths = [change.path for change in step.changes]
        declares = declared_in(paths)
        if declares and stale:  # this may break it: then the last good one is needed
            swarm = describer.at(tree, swarm)
        _turn(tree, step.changes)
        named = {path for path in named.union(declares) if path in tree}
        stale = not declares and (stale or (not named and touches(paths)))
        if declares or (stale and seq in shown):
            swarm, stale = describer.at(tree, swarm), False
        swarms.append(swarm)
        if stale:
            guessed.append(seq)
    return Told(tuple(swarms), frozenset(guessed))


def _turn(tree: Tree, changes: Iterable[Change]) -> None:
    for change in changes:
        if change.blob and not unreadable(change.path, change):
            tree[change.path] = change.blob
        else:
            tree.pop(change.path, None)
