"""What the documents say about a run already, and where another word about it belongs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cells.asks.modes._context import Document, Memory, Run, hours_between, moment
from cells.ssot.state_lines import Heading, Outline, outline, plain

_TS = re.compile(r"(?<![A-Za-z_])ts=([0-9T:.+Z-]{10,35})")
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class RunLine:
    """An evidence line `run_id=…` that stands in a document, with the time it names (None: none, or no zone)."""

    path: str
    line: int
    ts: datetime | None


def names(text: str, run: Run) -> bool:
    """Whether a text names the run: its whole id, not the beginning of a longer one."""
    if run.id not in text:
        return False
    return bool(re.search(rf"(?<![A-Za-z0-9_-]){re.escape(run.id)}(?![A-Za-z0-9_-])", text))


def run_lines(documents: Sequence[Document], run: Run) -> Iterator[RunLine]:
    """Every evidence line for the run, in any of the documents."""
    pattern = re.compile(rf"run_id\s?=\s?`?{re.escape(run.id)}(?![A-Za-z0-9_-])")
    for document in documents:
        for number, line in enumerate(document.text.split("\n"), start=1):
            if run.id in line and pattern.search(line):
                time = _TS.search(line)
                yield RunLine(document.path, number, moment(time[1]) if time else None)


def heading_for(document: Document, run: Run) -> str:
    """The deepest heading, unique in its document, of a section that names the run; "" when none does."""
    if run.id not in document.text:
        return ""
    shape = outline(document.text)
    counted = Counter(plain(heading.title) for heading in shape.headings)
    found = [
        heading
        for chain in _chains(shape, run)
        for heading in chain
        if heading.title and counted[plain(heading.title)] == 1
    ]
    return max(found, key=lambda heading: (heading.level, -heading.line)).title if found else ""


def _chains(shape: Outline, run: Run) -> Iterator[tuple[Heading, ...]]:
    """For every line of prose that names the run, the headings it stands under; one walk, each chain once."""
    under: list[Heading] = []
    told: tuple[Heading, ...] = ()
    at = {heading.line: heading for heading in shape.headings}
    for number, line in enumerate(shape.lines, start=1):
        if heading := at.get(number):
            under = [each for each in under if each.level < heading.level] + [heading]
        if run.id in line and shape.prose(number) and names(line, run) and told != (told := tuple(under)):
            yield told


@dataclass(frozen=True, slots=True)
class Remembered:
    """An object of a memory document that names the run: its keys from the top, and the time field with its value."""

    keys: tuple[str, ...]
    field: str
    value: str

    def merge(self, value: str) -> dict[str, Any]:
        """The nested object that sets the time to `value` and nothing else."""
        merged: dict[str, Any] = {self.field: value}
        for key in reversed(self.keys):
            merged = {key: merged}
        return merged


def remembered(memory: Memory, run: Run) -> Iterator[Remembered]:
    """Every object that names the run and a time. Objects inside lists are left alone: a merge replaces lists."""
    yield from _remembered(memory.object, run, ())


def _remembered(value: dict[str, Any], run: Run, keys: tuple[str, ...]) -> Iterator[Remembered]:
    said = [value.get(key) for key in ("reports_dir", "run_id", "id")]
    if any(isinstance(each, str) and names(each, run) for each in said):
        field = next((key for key in ("updated_at", "ts") if isinstance(value.get(key), str)), "")
        if field:
            yield Remembered(keys, field, value[field])
    if len(keys) < _DEEPEST:
        for key, inner in value.items():
            if isinstance(inner, dict):
                yield from _remembered(inner, run, (*keys, key))


def disagreement(run: Run, place: str, said: datetime | None) -> str:
    """A warning when `place` gives the run another time, "" when both agree or one of them is not known."""
    own = moment(run.timestamp)
    if own is None or said is None or abs((own - said).total_seconds()) <= 60:
        return ""
    written = said.isoformat().replace("+00:00", "Z")
    if hours := hours_between(own, said):
        return (
            f"Time zone: {place} gives {written} for run {run.id}, whose own time is {run.timestamp};"
            f" they differ by exactly {hours} h. Nothing was changed; a person has to say which holds."
        )
    return (
        f"{place} gives {written} for run {run.id}, whose own time is {run.timestamp}. Nothing was changed."
    )
