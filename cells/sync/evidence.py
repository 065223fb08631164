"""Evidence files into rows: every version once, with kind, time, cells, lane, flags and claims."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Max, QuerySet

from cells.evidence.reading import EvidenceReading, read_evidence
from cells.models import Claim, Evidence, EvidenceCell, Lane, Project
from cells.placing import index_of
from cells.ssot.mirror import READ_LIMIT, Change, Step
from cells.sync.reading import Reading

BATCH = 200


def read(reading: Reading) -> None:
    """New versions since the last reading; files the swarm newly names; assignments when the swarm changed."""
    reader = Reader(reading)
    if not reading.old:
        reader.claim_again()
    reader.add([row for row in reading.changes() if reader.is_evidence(row[1].path)])
    if reading.swarm_changed or not reading.old:
        known = set(reader.current().values_list("path", flat=True))
        missing = sorted(path for path in reading.files if reader.is_evidence(path) and path not in known)
        for start in range(0, len(missing), BATCH):
            steps = reading.mirror.history("", reading.head, missing[start : start + BATCH])
            reader.add([(step, change) for step in steps for change in step.changes])
        reader.reassign()
        stale = [row.pk for row in reader.current().only("pk", "path") if row.path not in reading.files]
        for start in range(0, len(stale), BATCH):
            Evidence.objects.filter(pk__in=stale[start : start + BATCH]).update(current=False)
    reading.repository.newest_evidence_at = _honest(reader.current()).aggregate(at=Max("observed_at"))["at"]


def _honest(rows: QuerySet[Evidence]) -> QuerySet[Evidence]:
    """Without those that claim a time later than their commit."""
    later = [
        row.pk
        for row in rows.exclude(flags=[]).only("pk", "flags")
        if any(f["code"] == "future" for f in row.flags)
    ]
    return rows.exclude(pk__in=later)


class Reader:
    """The hints of the swarm, compiled once for a run."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.repository = reading.repository
        self.cells = {cell.key: cell for cell in self.repository.cells.select_related("lane")}
        self.lanes = {lane.key: lane for lane in self.repository.lanes.all()}
        self.projects = {project.key: project for project in self.repository.projects.all()}
        self.placed: set[int] = set()  # rows of this run, placed by today's swarm already
        self.hints = index_of(self.cells.values())

    def is_evidence(self, path: str) -> bool:
        """Everything under reports/, and what the swarm names."""
        return path.startswith("reports/") or bool(self.hints.by_glob(path))

    def current(self) -> QuerySet[Evidence]:
        return self._rows().filter(current=True)

    def _rows(self) -> QuerySet[Evidence]:
        """Those of the repository's own files; what GitHub told has its own reading (`cells.pulls.evidence_rows`)."""
        return Evidence.objects.filter(repository=self.repository, source=Evidence.SSOT)

    def add(self, rows: list[tuple[Step, Change]]) -> None:
        """Read and store the versions that are not stored yet, in batches so that progress and leases move."""
        for start in range(0, len(rows), BATCH):
            self.reading.progress("evidence", start, len(rows))
            self._add(rows[start : start + BATCH])
        self.reading.progress("evidence", len(rows), len(rows))

    def _add(self, rows: list[tuple[Step, Change]]) -> None:
        known = set(
            self._rows().filter(commit__in={step.commit for step, _ in rows}).values_list("path", "commit")
        )
        rows = [(step, change) for step, change in rows if (change.path, step.commit) not in known]
        sizes = self.reading.mirror.sizes([change.blob for _, change in rows if change.blob])
        first = self._first_paths(sizes)
        made: list[tuple[Evidence, EvidenceReading]] = []
        last: dict[str, int] = {}
        for step, change in rows:
            if not change.blob:
                last[change.path] = -1
                continue
            size = sizes.get(change.blob, 0)
            earlier = first.setdefault(change.blob, change.path)
            said = self._say(change, size, step, earlier if earlier != change.path else None)
            last[change.path] = len(made)
            made.append((self._row(step, change, size, said), said))
        for index, (row, _) in enumerate(made):
            row.current = last[row.path] == index
        self._store(made, set(last))

    def _first_paths(self, sizes: dict[str, int]) -> dict[str, str]:
        """Blob to the path that first held these bytes; empty files are not copies of each other."""
        found = self._rows().filter(blob__in=list(sizes)).order_by("-pk")
        paths = dict(found.values_list("blob", "path"))
        return {blob: path for blob, path in paths.items() if sizes.get(blob)}

    def _say(self, change: Change, size: int, step: Step, earlier: str | None) -> EvidenceReading:
        data = self.reading.mirror.data(change.blob) if size <= READ_LIMIT else None
        return read_evidence(
            change.path, data, size, step.at, self.hints, tuple(self.projects), earlier if size else None
        )

    def _row(self, step: Step, change: Change, size: int, said: EvidenceReading) -> Evidence:
        lane, project = self._place(said)
        seen = said.observed
        return Evidence(
            repository=self.repository, path=change.path, blob=change.blob, size=size, commit=step.commit,
            committed_at=step.at, kind=said.kind, title=said.title[:200], picture=said.picture, observed_at=seen.at,
            observed_from=seen.source, observed_zone=seen.zone, observed_confidence=seen.confidence,
            observed_written=seen.written[:100], exact=seen.exact, lane=lane, family=said.lane, project=project,
            flags=[{"code": flag.code, **flag.sentence.as_json()} for flag in said.flags],
        )  # fmt: skip

    def _place(self, said: EvidenceReading) -> tuple[Lane | None, Project | None]:
        """The lane is that of its first cell, else the one its path names."""
        cell = self.cells.get(said.cells[0].key) if said.cells else None
        return (cell.lane if cell else self.lanes.get(said.lane)), self.projects.get(said.project)

    def _store(self, made: list[tuple[Evidence, EvidenceReading]], paths: set[str]) -> None:
        with transaction.atomic():
            by_hand = self._by_hand(paths)
            for row, _ in made:
                if earlier := by_hand.get(row.path):
                    row.placed_by_hand, row.lane = True, earlier.lane
            self.current().filter(path__in=paths).update(current=False)
            Evidence.objects.bulk_create([row for row, _ in made])
            self._assign(made, by_hand)
            Claim.objects.bulk_create(_claims(made))
        self.placed.update(row.pk for row, _ in made)
        self.reading.count("evidence", len(made))

    def _by_hand(self, paths: Iterable[str]) -> dict[str, Evidence]:
        """A person's word holds for the path, also for its next version: the newest such version of each path."""
        rows = self._rows().filter(path__in=paths, placed_by_hand=True)
        return {row.path: row for row in rows.select_related("lane").prefetch_related("cells").order_by("pk")}

    def _assign(self, made: list[tuple[Evidence, EvidenceReading]], by_hand: dict[str, Evidence]) -> None:
        rows = [
            EvidenceCell(evidence=row, cell=cell, why="person")
            for row, _ in made
            if row.path in by_hand
            for cell in by_hand[row.path].cells.all()
        ]
        rows += [
            EvidenceCell(evidence=row, cell=self.cells[match.key], why=match.why)
            for row, said in made
            for match in said.cells
            if row.path not in by_hand
        ]
        EvidenceCell.objects.bulk_create(rows, ignore_conflicts=True)

    def reassign(self) -> None:
        """The swarm changed: every current piece of evidence is placed anew, except what a person placed."""
        rows = [row for row in self.current().filter(placed_by_hand=False) if row.pk not in self.placed]
        for start in range(0, len(rows), BATCH):
            self.reading.progress("assign", start, len(rows))
            batch = rows[start : start + BATCH]
            made = [(row, self._again(row)) for row in batch]
            with transaction.atomic():
                EvidenceCell.objects.filter(evidence__in=batch).delete()
                self._assign(made, {})
                for row, said in made:
                    row.lane, row.project = self._place(said)
                Evidence.objects.bulk_update(batch, ["lane", "project"])

    def claim_again(self) -> None:
        """A reader learned something: what was read before is asked once more what it claims."""
        rows = list(self.current())
        for start in range(0, len(rows), BATCH):
            self.reading.progress("claims", start, len(rows))
            batch = rows[start : start + BATCH]
            made = [(row, self._again(row)) for row in batch]
            with transaction.atomic():
                Claim.objects.filter(evidence__in=batch).delete()
                Claim.objects.bulk_create(_claims(made))

    def _again(self, row: Evidence) -> EvidenceReading:
        step = Step(row.commit, row.committed_at, ())
        return self._say(Change(row.path, row.blob, ""), row.size, step, None)


def _claims(made: list[tuple[Evidence, EvidenceReading]]) -> list[Claim]:
    return [
        Claim(
            evidence=row, subject=c.subject, predicate=c.predicate, value=c.value, unit=c.unit, vantage=c.vantage,
            line=c.line, observed_at=c.observed_at,
        )
        for row, said in made
        for c in said.claims
    ]  # fmt: skip
