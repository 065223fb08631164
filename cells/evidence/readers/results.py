"""Results written as JSON: statuses, checks, rates and counts, and the judgement on a persisted report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from cells.evidence.readers.base import (
    OUTSIDE,
    Claim,
    Document,
    instant_in,
    json_value,
    outcome,
    percent,
    scalar,
)

_MOST, _MOST_RECORDS = 24, 40
_SAID = re.compile(
    r"status|result|ok|passed|success|outcome|conclusion|decision|risk_level"
    r"|[a-z0-9_]{1,40}_(?:ok|passed|success|status|ready|complete)",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"total(?:_checks)?|pass|passed(?:_checks)?|fail|failed(?:_checks)?|samples|http_?200", re.I
)
_RATE = frozenset({"success_rate", "success_rate_percent", "availability"})
_COUNTED = {
    "requests": "requests", "total_requests": "requests", "errors": "errors", "error_count": "errors",
    "failed_requests": "errors",
}  # fmt: skip
# What stands inside such an object was asked for, not measured.
_WANTED = re.compile(r"threshold|target|config|expect|criteria|limit|gate|input", re.IGNORECASE)
_RECORD_IDS = ("run_id", "runId")
_RECORD_TIMES = ("timestamp", "ts", "finished_at", "created_at")


def read(document: Document) -> Iterator[Claim]:
    """At most 24 claims of a JSON object (its own keys and those one level below), or the status of each record."""
    if document.suffix in {"ndjson", "jsonl"}:
        yield from _records(document)
    elif document.kind != "ask" and isinstance(document.object, dict):
        yield from islice(_object(document, document.object), _MOST)


def _object(document: Document, read: dict[str, Any]) -> Iterator[Claim]:
    subject = _subject(document, read)
    if "risk_level" in read and (decision := _judgement(read)):
        yield Claim(subject, "decision", decision[1], "", "", document.line_of(decision[0]))
        read = {key: value for key, value in read.items() if key not in {"decision", "u_contract", "action"}}
    yield from _level(document, subject, read, "", 1)
    for outer, inner in read.items():
        if isinstance(inner, dict) and not _WANTED.search(outer):
            yield from _level(document, subject, inner, f"{outer}.", document.line_of(outer))


def _subject(document: Document, read: dict[str, Any]) -> str:
    run, pull = read.get("run_id"), read.get("pr_number")
    if document.run:
        return document.run
    if isinstance(run, str) and run.strip():
        return run
    return f"PR #{pull}" if isinstance(pull, int) and 0 < pull < 10**7 else document.subject


def _judgement(read: dict[str, Any]) -> tuple[str, str] | None:
    """The final word on a pull request: the contract's, else the model's suggestion."""
    for place, key in (("u_contract", "decision"), ("", "decision"), ("action", "suggested")):
        inner = read.get(place) if place else read
        said = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(said, str) and said.strip():
            return key, said
    return None


def _level(document: Document, subject: str, read: dict[str, Any], prefix: str, line: int) -> Iterator[Claim]:
    for key, value in read.items():
        said = scalar(value)
        if said is None or len(key) > 40:
            continue
        place = document.line_of(key, line)
        if key in _RATE or key in _COUNTED:
            # The numbers of a cell are its measurement report's, which also knows the vantage point.
            if not document.measured:
                yield from _measured(subject, key, value, said, place)
        elif _SAID.fullmatch(key) and isinstance(value, bool | str):
            told = outcome(said) if key == "status" and not prefix else said
            yield Claim(subject, prefix + key, told, "", "", place)
        elif _COUNT.fullmatch(key) and _is_number(value):
            yield Claim(subject, prefix + key, said, "", "", place)


def _measured(subject: str, key: str, value: Any, said: str, line: int) -> Iterator[Claim]:
    if not _is_number(value):
        return
    if key in _COUNTED:
        yield Claim(subject, _COUNTED[key], said, "", OUTSIDE, line)
    elif rate := percent(value if key.endswith("_percent") or value > 1 else 100 * value):
        yield Claim(subject, "success_rate", rate, "%", OUTSIDE, line)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _records(document: Document) -> Iterator[Claim]:
    """One record per line, of a run that it names and dates itself."""
    for number, line in enumerate(document.text.splitlines()[:_MOST_RECORDS], start=1):
        record = json_value(line) if "status" in line else None
        if not isinstance(record, dict):
            continue
        run = next((said for key in _RECORD_IDS if (said := scalar(record.get(key)))), None)
        status = record.get("status")
        if run and isinstance(status, str):
            at = next(filter(None, (_instant(record.get(key)) for key in _RECORD_TIMES)), None)
            yield Claim(run, "status", outcome(status), "", "", number, at)


def _instant(said: Any) -> datetime | None:
    return instant_in(said) if isinstance(said, str) else None
