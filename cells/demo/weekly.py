"""What is written on a rhythm: the weekly letters of both projects and the machine's memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from cells.demo.clock import JST, Clock, jst_day, utc_text
from cells.demo.commits import Commit
from cells.demo.company import Company, Project, Task
from cells.demo.papers import Paper, latest
from cells.demo.statefiles import shown_path

YEAR = 358.0
# A letter that would be younger than this has not been committed yet.
QUIET = timedelta(hours=4)
MEMORY_EVERY = 26.0


def letters(company: Company, clock: Clock, found: list[Paper]) -> Iterator[Commit]:
    """A letter per Monday for the shop, every second Monday for the roastery."""
    for project, every in zip(company.projects, (1, 2), strict=True):
        for week, monday in enumerate(_mondays(clock)):
            if week % every == 0:
                yield _letter(project, monday, clock, company, found)


def _mondays(clock: Clock) -> Iterator[datetime]:
    first = clock.ago(YEAR).astimezone(JST).replace(hour=9, minute=12, second=30)
    monday = first + timedelta(days=-first.weekday() % 7)
    while monday < clock.now - QUIET:
        yield monday
        monday += timedelta(days=7)


def _letter(project: Project, monday: datetime, clock: Clock, company: Company, found: list[Paper]) -> Commit:
    age, day = clock.age(monday), jst_day(monday)
    week = [
        p
        for p in found
        if p.cell.project == project.key and timedelta(0) < monday - p.committed <= timedelta(days=7)
    ]
    path = f"reports/{project.key}/{day}_weekly.md"
    text = "\n".join(_lines(project, day, age, clock, week)) + "\n"
    counted = (
        f"今週の証跡は {len(week)} 件。" if project.language == "ja" else f"{len(week)} pieces of evidence."
    )
    cited = f"\n\nEvidence: {week[-1].path}" if week else ""
    return Commit(
        at=monday + timedelta(minutes=3 + len(week)),
        author="mika" if project.key == "shop" else "kai-bot",
        subject=f"weekly({project.key}): {day}",
        body=counted + cited,
        changes={path: text.encode()},
    )


def _lines(project: Project, day: str, age: float, clock: Clock, week: list[Paper]) -> Iterator[str]:
    ja, chapter = project.language == "ja", project.chapter(age)
    yield f"# Weekly Report: {project.key} / {day}"
    yield from ("", "## 1. 今週のサマリー（Summary）" if ja else "## 1. Summary", "")
    yield f"- 証跡 {len(week)} 件。" if ja else f"- {len(week)} pieces of evidence."
    yield from (f"- {p.cell.key}: {p.remark}" for p in week[-3:])
    yield from ("", "## 2. 今週やったこと（Done）" if ja else "## 2. Done", "")
    done = [t for t in project.tasks if t.done is not None and age <= t.done < age + 7]
    yield from (f"- [x] {t.id}: {t.text}" for t in done)
    if not done:
        yield "- 大きな完了はなし。" if ja else "- Nothing large; many small things."
    yield from ("", "## 3. C / G / δ", "")
    for name, told in (
        ("Current（C）", chapter.c),
        ("Goals（G）", chapter.short),
        ("Gap（δ）", chapter.delta),
    ):
        yield f"- **{name}**"
        yield from (f"  - {line}" for line in told)
    yield from ("", "## 4. Next 3", "")
    for place, task in enumerate(_next(project, age), start=1):
        yield f"{place}. {task.id} {task.text} ({task.owner}, {'期限' if ja else 'due'} {clock.day(task.due)})"


def _next(project: Project, age: float) -> list[Task]:
    waiting = [t for t in project.tasks if t.listed(age) and not t.finished(age)]
    return sorted(waiting, key=lambda t: -t.due)[:3]


def memories(company: Company, clock: Clock, found: list[Paper]) -> Iterator[Commit]:
    """data/memory.json, rewritten by the machine about every month."""
    age = YEAR - 6
    while age > 1:
        at = clock.ago(age)
        yield Commit(
            at=at,
            author="vpm-rules",
            subject="memory: state for machines",
            body="Derived from STATE and the newest evidence of each cell; nothing here is decided anew.",
            changes={"data/memory.json": memory(company, age, clock, found).encode()},
        )
        age -= MEMORY_EVERY


def memory(company: Company, age: float, clock: Clock, found: list[Paper]) -> str:
    """The machine's memory at `age`: one entry per cell, under its key."""
    at = clock.ago(age)
    entries: dict[str, object] = {"swarm": "aoba-roastery", "phase": "3", "updated_at": utc_text(at)}
    for cell in company.cells:
        if cell.born < age:
            continue
        newest = latest(found, cell, at, 1)
        entries[cell.key] = {
            "stage": cell.stage(age),
            "open_tasks": sum(t.listed(age) and not t.finished(age) for t in cell.tasks),
            "metric": {cell.metric.name: round(cell.metric.at(age), 1)} if newest else None,
            "last_evidence": shown_path(cell, newest[0].path, age) if newest else None,
            "last_evidence_at": utc_text(newest[0].observed) if newest else None,
        }
    return json.dumps(entries, ensure_ascii=False, indent=2) + "\n"
