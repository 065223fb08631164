"""The pieces of CONTEXT_JSON that more than one mode reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cells.asks.modes._common import Given, one_line

# What makes a run unusable as the only proof of a line; a duplicate of an earlier file may still be a new run's.
DISQUALIFYING = frozenset({"empty", "unparsable", "template", "future", "too_large", "error_picture"})


class Cell(Given):
    key: str
    title: str = ""
    state_path: str = ""
    memory_path: str = ""


class Project(Given):
    key: str
    title: str = ""
    state_path: str = ""


class Run(Given):
    """A recent evidence run; `timestamp` is ISO 8601 in UTC, certain only when a zone was written."""

    id: str
    type: str = ""
    reports_dir: str = ""
    summary: str = ""
    status: str = ""
    related_files: list[str] = []
    timestamp: str = ""
    timestamp_certain: bool = False
    trust: str = "external"
    flags: list[str] = []
    details: dict[str, Any] = {}
    claims: list[dict[str, Any]] = []

    def unusable(self) -> str:
        """Why nothing can be written from this run alone, "" when something can."""
        if self.trust != "ssot":
            return "no person has decided about it"
        if spoilt := sorted(DISQUALIFYING.intersection(self.flags)):
            return f"its evidence is flagged {', '.join(spoilt)}"
        if self.status != "success":
            return f"its status is {one_line(self.status, 40) or 'not known'}, not success"
        if not self.timestamp_certain or moment(self.timestamp) is None:
            return "its time does not name a zone"
        return ""


class Document(Given):
    path: str
    text: str = ""
    trust: str = "external"


class Memory(Given):
    path: str
    object: dict[str, Any] = {}
    trust: str = "external"


class Conflict(Given):
    kind: str = ""
    subject: str = ""
    sentence: str
    left: dict[str, Any] = {}
    right: dict[str, Any] = {}

    def words(self) -> str:
        """The conflict's sentence, with both documents named even where the sentence leaves one out."""
        paths = [str(side.get("path") or "") for side in (self.left, self.right)]
        missing = [one_line(path) for path in paths if path and path not in self.sentence]
        return one_line(self.sentence, 800) + (f" ({', '.join(missing)})" if missing else "")


class Vantages(Given):
    seen: list[str] = []
    missing: list[str] = []


class Task(Given):
    text: str
    done: bool = False
    owner: str = ""
    deadline: str = ""


class Facts(Given):
    current: list[str] = []
    goal_short: list[str] = []
    goal_mid: list[str] = []
    goal: list[str] = []
    gap: list[str] = []
    tasks: list[Task] = []

    def open_tasks(self) -> list[Task]:
        return [task for task in self.tasks if not task.done]


class ChangedFile(Given):
    path: str
    status: str = ""
    added: int = 0
    removed: int = 0
    content: str | None = None


class Judged(Given):
    decision: str = ""
    category: str = ""
    reasons: list[str] = []
    held_by: list[str] = []


class Subject(Given):
    """The waiting patch an ask is about."""

    patch: int | None = None
    number: int | None = None
    branch: str = ""
    title: str = ""
    rationale: str = ""
    checks: str = "unknown"
    files: list[ChangedFile] = []
    verdict: Judged | None = None


def moment(text: str) -> datetime | None:
    """An ISO 8601 time with a zone, None for anything else."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else None


def hours_between(one: datetime, other: datetime) -> int:
    """Between two times of one event: 1..14 when they differ by whole hours (to the second), else 0."""
    seconds = abs((one - other).total_seconds())
    hours = round(seconds / 3600)
    return hours if 1 <= hours <= 14 and abs(seconds - hours * 3600) <= 1 else 0


def files_of(runs: Iterable[Run], words: str) -> tuple[str, ...]:
    """The files of the runs that `words` name, each once."""
    named = [path for run in runs if run.id in words for path in run.related_files[:20]]
    return tuple(dict.fromkeys(named))
