"""STATE documents into dated versions with their facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from cells.models import Cell, Fact, Project, StateVersion
from cells.ssot.mirror import Change, Step
from cells.ssot.state import read_state
from cells.sync.reading import Reading


@dataclass(frozen=True)
class Subject:
    """Whose C, G and δ a document (or one section of it) speaks of."""

    path: str
    section: str = ""
    project: Project | None = None
    cell: Cell | None = None


def read(reading: Reading) -> None:
    """One StateVersion per change of a subject's document, facts included, oldest first."""
    subjects = subjects_of(reading)
    by_path: dict[str, list[Subject]] = {}
    for subject in subjects:
        by_path.setdefault(subject.path, []).append(subject)
    new = [s for s in subjects if reading.old and not versions(reading, s).exists()]
    history = [
        *_changes(reading.mirror.history("", reading.old, sorted({s.path for s in new})) if new else [])
    ]
    rows = [
        (step, change, subject) for step, change in history for subject in new if subject.path == change.path
    ]
    rows += [
        (step, change, subject)
        for step, change in reading.changes()
        for subject in by_path.get(change.path, ())
    ]
    for number, (step, change, subject) in enumerate(rows, start=1):
        if number % 20 == 1 or number == len(rows):
            reading.progress("state", number, len(rows))
        _write(reading, step, change, subject)
    gone = StateVersion.objects.filter(repository=reading.repository, current=True).exclude(
        path__in=reading.files
    )
    gone.update(current=False)


def subjects_of(reading: Reading) -> list[Subject]:
    """Every STATE document of history or swarm, once per project or cell it belongs to."""
    repository = reading.repository
    projects = {project.state_path: project for project in repository.projects.all() if project.state_path}
    subjects = [
        Subject(c.state_path, c.state_section, c.project, c)
        for c in repository.cells.select_related("project")
        if c.state_path
    ]
    told = {(s.path, s.section) for s in subjects}
    paths = {change.path for _, change in reading.changes() if _is_state(change.path)} | set(projects)
    paths |= {path for path in reading.files if _is_state(path)}
    return subjects + [
        Subject(p, "", projects.get(p)) for p in sorted(paths) if (p, "") not in told or p in projects
    ]


def versions(reading: Reading, subject: Subject) -> QuerySet[StateVersion]:
    """The versions already read of this subject."""
    return StateVersion.objects.filter(
        repository=reading.repository, path=subject.path, section=subject.section, cell=subject.cell
    )


def _is_state(path: str) -> bool:
    return path.startswith("STATE/") and path.endswith(".md")


def _changes(steps: Iterable[Step]) -> Iterable[tuple[Step, Change]]:
    return ((step, change) for step in steps for change in step.changes)


def _write(reading: Reading, step: Step, change: Change, subject: Subject) -> None:
    text = reading.text(change.blob) if change.blob else ""
    said = read_state(text or "", subject.section or None)
    tasks = [fact.data for fact in said.facts if fact.kind == "task"]
    with transaction.atomic():
        earlier = versions(reading, subject)
        if earlier.filter(commit=step.commit).exists():
            return
        earlier.filter(current=True).update(current=False)
        version = StateVersion.objects.create(
            repository=reading.repository, project=subject.project, cell=subject.cell, path=subject.path,
            section=subject.section, commit=step.commit, committed_at=step.at, blob=change.blob, style=said.style,
            note=said.note.as_json() if said.note else None, current=bool(change.blob),
            open_tasks=sum(not task.get("done") for task in tasks), all_tasks=len(tasks),
        )  # fmt: skip
        Fact.objects.bulk_create(
            [
                Fact(
                    version=version,
                    kind=f.kind,
                    text=f.text,
                    line=f.line,
                    last_line=f.last_line,
                    heading=f.heading[:300],
                    data=f.data,
                )
                for f in said.facts
            ]
        )
    reading.count("state_versions")
    reading.count("facts", len(said.facts))
