"""Rows as the API shows them."""

from __future__ import annotations

from typing import Any

from cells import standing
from cells.api.schemas import (
    CellDetail,
    CellOut,
    ClaimOut,
    EventOut,
    EvidenceOut,
    FactOut,
    FlagOut,
    HealthOut,
    ObservedOut,
    ProjectOut,
    RelationOut,
    RepositoryOut,
    StateOut,
)
from cells.health import Health
from cells.models import AuditEvent, Cell, Evidence, Fact, Project, Repository, StateVersion
from cells.refusals import say
from cells.sentences import Sentence


def told(stored: Sentence | dict[str, Any] | None) -> str | None:
    """A stored sentence in the caller's language, None when there is none."""
    return say(stored) or None


def repository(row: Repository, cells: int, waiting: int) -> RepositoryOut:
    return RepositoryOut(
        key=row.key, source=row.shown_source, branch=row.branch, head=row.head, head_at=row.head_at,
        synced_at=row.synced_at, newest_evidence_at=row.newest_evidence_at, swarm_origin=row.swarm_origin,
        swarm_path=row.swarm_path, cells=cells, waiting=waiting, problems=[say(problem) for problem in row.problems],
    )  # fmt: skip


def project(row: Project) -> ProjectOut:
    return ProjectOut(
        repository=row.repository.key, key=row.key, title=row.title, state_path=row.state_path,
        state=state(standing.of_project(row)),
    )  # fmt: skip


def state(version: StateVersion | None) -> StateOut | None:
    if version is None:
        return None
    facts = [fact(row, version) for row in version.facts.all()]
    return StateOut(
        path=version.path, section=version.section, commit=version.commit, committed_at=version.committed_at,
        note=told(version.note), open_tasks=version.open_tasks, all_tasks=version.all_tasks,
        facts=[row for row in facts if row.kind in standing.POSITION], tasks=[row for row in facts if row.kind == "task"],
    )  # fmt: skip


def fact(row: Fact, version: StateVersion) -> FactOut:
    return FactOut(
        kind=row.kind, text=row.text, heading=row.heading, path=version.path, line=row.line,
        last_line=row.last_line, commit=version.commit, data=row.data,
    )  # fmt: skip


def health(how: Health) -> HealthOut:
    return HealthOut(
        state=how.state, why=say(how.why), waiting=how.waiting, fresh=how.fresh, evidence=how.evidence,
        newest=how.newest, delta=how.delta,
    )  # fmt: skip


def cell(row: Cell, how: Health) -> CellOut:
    return CellOut(
        repository=row.repository.key, key=row.key, title=row.title, lane=row.lane.key,
        project=row.project.key if row.project else None, stage=row.stage, owner=row.owner, cadence=row.cadence,
        north_star=row.north_star, contract=row.contract, path=row.path, line=row.line, health=health(how),
    )  # fmt: skip


def cell_with_state(row: Cell, how: Health) -> CellDetail:
    """A cell without a STATE of its own shows its project's, and says that it is borrowed."""
    version, borrowed = standing.of_cell(row)
    relations = [
        *row.outgoing.select_related("source", "target"),
        *row.incoming.select_related("source", "target"),
    ]
    return CellDetail(
        **cell(row, how).dict(), state=state(version), borrowed=borrowed,
        conflicts=[say(conflict.sentence) for conflict in how.conflicts],
        relations=[RelationOut(source=r.source.key, target=r.target.key, type=r.type) for r in relations],
        milestones=row.milestones, ask_modes=row.ask_modes, evidence_globs=row.evidence_globs, memory=row.memory,
    )  # fmt: skip


def evidence(row: Evidence) -> EvidenceOut:
    return EvidenceOut(
        id=row.pk, source=row.source, url=row.url, path=row.path, title=row.title, kind=row.kind, picture=row.picture, size=row.size,
        blob=row.blob, commit=row.commit, committed_at=row.committed_at,
        observed=ObservedOut(
            at=row.observed_at, source=row.observed_from, written=row.observed_written, zone=row.observed_zone,
            confidence=row.observed_confidence, exact=row.exact,
        ),
        lane=row.lane.key if row.lane else None, project=row.project.key if row.project else None,
        cells=[cell.key for cell in row.cells.all()],
        flags=[FlagOut(code=flag["code"], sentence=say(flag)) for flag in row.flags],
        claims=[
            ClaimOut(subject=c.subject, predicate=c.predicate, value=c.value, unit=c.unit, vantage=c.vantage, line=c.line)
            for c in row.claims.all()
        ],
    )  # fmt: skip


def event(row: AuditEvent) -> EventOut:
    link = getattr(row, "link", None)
    return EventOut(
        id=row.pk, at=row.at, actor=row.actor, verb=row.verb, repository=row.repository,
        subject_type=row.subject_type, subject=row.subject, before=row.before, after=row.after, reason=row.reason,
        seq=link and link.seq, hash=link and link.hash,
    )  # fmt: skip
