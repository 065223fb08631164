"""Rows of what GitHub told, made from the mirror's own ref alone: every version once, the newest of a path is current."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Min, QuerySet

from cells import audit
from cells.evidence import told as documents
from cells.evidence.claims import told_claims
from cells.evidence.told import PULL_REQUEST, Told
from cells.models import Cell, Claim, Evidence, EvidenceCell, GitHubConnection, Lane, Repository
from cells.placing import Placer
from cells.ssot import told
from cells.ssot.mirror import Change, Mirror, Step

BATCH = 200


@dataclass
class Made:
    """A row with its document, and where that belongs: cell to why."""

    row: Evidence
    told: Told
    text: str
    cells: dict[Cell, str] = field(default_factory=dict)


def catch_up(repository: Repository, mirror: Mirror) -> None:
    """Rows for every commit of the ref that has none yet, oldest first."""
    tip = mirror.tip(told.GITHUB)
    steps = list(mirror.history(_read_until(repository, mirror, tip), tip)) if tip else []
    if not steps:
        return
    placer = Placer(repository)
    for step in steps:
        rows = (_row(repository, mirror, step, change) for change in step.changes if change.blob)
        made = [one for one in rows if one is not None]
        for one in made:
            _place(placer, one)
        if made:
            _store(repository, step.commit, made)


def place_again(repository: Repository, mirror: Mirror) -> None:
    """The swarm is another: every current one anew, with what it claims, except what a person placed."""
    rows = list(_rows(repository).filter(current=True, placed_by_hand=False))
    placer = Placer(repository)
    for start in range(0, len(rows), BATCH):
        read = [(row, _text(mirror, row.blob)) for row in rows[start : start + BATCH]]
        made = [Made(row, said, text) for row, text in read if (said := documents.read(text))]
        with transaction.atomic():
            EvidenceCell.objects.filter(evidence__in=[one.row for one in made]).delete()
            Claim.objects.filter(evidence__in=[one.row for one in made]).delete()
            for one in made:
                _place(placer, one)
            Evidence.objects.bulk_update([one.row for one in made], ["lane", "project"])
            _tie(repository, made)


def forget_lost(repository: Repository, mirror: Mirror) -> None:
    """A mirror that was made anew holds none of the documents: they are asked for again, from the oldest on."""
    rows = _rows(repository)
    if mirror.tip(told.GITHUB) or not (oldest := rows.aggregate(at=Min("observed_at"))["at"]):
        return
    rows.delete()
    GitHubConnection.objects.filter(repository=repository).update(evidence_until=oldest)


def _rows(repository: Repository) -> QuerySet[Evidence]:
    return Evidence.objects.filter(repository=repository, source=Evidence.GITHUB)


def _read_until(repository: Repository, mirror: Mirror, tip: str) -> str:
    """The newest commit of the ref that has rows, "" when none has."""
    rows = _rows(repository)
    while tip and not rows.filter(commit=tip).exists():
        parents = mirror.commit(tip).parent_ids
        tip = str(parents[0]) if parents else ""
    return tip


def _row(repository: Repository, mirror: Mirror, step: Step, change: Change) -> Made | None:
    text = _text(mirror, change.blob)
    one = documents.read(text)
    if one is None:
        return None
    row = Evidence(
        repository=repository, source=Evidence.GITHUB, url=one.url, path=change.path, blob=change.blob,
        size=len(text.encode()), commit=step.commit, committed_at=step.at, kind=one.kind, title=_title(one),
        observed_at=one.at, observed_from="text", observed_zone="written", observed_confidence="high",
        observed_written=f"{one.at:%Y-%m-%dT%H:%M:%SZ}",
    )  # fmt: skip
    return Made(row, one, text)


def _title(one: Told) -> str:
    return (f"#{one.name} {one.title}" if one.kind == PULL_REQUEST else one.title)[:200]


def _text(mirror: Mirror, blob: str) -> str:
    return mirror.data(blob).decode("utf-8", "replace")


def _place(placer: Placer, one: Made) -> None:
    """By the swarm's globs, which may name these documents; a pull request by its files, else by its title."""
    lane: Lane | None = None
    one.cells = {placer.cells[key]: "swarm" for key in placer.hints.by_glob(one.row.path)}
    if not one.cells and one.told.kind == PULL_REQUEST:
        cells, lane = placer.touched([{"path": path} for path in one.told.all("file")], "")
        one.cells = dict.fromkeys(cells, "path")
        if not cells:
            cells, named = placer.touched([], one.told.title)
            one.cells, lane = dict.fromkeys(cells, "text"), named or lane
    first = next(iter(one.cells), None)
    one.row.lane = first.lane if first else lane
    one.row.project = first.project if first else None


def _store(repository: Repository, commit: str, made: list[Made]) -> None:
    """One commit's rows, all or none. A person's word holds for the path, also for its next version.

    The event moves pages, as no reading of the repository does, and its link in the chain proves the documents.
    """
    paths = [one.row.path for one in made]
    with transaction.atomic():
        earlier = _by_hand(repository, paths)
        for one in made:
            if before := earlier.get(one.row.path):
                one.row.placed_by_hand, one.row.lane = True, before.lane
                one.cells = dict.fromkeys(before.cells.all(), "person")
        _rows(repository).filter(path__in=paths).update(current=False)
        Evidence.objects.bulk_create([one.row for one in made])
        _tie(repository, made)
        audit.record(
            actor="github", verb="github_evidence", subject=repository, repository=repository.key,
            after={"commit": commit, "documents": len(made)},
        )  # fmt: skip


def _by_hand(repository: Repository, paths: Iterable[str]) -> dict[str, Evidence]:
    rows = _rows(repository).filter(path__in=paths, placed_by_hand=True)
    return {row.path: row for row in rows.select_related("lane").prefetch_related("cells").order_by("pk")}


def _tie(repository: Repository, made: list[Made]) -> None:
    """Cells and claims. A claim is about the only cell, else about the repository."""
    EvidenceCell.objects.bulk_create(
        [
            EvidenceCell(evidence=one.row, cell=cell, why=why)
            for one in made
            for cell, why in one.cells.items()
        ]
    )
    Claim.objects.bulk_create(
        Claim(
            evidence=one.row, subject=claim.subject, predicate=claim.predicate, value=claim.value, unit=claim.unit,
            vantage=claim.vantage, line=claim.line, observed_at=claim.observed_at,
        )
        for one in made
        for claim in told_claims(one.row.path, one.text, one.row.kind, _subject(repository, one))
    )  # fmt: skip


def _subject(repository: Repository, one: Made) -> str:
    return next(iter(one.cells)).key if len(one.cells) == 1 else str(repository.key)
