"""What the files of a waiting report say about themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cells.asks.modes._common import is_inside, one_line
from cells.asks.modes._context import ChangedFile, Subject
from cells.contract.case import Risk
from cells.ssot.state_lines import outline

_STUB = "received '/ask'"


def concerns(subject: Subject) -> tuple[list[str], Risk]:
    """Everything that speaks against taking the report in unseen, and how much is at risk."""
    outside = [
        f"It changes {one_line(f.path)}, which is not under reports/."
        for f in subject.files
        if _is_outside(f)
    ]
    others = [*_changes(subject), *_unsound(subject), *_judged(subject)]
    return [*outside, *others], "HIGH" if outside else "MEDIUM" if others else "LOW"


def _is_outside(file: ChangedFile) -> bool:
    return not is_inside(file.path, ("reports/**",))


def _changes(subject: Subject) -> Iterator[str]:
    for file in subject.files:
        if file.status != "added" or file.removed:
            yield f"{one_line(file.path)} is not a new file ({one_line(file.status, 40)})."


def _unsound(subject: Subject) -> Iterator[str]:
    for file in subject.files:
        if problem := _problem(file):
            yield f"{one_line(file.path)} {problem}."


def _problem(file: ChangedFile) -> str:
    if file.content is None:
        return "could not be read"
    if file.path.endswith((".md", ".markdown")):
        return "" if file.content.strip() else "is empty"
    if not file.path.endswith(".json"):
        return "is neither JSON nor Markdown"
    return "" if isinstance(_parsed(file), dict | list) else "is not well-formed JSON"


def _judged(subject: Subject) -> Iterator[str]:
    if subject.checks != "green":
        yield f"Its checks are {one_line(subject.checks, 40)}, not green."
    if subject.verdict and subject.verdict.decision != "AUTO_MERGE_OK":
        yield f"The contract says {one_line(subject.verdict.decision, 40)}."
        yield from (one_line(reason) for reason in subject.verdict.reasons[:5])


def _parsed(file: ChangedFile) -> Any:
    try:
        return json.loads(file.content or "")
    except (ValueError, RecursionError):
        return None


def tags_of(subject: Subject) -> list[str]:
    """Tags that the paths and the contents prove, in a fixed order."""
    inside = not any(_is_outside(file) for file in subject.files)
    tags = ["persist-report", *(["reports-only"] if inside else [])]
    for file in subject.files[:20]:
        folder = file.path.split("/")[1] if file.path.count("/") > 1 else ""
        tags += ["ask-run"] if folder == "ask" else [one_line(folder, 40)]
        value = _parsed(file) if file.path.endswith(".json") else None
        if isinstance(value, dict):
            tags += _tags_in(value)
    return [tag for tag in dict.fromkeys(tags) if tag]


def _tags_in(value: dict[str, Any]) -> Iterator[str]:
    if {"understanding", "plan", "acceptance"} <= value.keys():
        yield "u_contract"
    if value.get("understanding") == _STUB:
        yield "stub"
    meta = value.get("meta")
    if isinstance(meta, dict) and isinstance(meta.get("issue"), int):
        yield f"issue-{meta['issue']}"
    if isinstance(value.get("schema_version"), str):
        yield one_line(value["schema_version"], 60)


def summary_of(subject: Subject) -> str:
    """One or two sentences: which files, and what the first of them says of itself."""
    paths = ", ".join(one_line(file.path, 120) for file in subject.files[:3])
    more = f" and {len(subject.files) - 3} more" if len(subject.files) > 3 else ""
    adds = "Adds" if all(file.status == "added" for file in subject.files) else "Changes"
    said = _says(subject.files[0])
    return f"{adds} {paths}{more}." + (f" It says: {said}" if said else "")


def _says(file: ChangedFile) -> str:
    if not file.path.endswith(".json"):
        shape = outline(file.content or "")
        return one_line(shape.headings[0].title if shape.headings else shape.lines[0], 300)
    value = _parsed(file)
    parts = list(_statements(value)) if isinstance(value, dict) else []
    return one_line("; ".join(parts), 400)


def _statements(value: dict[str, Any]) -> Iterator[str]:
    """The text of the fields that carry what a report says, whatever shape they have."""
    for name in ("summary", "title", "understanding", "acceptance"):
        said = value.get(name)
        if isinstance(said, dict):
            said = said.get("C")
        if isinstance(said, list):
            said = ", ".join(item for item in said if isinstance(item, str))
        if isinstance(said, str) and said.strip():
            yield f"{name}: {one_line(said, 300)}"
    meta = value.get("meta")
    if isinstance(meta, dict):
        known = [
            f"{key} {meta[key]}"
            for key in ("issue", "asked_by", "created_at")
            if isinstance(meta.get(key), int | str)
        ]
        yield from [one_line("asked: " + ", ".join(known), 200)] if known else []
