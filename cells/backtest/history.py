"""What a project's own record says of its pull requests, one JSON object a line: what git alone cannot know."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cells.sentences import Sentence, sentence

MOST_PROBLEMS = 200
HIGHEST = 999_999_999


@dataclass(frozen=True, slots=True)
class Told:
    """One pull request or branch: `paths` is all it touched, `left` those of them that were there afterwards.

    `merged_at` and `last_commit_at` are epoch seconds, None when the record does not say.
    """

    number: int | None
    title: str
    branch: str
    merged: bool
    merged_at: float | None
    last_commit_at: float | None
    paths: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The record by number and by branch; `since` is when a merged pull request first left each path there."""

    by_number: dict[int, Told] = field(default_factory=dict)
    by_branch: dict[str, Told] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    problems: tuple[Sentence, ...] = ()


class Unusable(Exception):
    """A line that is not what it should be; the text says what."""


def parse(lines: Iterable[str | bytes]) -> History:
    """Every line that can be read; a bad one becomes a problem with its number, and the others stand. Never raises."""
    told: list[Told] = []
    problems: list[Sentence] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            told.append(_told(_object(line)))
        except Unusable as why:
            problems.append(
                sentence(
                    "Line %(line)s of the history file is left out: %(why)s. Correct it and run again.",
                    line=number,
                    why=str(why),
                )
            )
    return _indexed(told, tuple(problems[:MOST_PROBLEMS]))


def _indexed(told: list[Told], problems: tuple[Sentence, ...]) -> History:
    history = History(problems=problems)
    # A name may have been used again: the undecided one is the branch that still stands.
    for one in sorted(told, key=lambda one: one.merged, reverse=True):
        if one.branch:
            history.by_branch[one.branch] = one
    for one in told:
        if one.number is not None:
            history.by_number.setdefault(one.number, one)
        if one.merged and one.merged_at is not None:
            for path in one.left:
                history.since[path] = min(one.merged_at, history.since.get(path, one.merged_at))
    return history


def _object(line: str | bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"it is not JSON ({str(error)[:100]})") from None
    if not isinstance(row, dict):
        raise Unusable("it is not a JSON object")
    return row


def _told(row: dict[str, Any]) -> Told:
    files = row.get("files") or []
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise Unusable("“files” is not a list of objects")
    old = tuple(_text(file, "old_path") for file in files if file.get("old_path"))
    paths = tuple(_text(file, "path", needed=True) for file in files)
    left = tuple(path for path, file in zip(paths, files, strict=True) if file.get("status") != "D")
    merged_at = _moment(row, "merged_at")
    return Told(
        number=_number(row.get("number")),
        title=_text(row, "title"),
        branch=_text(row, "head_branch"),
        merged=row.get("merged") is True,
        merged_at=merged_at,
        last_commit_at=_moment(row, "last_commit_at"),
        paths=tuple(dict.fromkeys((*paths, *old))),
        left=left,
    )


def _number(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= HIGHEST:
        raise Unusable("“number” is not the number of a pull request")
    return value


def _text(row: dict[str, Any], name: str, needed: bool = False) -> str:
    value = row.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value):
        raise Unusable(f"“{name}” is not a text")
    # Half a character, as JSON can escape it, could not be printed.
    return value.encode("utf-8", "replace").decode().replace("\0", "�")


def _moment(row: dict[str, Any], name: str) -> float | None:
    written = _text(row, name)
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise Unusable(f"“{name}” is not a time") from None
