"""The company of the demo as values: read once from the data files beside this module.

Ages are days before "now" as floats (larger is longer ago), so that the same story can be told
on any day. Nothing here knows a date.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
LANE_FILES = {
    "north-star": "north_star.toml",
    "monitoring": "monitoring.toml",
    "persist-report": "persist_report.toml",
    "cost": "cost.toml",
    "business-kpi": "business_kpi.toml",
    "sample": "sample.toml",
}
SAMPLES = "STATE/shop/samples.md"
# How long a finished task stays on its list before it is only history.
TASK_MEMORY = 90.0


def dice(seed: str) -> Random:
    """Numbers that look like life and are the same on every machine."""
    return Random(seed)  # noqa: S311


@dataclass(frozen=True, slots=True)
class Task:
    """`due` and `done` are ages like `opened`; `done` is None while the task is open."""

    id: str
    text: str
    owner: str
    opened: float
    due: float
    done: float | None = None

    def listed(self, age: float) -> bool:
        fresh = self.done is None or age >= self.done - TASK_MEMORY
        return self.opened >= age and fresh

    def finished(self, age: float) -> bool:
        return self.done is not None and self.done >= age


@dataclass(frozen=True, slots=True)
class Chapter:
    """One wording of C, G and δ, in force from age `at` until the next one."""

    at: float
    c: tuple[str, ...]
    short: tuple[str, ...]
    mid: tuple[str, ...]
    delta: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure the cell is measured by; `points` are (age, value) and straight lines between them."""

    name: str
    unit: str
    target: float
    better: str
    noise: float
    points: tuple[tuple[float, float], ...]

    def at(self, age: float) -> float:
        later = self.points[-1]
        for point in reversed(self.points):
            if point[0] >= age:
                span = point[0] - later[0]
                share = (age - later[0]) / span if span else 0.0
                return later[1] + (point[1] - later[1]) * share
            later = point
        return self.points[0][1]


@dataclass(frozen=True, slots=True)
class Subject:
    """A project or a cell: something with C, G, δ and tasks of its own."""

    key: str
    title: str
    owner: str
    language: str
    style: str
    chapters: tuple[Chapter, ...]
    tasks: tuple[Task, ...]

    @property
    def born(self) -> float:
        return self.chapters[0].at

    def chapter(self, age: float) -> Chapter:
        return next((c for c in reversed(self.chapters) if c.at >= age), self.chapters[0])


@dataclass(frozen=True, slots=True)
class Project(Subject):
    links: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return f"STATE/{self.key}/current_state.md"


@dataclass(frozen=True, slots=True)
class Cell(Subject):
    """`papers` says which evidence arrives (kinds), how often (every) and how old the newest is."""

    lane: str = ""
    project: str = ""
    north_star: str = ""
    cadence: str = ""
    ask: tuple[str, ...] = ()
    stages: dict[str, float] = field(default_factory=dict)
    actions: dict[str, str] = field(default_factory=dict)
    metric: Metric = Metric("", "", 0, "", 0, ((0.0, 0.0),))
    papers: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    globs: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return SAMPLES if self.style == "section" else f"STATE/{self.project}/{self.key}.md"

    @property
    def pointer(self) -> str:
        return f"{self.path}#{self.key}" if self.style == "section" else self.path

    @property
    def folder(self) -> str:
        return f"reports/{self.key}"

    def stage(self, age: float) -> str:
        reached = [stage for stage, at in self.stages.items() if at >= age]
        return reached[-1] if reached else next(iter(self.stages))


@dataclass(frozen=True, slots=True)
class Company:
    """Everything the data files say; `facts` is company.toml as read."""

    facts: dict[str, Any]
    projects: tuple[Project, ...]
    cells: tuple[Cell, ...]

    def cell(self, key: str) -> Cell:
        return next(cell for cell in self.cells if cell.key == key)


@cache
def aoba() -> Company:
    """The one company we know, Aoba Roastery."""
    cells = [_cell(lane, raw) for lane, name in LANE_FILES.items() for raw in _toml(name)["cells"]]
    projects = [
        Project(**_subject(raw), links=tuple(raw["links"])) for raw in _toml("projects.toml")["projects"]
    ]
    return Company(_toml("company.toml"), tuple(projects), tuple(cells))


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


def _subject(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: raw[name] for name in ("key", "title", "owner", "language", "style")},
        "chapters": _chapters(raw["chapters"]),
        "tasks": tuple(Task(**task) for task in raw["tasks"]),
    }


def _chapters(raws: list[dict[str, Any]]) -> tuple[Chapter, ...]:
    """A chapter that leaves a goal out keeps the goal of the one before it."""
    chapters: list[Chapter] = []
    kept: dict[str, Any] = {}
    for raw in raws:
        kept = {**kept, **raw}
        told = {name: _lines(kept[name]) for name in ("c", "short", "mid", "delta")}
        chapters.append(Chapter(at=float(kept["at"]), why=kept["why"], **told))
    return tuple(chapters)


def _lines(value: str | list[str]) -> tuple[str, ...]:
    lines = [value] if isinstance(value, str) else value
    return tuple(line for line in lines if line != "-")


def _cell(lane: str, raw: dict[str, Any]) -> Cell:
    metric = {**raw["metric"], "points": tuple((float(a), float(v)) for a, v in raw["metric"]["points"])}
    return Cell(
        **_subject(raw),
        lane=lane,
        **{name: raw[name] for name in ("project", "north_star", "cadence", "stages", "papers")},
        ask=tuple(raw["ask"]),
        actions={step: text for step, text in raw["actions"].items() if text != "-"},
        metric=Metric(**metric),
        remarks=tuple(raw["remarks"]),
        globs=tuple(raw.get("evidence", ())),
    )
