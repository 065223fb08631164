"""STATE documents as they stood at a moment: C, G, δ, tasks and evidence in the styles people use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cells.demo.clock import Clock
from cells.demo.company import SAMPLES, Cell, Company, Project, Subject, Task
from cells.demo.papers import Paper, latest

LINKED = 4


@dataclass(frozen=True, slots=True)
class Words:
    """The headings of one style in one language; `level` deepens them inside a shared document."""

    current: str
    goal: str
    short: str
    mid: str
    gap: str
    tasks: str
    evidence: str
    due: str


B_JA = Words(
    "### 1.1 Current（C: 現在地）",
    "### 1.2 Goals（G: ゴール）",
    "**短期（〜数週間）**",
    "**中期（〜数ヶ月）**",
    "### 1.3 Gap（δ: ギャップ）",
    "## 2. Active Focus / Tasks",
    "## 3. Evidence Links（証拠リンク）",
    "期限",
)
B_EN = Words(
    "### 1.1 Current (C)",
    "### 1.2 Goals (G)",
    "**Short term (weeks)**",
    "**Mid term (months)**",
    "### 1.3 Gap (δ)",
    "## 2. Active Focus / Tasks",
    "## 3. Evidence",
    "due",
)
A_JA = Words(
    "## 現在地（C）",
    "## ゴール（G）",
    "**短期**",
    "**中期**",
    "## 差分（δ）",
    "## タスク",
    "## 証拠リンク",
    "期限",
)
A_EN = Words(
    "## Current (C)",
    "## Goal (G)",
    "**Short term**",
    "**Mid term**",
    "## Gap (δ)",
    "## Tasks",
    "## Evidence",
    "due",
)
STYLES = {("A", "ja"): A_JA, ("A", "en"): A_EN, ("B", "ja"): B_JA, ("B", "en"): B_EN}


def cell_document(company: Company, cell: Cell, age: float, clock: Clock, found: list[Paper]) -> str:
    """The whole file that holds the cell's state at `age` (for a sample: the document all samples share)."""
    if cell.style == "section":
        return _samples(company, age, clock, found)
    return _document(cell, cell.project, age, clock, _links(cell, age, clock, found))


def project_document(project: Project, age: float, clock: Clock) -> str:
    return _document(project, project.key, age, clock, [f"- {link}" for link in project.links])


def _document(subject: Subject, project: str, age: float, clock: Clock, links: list[str]) -> str:
    words = STYLES[subject.style, subject.language]
    name = "current_state" if subject.key == project else subject.key
    head = [f"# STATE: {project} / {name}（{subject.title}）", ""]
    if subject.style == "B":
        head += [f"最終更新: {clock.day(age)} by {subject.owner}", "", "## 1. Snapshot（C / G / δ）", ""]
    else:
        head += [
            "active_repo: aoba-roastery",
            "active_branch: main",
            f'context_header: "repo=aoba-roastery / branch=main / phase=Phase 3 / topic={name}"',
            f"updated_at: {clock.day(age)}",
            "",
        ]
    return "\n".join([*head, *_body(subject, words, age, clock, links)]) + "\n"


def _body(subject: Subject, words: Words, age: float, clock: Clock, links: list[str]) -> Iterable[str]:
    chapter = subject.chapter(age)
    yield from _part(words.current, chapter.c)
    yield from (words.goal, "")
    for label, lines in ((words.short, chapter.short), (words.mid, chapter.mid)):
        if lines:
            yield from _part(label, lines)
    yield from _part(words.gap, chapter.delta)
    tasks = [_task(task, words, age, clock) for task in subject.tasks if task.listed(age)]
    if tasks:
        yield from (words.tasks, "", *tasks, "")
    yield words.evidence
    yield ""
    yield from links or [f"- {'証跡はまだない。' if subject.language == 'ja' else 'No evidence yet.'}"]


def _part(title: str, lines: Iterable[str]) -> Iterable[str]:
    return [title, "", *(f"- {line}" for line in lines), ""]


def _task(task: Task, words: Words, age: float, clock: Clock) -> str:
    mark = "x" if task.finished(age) else " "
    return f"- [{mark}] **{task.id}:** {task.text} (owner: {task.owner}, {words.due}: {clock.day(task.due)})"


def _links(cell: Cell, age: float, clock: Clock, found: list[Paper]) -> list[str]:
    papers = latest(found, cell, clock.at_desk(age), LINKED)
    return [f"- `{shown_path(cell, paper.path, age)}` ({paper.headline})" for paper in papers]


def shown_path(cell: Cell, path: str, age: float) -> str:
    """Where a report lies at `age`: archiving a cell moves its folder below reports/archive/."""
    if cell.stage(age) != "archived":
        return path
    return path.replace("reports/", "reports/archive/", 1)


def _samples(company: Company, age: float, clock: Clock, found: list[Paper]) -> str:
    lines = ["# Samples 小さな試み", "", "Small trials share this page; each has a section and an end.", ""]
    for cell in company.cells:
        if cell.path != SAMPLES or cell.born < age:
            continue
        words = STYLES["A", cell.language]
        lines += [f"## {cell.key}", "", f"{cell.title}. North Star: {cell.north_star}", ""]
        # One level deeper: the section's own heading is the cell's key.
        body = _body(cell, words, age, clock, _links(cell, age, clock, found))
        lines += [f"#{line}" if line.startswith("## ") else line for line in body]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"
