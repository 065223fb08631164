"""STATE documents into dated versions with their facts."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from cells.models import Cell, Fact, Project, StateVersion
from cells.ssot import state
from cells.ssot.mirror import Change, Step
from cells.sync.reading import Reading

# One sign of life, one look at what is stored, one transaction.
BATCH = 20

Key = tuple[str, str, int | None]  # path, section, cell


@dataclass(frozen=True)
class Subject:
    """Whose C, G and δ a document (or one section of it) speaks of."""

    path: str
    section: str = ""
    project: Project | None = None
    cell: Cell | None = None

    @property
    def key(self) -> Key:
        return self.path, self.section, self.cell.pk if self.cell else None


Row = tuple[Step, Change, Subject]


def read(reading: Reading) -> None:
    """One StateVersion per change of a subject's document, facts included, oldest first."""
    rows = unread(reading, subjects_of(reading))
    for start in range(0, len(rows), BATCH):
        reading.progress("state", start, len(rows))
        _add(reading, rows[start : start + BATCH])
    reading.progress("state", len(rows), len(rows))
    standing = _versions(reading).filter(current=True).values_list("pk", "path")
    gone = [pk for pk, path in standing if path not in reading.files]
    StateVersion.objects.filter(pk__in=gone).update(current=False)


def unread(reading: Reading, subjects: list[Subject]) -> list[Row]:
    """What changed since the last reading; before it, all of history for subjects that are new."""
    by_path: dict[str, list[Subject]] = {}
    for subject in subjects:
        by_path.setdefault(subject.path, []).append(subject)
    known = set(_versions(reading).order_by().values_list("path", "section", "cell_id").distinct())
    new = [subject for subject in subjects if reading.old and subject.key not in known]
    past = reading.mirror.history("", reading.old, sorted({s.path for s in new})) if new else ()
    history = [(step, change) for step in past for change in step.changes]
    rows = [
        (step, change, subject) for step, change in history for subject in new if subject.path == change.path
    ]
    return rows + [
        (step, change, subject)
        for step, change in reading.changes()
        for subject in by_path.get(change.path, ())
    ]


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


def _versions(reading: Reading) -> QuerySet[StateVersion]:
    return StateVersion.objects.filter(repository=reading.repository)


def _is_state(path: str) -> bool:
    return path.startswith("STATE/") and path.endswith(".md")


def _add(reading: Reading, rows: list[Row]) -> None:
    """Store the versions that are not stored yet; the last one of each subject is what stands."""
    same = _versions(reading).filter(commit__in={step.commit for step, _, _ in rows})
    known = set(same.values_list("path", "section", "cell_id", "commit"))
    rows = [
        (step, change, subject) for step, change, subject in rows if (*subject.key, step.commit) not in known
    ]
    if not rows:
        return
    last = {subject.key: number for number, (_, _, subject) in enumerate(rows)}
    made = [
        _version(reading, row, current=bool(row[1].blob) and last[row[2].key] == number)
        for number, row in enumerate(rows)
    ]
    with transaction.atomic():
        standing = _versions(reading).filter(current=True, path__in={path for path, _, _ in last})
        replaced = [
            pk for pk, *key in standing.values_list("pk", "path", "section", "cell_id") if tuple(key) in last
        ]
        StateVersion.objects.filter(pk__in=replaced).update(current=False)
        StateVersion.objects.bulk_create([version for version, _ in made])
        Fact.objects.bulk_create([_fact(version, fact) for version, facts in made for fact in facts])
    reading.count("state_versions", len(made))
    reading.count("facts", sum(len(facts) for _, facts in made))


def _version(reading: Reading, row: Row, *, current: bool) -> tuple[StateVersion, tuple[state.Fact, ...]]:
    step, change, subject = row
    text = reading.text(change.blob) if change.blob else ""
    said = state.read_state(text or "", subject.section or None)
    tasks = [fact.data for fact in said.facts if fact.kind == "task"]
    version = StateVersion(
        repository=reading.repository, project=subject.project, cell=subject.cell, path=subject.path,
        section=subject.section, commit=step.commit, committed_at=step.at, blob=change.blob, style=said.style,
        note=said.note.as_json() if said.note else None, current=current,
        open_tasks=sum(not task.get("done") for task in tasks), all_tasks=len(tasks),
    )  # fmt: skip
    return version, said.facts


def _fact(version: StateVersion, fact: state.Fact) -> Fact:
    return Fact(
        version=version, kind=fact.kind, text=fact.text, line=fact.line, last_line=fact.last_line,
        heading=fact.heading[:300], data=fact.data,
    )  # fmt: skip
