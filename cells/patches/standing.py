"""How waiting proposals stand to each other: which say the same as an earlier one, which a newer one replaces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A waiting proposal: `content` is its sorted (path, new blob and mode); `of` is its kind and author."""

    pk: int
    name: str
    of: tuple[str, str]
    at: datetime
    content: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """`twins` name earlier proposals of the same content; `replaced_by` names a newer one for the same paths."""

    twins: tuple[str, ...] = ()
    replaced_by: str = ""


def compare(waiting: Sequence[Waiting]) -> dict[int, Standing]:
    """pk to standing. Of any proposals that mean the same, at least one is neither a twin nor replaced."""
    rows = sorted((row for row in waiting if row.content), key=lambda row: (row.at, row.pk))
    replaced = _replaced(rows)
    earlier: defaultdict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    found = {}
    for row in rows:
        found[row.pk] = Standing(tuple(earlier[row.content]), replaced.get(row.pk, ""))
        # A twin of something that is itself replaced is not a copy of anything that will land.
        if row.pk not in replaced:
            earlier[row.content].append(row.name)
    return found


def _replaced(rows: list[Waiting]) -> dict[int, str]:
    """pk to the name of the newest one by the same author for exactly the same paths, with other content."""
    groups: defaultdict[tuple[object, ...], list[Waiting]] = defaultdict(list)
    for row in rows:
        groups[(row.of, tuple(path for path, _ in row.content))].append(row)
    found: dict[int, str] = {}
    for group in groups.values():
        newest = group[-1]
        found |= {row.pk: newest.name for row in group if row.content != newest.content}
    return found
