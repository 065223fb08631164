"""What came to main without passing here: noticed when main is read, once, and listed until a person has read it.

Main is read along its first parents: a merge stands for what it merged. When the source rewrote main, what came with the
new history is told from what only has a new name by what each commit changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import QuerySet

from cells import audit
from cells.models import OutsideCommit, Patch, Repository
from cells.patches import life, traces
from cells.patches.change import clean
from cells.patches.traces import is_landing, patch_id
from cells.placing import Placer
from cells.sentences import sentence
from cells.ssot import commit as commits
from cells.ssot.mirror import Change, Mirror, Step, decoded
from cells.sync.reading import Reading

MOST = 200  # rows of one reading
FILES = 50  # paths a row holds
BATCH = 500
# A worker may have died, or still be at work, between the commit and its record.
ON_ITS_WAY = (life.APPROVED, life.LANDING, life.FAILED)


@dataclass(slots=True)
class Came:
    """`new` on main since the last reading, oldest first; `renamed` and `gone` since its history was rewritten."""

    new: list[Step]
    renamed: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


def read(reading: Reading) -> None:
    """Notice what did not pass here. The first reading notices nothing: what it finds was there before."""
    old, mirror = reading.repository.head, reading.mirror
    if not old or old == reading.head:
        return
    if not mirror.has(old):
        reading.problems.append(
            sentence(
                "The mirror does not hold what main was at the last reading, so it cannot be told what landed outside since."
            )
        )
        return
    came = _came(mirror, old, reading.head)
    steps = _outside(reading, came.new)
    with transaction.atomic():
        _follow(reading.repository, came)
        _list(reading, steps)


def passed_here(repository: Repository, mirror: Mirror, commit: str) -> bool:
    """Whether a commit of main is what landing one of our patches made: its trailer names it, and it changes just that.

    Anybody can write a trailer, so what it says is only where to look.
    """
    merged = Patch.objects.filter(repository=repository, state=life.LANDED, commit=commit)
    # GitHub may have made something else of it than what was approved: that landed, and did not pass here.
    if (landed := merged.filter(pull__merge_commit=commit).first()) and traces.before(mirror, landed, commit):
        return True
    value = commits.trailer(mirror, commit, "Patch-Id")
    number = value.partition("-")[0]
    rows = Patch.objects.filter(repository=repository, state__in=(life.LANDED, *ON_ITS_WAY))
    patch = rows.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
    if patch is None or patch_id(patch) != value:
        return False
    if patch.state == life.LANDED and patch.commit != commit:
        return False
    return is_landing(mirror, patch, commit)


def _came(mirror: Mirror, old: str, head: str) -> Came:
    if mirror.is_ancestor(old, head):
        return Came(list(mirror.history(old, head)))
    base = mirror.merge_base(old, head)
    gone = list(mirror.history(base, old))
    names: defaultdict[frozenset[Change], list[str]] = defaultdict(list)
    for step in reversed(gone):
        names[frozenset(step.changes)].append(step.commit)
    came = Came([], gone={step.commit for step in gone})
    for step in mirror.history(base, head):
        if before := names[frozenset(step.changes)]:
            came.renamed[before.pop()] = step.commit
        else:
            came.new.append(step)
    return came


def _outside(reading: Reading, steps: list[Step]) -> list[Step]:
    """The newest of the steps that did not pass here, oldest first; a sentence when older ones were not looked at."""
    found: list[Step] = []
    for number, step in enumerate(reversed(steps)):
        if len(found) == MOST:
            reading.problems.append(
                sentence(
                    "%(count)s commits came to main at once; of those that landed outside, the newest %(most)s are listed.",
                    count=len(steps), most=MOST,
                )
            )  # fmt: skip
            break
        reading.progress("outside", number, len(steps))
        if not passed_here(reading.repository, reading.mirror, step.commit):
            found.append(step)
    return found[::-1]


def _follow(repository: Repository, came: Came) -> None:
    """After a rewrite: rows go by the new names; what is on main no longer needs no reader. What was read is kept."""
    rows = OutsideCommit.objects.filter(repository=repository)
    for row in _among(rows, came.gone):
        now = came.renamed.get(row.commit)
        if now and not rows.filter(commit=now).exists():
            rows.filter(pk=row.pk).update(commit=now)
        elif row.read_at is None:
            audit.record(
                actor="sync", verb="drop", subject=row, repository=repository.key,
                before={"commit": row.commit, "subject": row.subject},
            )  # fmt: skip
            row.delete()


def _list(reading: Reading, steps: list[Step]) -> None:
    """A row for each that has none."""
    repository = reading.repository
    rows = OutsideCommit.objects.filter(repository=repository)
    known = {row.commit for row in _among(rows, {step.commit for step in steps})}
    placer = Placer(repository) if len(known) < len(steps) else None
    for step in steps:
        if placer is None or step.commit in known:
            continue
        row = _row(reading, step)
        row.save()
        cells, _ = placer.touched([{"path": clean(change.path)} for change in step.changes], row.subject)
        row.cells.set(cells)
        audit.record(
            actor="sync", verb="notice", subject=row, repository=repository.key,
            after={"commit": row.commit, "subject": row.subject, "author": row.author_name},
        )  # fmt: skip
        reading.count("outside")


def _row(reading: Reading, step: Step) -> OutsideCommit:
    commit = reading.mirror.commit(step.commit)
    subject = clean(decoded(commit, commit.raw_message)).strip().partition("\n")[0]
    return OutsideCommit(
        repository=reading.repository, commit=step.commit, subject=subject[:300], committed_at=step.at,
        author_name=clean(commits.author_of(commit).name)[:200],
        files=[clean(change.path) for change in step.changes[:FILES]],
    )  # fmt: skip


def _among(rows: QuerySet[OutsideCommit], names: set[str]) -> Iterator[OutsideCommit]:
    """The rows of these commits."""
    some = sorted(names)
    for start in range(0, len(some), BATCH):
        yield from rows.filter(commit__in=some[start : start + BATCH])
