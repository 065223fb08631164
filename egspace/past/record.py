"""What the record holds of a past moment: the evidence that stood then, its cells, claims and conflicts, the tasks of the
STATE versions in force, and the proposals that waited. A fixed number of queries, whatever the moment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Min, Q

from cells.disagreements import CLAIM, MOST_RUNS, dated, fresh, run_links, shared_out
from cells.evidence.assign import CellIndex, cells_of
from cells.evidence.conflicts import Conflict, conflicts_of
from cells.models import Claim, Evidence, EvidenceCell, Patch, Repository, StateVersion
from cells.patches import life
from cells.ssot.mirror import Mirror
from cells.ssot.swarm import CellSpec, Swarm
from egspace.past.commits import Commit, History, Tree, tree_at
from egspace.reckoning.chapters import Book
from egspace.reckoning.description import index_of

Counts = tuple[int, int, datetime | None]  # fresh, all, newest
Tasks = tuple[int, int] | None  # open, all


@dataclass(frozen=True, slots=True)
class Piece:
    """One version of a piece of evidence that stood."""

    pk: int
    path: str
    observed_at: datetime
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a STATE document or of a section of it."""

    pk: int
    seq: int
    path: str
    section: str
    at: datetime
    blob: str
    open: int
    all: int
    of_cell: bool


class Past:
    """One repository at one commit. `swarm` is the one described then."""

    def __init__(self, repository: Repository, read: History, commit: Commit, swarm: Swarm) -> None:
        self.repository, self.read, self.commit, self.swarm = repository, read, commit, swarm
        self.is_now = commit.seq == len(read.commits) - 1
        self.mirror = Mirror(read.mirror)
        self.tree: Tree = tree_at(self.mirror, commit.commit)
        self.index: CellIndex = index_of(swarm)

    def _seq(self, commit: str) -> int | None:
        """None: not in this history, or later than the moment."""
        seq = self.read.seqs.get(commit)
        return None if seq is None or seq > self.commit.seq else seq

    @cached_property
    def pieces(self) -> dict[int, Piece]:
        """The evidence of the tree, by the row that brought these bytes last."""
        rows = Evidence.objects.filter(
            repository=self.repository, source=Evidence.SSOT,
            committed_at__lte=self.read.latest[self.commit.seq],
        ).order_by("pk")  # fmt: skip
        found: dict[str, tuple[int, Piece]] = {}
        values = rows.values_list("pk", "path", "observed_at", "placed_by_hand", "blob", "commit")
        for pk, path, observed, by_hand, blob, commit in values.iterator():
            seq = self._seq(commit) if self.tree.get(path) == blob else None
            if seq is not None and seq >= found.get(path, (0,))[0]:
                found[path] = seq, Piece(pk, path, observed, by_hand)
        return {piece.pk: piece for _, piece in found.values()}

    @cached_property
    def now(self) -> datetime:
        """The newest honest evidence of the moment, else the commit itself; see `health.as_of`."""
        flagged = Evidence.objects.filter(repository=self.repository).exclude(flags=[])
        later = {
            pk
            for pk, flags in flagged.values_list("pk", "flags")
            if any(flag["code"] == "future" for flag in flags)
        }
        honest = [piece.observed_at for pk, piece in self.pieces.items() if pk not in later]
        return max(honest, default=self.commit.at)

    @cached_property
    def cells(self) -> dict[str, list[str]]:
        """Path to the keys of its cells: a person's word, else what the swarm and the path say, else what was read in it."""
        known = self.index.keys
        words, by_text = self._words(), self._by_text()
        found = {}
        for piece in self.pieces.values():
            said = words.get(piece.path)
            # A word that spoke only of cells there were not yet holds not yet; "of no cell" holds always.
            if said is not None and (not said or said & known):
                found[piece.path] = sorted(said & known)
            else:
                keys = [match.key for match in cells_of(piece.path, "", self.index)]
                found[piece.path] = keys or sorted(by_text[piece.pk] & known)
        return found

    def _words(self) -> dict[str, set[str]]:
        """Path to the cells a person gave it: at its version of the moment, or at a later one."""
        rows = Evidence.objects.filter(
            repository=self.repository, source=Evidence.SSOT, placed_by_hand=True
        ).order_by("pk")
        standing = {piece.path: piece.pk for piece in self.pieces.values()}
        newest: dict[str, tuple[int, set[str]]] = {}
        for pk, path, key in rows.values_list("pk", "path", "cells__key"):
            if pk < standing.get(path, pk):
                continue
            if newest.get(path, (0,))[0] != pk:
                newest[path] = pk, set()
            if key:
                newest[path][1].add(key)
        return {path: keys for path, (_, keys) in newest.items()}

    def _by_text(self) -> defaultdict[int, set[str]]:
        found: defaultdict[int, set[str]] = defaultdict(set)
        rows = EvidenceCell.objects.filter(evidence__repository=self.repository, why="text")
        for pk, key in rows.values_list("evidence", "cell__key"):
            found[pk].add(key)
        return found

    def counts(self) -> dict[str, Counts]:
        """Cell key to how much evidence it had, how much of it fresh, and from when the newest was."""
        seen: defaultdict[str, list[datetime]] = defaultdict(list)
        for piece in self.pieces.values():
            for key in self.cells[piece.path]:
                seen[key].append(piece.observed_at)
        since = self.now - fresh()
        return {
            key: (sum(since <= at <= self.now for at in ats), len(ats), max(ats)) for key, ats in seen.items()
        }

    @cached_property
    def versions(self) -> list[Version]:
        """Every STATE version up to the moment, in the order of the commits."""
        rows = StateVersion.objects.filter(repository=self.repository).order_by("pk")
        names = ("pk", "path", "section", "committed_at", "blob", "open_tasks", "all_tasks", "cell", "commit")
        found = [
            Version(pk, seq, path, section, at, blob, open_, all_, cell is not None)
            for pk, path, section, at, blob, open_, all_, cell, commit in rows.values_list(*names)
            if (seq := self._seq(commit)) is not None
        ]
        return sorted(found, key=lambda version: (version.seq, version.pk))

    def tasks(self, before: datetime) -> dict[str, tuple[Tasks, Tasks]]:
        """Cell key to the tasks of its STATE at the moment, and of the version in force at a time before."""
        by_place: defaultdict[tuple[str, str], list[Version]] = defaultdict(list)
        for version in self.versions:
            by_place[version.path, version.section].append(version)
        book = Book(self.mirror)
        return {
            cell.key: _tasks(by_place[cell.state, cell.state_section], before, self.tree)
            or (self._read(book, cell), None)
            for cell in self.swarm.cells
            if cell.state
        }

    def _read(self, book: Book, cell: CellSpec) -> Tasks:
        """Of a document nobody keeps versions of any more: from git."""
        if cell.state not in self.tree:
            return None
        facts = book.state(self.tree[cell.state], cell.state_section).facts
        done = [bool(fact.data.get("done")) for fact in facts if fact.kind == "task"]
        return (done.count(False), len(done)) if done else None

    def conflicts(self) -> Mapping[str, list[Conflict]]:
        """Cell key to the conflicts between the claims of the evidence that was fresh then."""
        rows = Claim.objects.filter(
            evidence__repository=self.repository, evidence__observed_at__gte=self.now - fresh(),
            evidence__committed_at__lte=self.read.latest[self.commit.seq],
        )  # fmt: skip
        told = (row for pk, *row in rows.values_list("evidence", *CLAIM) if pk in self.pieces)
        documents = {version.path: version for version in self.versions if not version.of_cell}
        standing = {one.pk for one in documents.values() if one.blob and one.path in self.tree}
        links = (fact for fact in run_links(self.repository) if fact.version_id in standing)
        found = conflicts_of(dated(told, links))
        keys = self.index.keys
        runs = sorted({one.subject for one in found} - keys)[:MOST_RUNS]
        about = {path: set(cells) for path, cells in self.cells.items()}
        about |= {run: self._of_run(run) for run in runs}
        return shared_out(found, keys, about)

    def _of_run(self, run: str) -> set[str]:
        return {key for path, keys in self.cells.items() if f"/{run}" in path for key in keys}

    @cached_property
    def waiting(self) -> list[int]:
        """Ids of the patches that waited for a decision."""
        rows = Patch.objects.filter(repository=self.repository)
        if self.is_now:
            return list(rows.filter(state=life.PROPOSED).values_list("pk", flat=True))
        until = self.commit.at
        rows = rows.annotate(decided=Min("reviews__at", filter=Q(reviews__void__isnull=True))).filter(
            Q(state=life.PROPOSED) | (Q(state_at__gt=until) & (Q(decided=None) | Q(decided__gt=until))),
            authored_at__lte=until,
        )
        return [pk for pk, commit in rows.values_list("pk", "commit") if self._seq(commit) is None]

    def waiting_by_cell(self, gone: set[str]) -> Counter[str]:
        """Cell key to how many patches waited. Of cells that are `gone` today, only the paths can tell."""
        rows = Patch.objects.filter(pk__in=self.waiting)
        told = {(pk, key) for pk, key in rows.values_list("pk", "cells__key") if key in self.index.keys}
        if gone:
            told |= {
                (pk, match.key)
                for pk, files in rows.values_list("pk", "files")
                for file in files[:200]
                for match in cells_of(file["path"], "", self.index)
                if match.key in gone
            }
        return Counter(key for _, key in told)


def _tasks(versions: Iterable[Version], before: datetime, tree: Tree) -> tuple[Tasks, Tasks] | None:
    """None when nothing is known of the document; the rules of `health`, for any moment."""
    known = list(versions)
    if not known:
        return None
    last = known[-1]
    now = (last.open, last.all) if last.all and last.blob and last.path in tree else None
    past = [one for one in known if one.at <= before and one.all]
    earlier = max(past, key=lambda one: (one.at, one.pk), default=None)
    return now, (earlier.open, earlier.all) if earlier else None
