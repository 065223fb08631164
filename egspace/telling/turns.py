"""What moved a δ, position by position: pieces of evidence that came or went, a goal, its tasks, a patch that landed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from cells.models import Cell, Evidence, Patch, Repository, StateVersion
from cells.ssot.mirror import Mirror
from egspace.drawing.words import number
from egspace.models import CELL, PROJECT, Position
from egspace.reckoning.ledger import Subject
from egspace.telling.readings import SAME, three, two

CHUNK = 500
NAMED = 3  # titles that a mark says


@dataclass(frozen=True, slots=True)
class Turn:
    """A position that something moved: `look` is closer, farther, moved or landed; `lines` its hover, plain text;
    `url` the document at that commit, "" where there is none to open; `early` before the repository described it."""

    at: datetime
    commit: str
    delta: float
    look: str
    lines: tuple[str, ...]
    url: str
    early: bool


def turns(repository: Repository, subject: Subject, rows: Sequence[Position]) -> list[Turn]:
    """Of positions in their order; those that stand nowhere, before or after, have no mark."""
    known = _Known(repository, subject, rows)
    found = []
    before: Position | None = None
    seen = False  # whether δ was ever known
    for row in rows:
        turn = _turn(known, before, row, seen)
        if turn:
            found.append(turn)
        before, seen = row, seen or row.delta is not None
    return found


class _Known:
    """Titles, landings and documents for all positions, in a few queries."""

    def __init__(self, repository: Repository, subject: Subject, rows: Sequence[Position]) -> None:
        self.repository, self.subject, self.mirror = repository, subject, Mirror(repository.mirror)
        cell = (
            Cell.objects.filter(repository=repository, key=subject[1]).first() if subject[0] == CELL else None
        )
        self.described_in = cell.path if cell else ""
        paths = {path for row in rows for name in ("added", "removed") for path in row.moved.get(name, ())}
        self.titles: dict[str, str] = {}
        for chunk in _chunks(sorted(paths)):
            told = Evidence.objects.filter(
                repository=repository, source=Evidence.SSOT, path__in=chunk
            ).order_by("committed_at", "pk")
            self.titles.update(told.values_list("path", "title"))
        commits = [row.commit for row in rows]
        self.landed: dict[str, Patch] = {}
        self.states: dict[str, str] = {}
        for chunk in _chunks(commits):
            landed = Patch.objects.filter(repository=repository, commit__in=chunk).only(
                "pk", "title", "commit"
            )
            self.landed.update({patch.commit: patch for patch in landed})
            self.states.update(self._states(chunk))

    def _states(self, commits: Sequence[str]) -> Iterable[tuple[str, str]]:
        kind, key = self.subject
        rows = StateVersion.objects.filter(repository=self.repository, commit__in=commits).exclude(blob="")
        if kind == CELL:
            rows = rows.filter(cell__key=key)
        elif kind == PROJECT:
            rows = rows.filter(project__key=key, cell=None)
        return rows.order_by("pk").values_list("commit", "path")

    def title(self, path: str) -> str:
        return self.titles.get(path) or path

    def described_at(self, commit: str) -> str:
        """The document that describes the cell today, where it stood at that commit too."""
        path = self.described_in
        return path if path and self.mirror.text(commit, path) is not None else ""


def _turn(known: _Known, before: Position | None, row: Position, seen: bool) -> Turn | None:
    here = row.delta if row.delta is not None else before.delta if before else None
    patch = known.landed.get(row.commit)
    what = _what(known, before, row)
    if here is None or not (what or patch or not row.present):
        return None
    change = _change(before, row)
    if patch:
        what = [gettext("“%(title)s” landed") % {"title": patch.title}, *what]
    lines = (_said(row, change, what[0] if what else "", seen), *what[1:], *_tasks(before, row))
    look = "moved" if change is None or abs(change) < SAME else "closer" if change < 0 else "farther"
    return Turn(
        row.at,
        row.commit,
        here,
        "landed" if patch else look,
        lines,
        _url(known, before, row, patch),
        not row.described,
    )


def _change(before: Position | None, row: Position) -> float | None:
    if before is None or before.delta is None or row.delta is None:
        return None
    return row.delta - before.delta


def _what(known: _Known, before: Position | None, row: Position) -> list[str]:
    """What came, what went, whether its goal is another one."""
    moved = row.moved
    names = [known.title(path) for path in moved.get("added", ())]
    names += [gettext("%(title)s went") % {"title": known.title(path)} for path in moved.get("removed", ())]
    lines = names[:NAMED]
    more = moved.get("n", 0) - len(lines)
    if more > 0:
        lines.append(ngettext("and %(n)s more piece", "and %(n)s more pieces", more) % {"n": number(more)})
    if moved.get("goal") and before and _other_goal(before, row):
        lines.append(gettext("its goal was written anew"))
    return lines


def _other_goal(before: Position, row: Position) -> bool:
    """A goal is named as moved also when only its tasks were; those have a line of their own."""
    return (
        _counts(before) == _counts(row)
        or before.delta is None
        or row.delta is None
        or abs(row.delta - before.delta) >= SAME
    )


def _said(row: Position, change: float | None, what: str, seen: bool) -> str:
    said = {"what": what, "delta": "" if row.delta is None else two(row.delta), "change": three(change or 0)}
    if not row.present:
        return gettext("The swarm held it until here")
    if row.delta is None:
        return gettext("δ is unknown from here on: %(what)s") % said
    if change is None and seen:
        return gettext("δ %(delta)s, known again: %(what)s") % said
    if change is None:
        return gettext("δ %(delta)s, first known here: %(what)s") % said
    if abs(change) < SAME:
        return gettext("as close as before: %(what)s") % said
    return (
        gettext("closer by %(change)s: %(what)s")
        if change < 0
        else gettext("farther by %(change)s: %(what)s")
    ) % said


def _tasks(before: Position | None, row: Position) -> list[str]:
    if not row.all_tasks or before is None or _counts(before) == _counts(row):
        return []
    return [gettext("%(open)s of %(all)s tasks open") % {"open": row.open_tasks, "all": row.all_tasks}]


def _counts(row: Position) -> tuple[int, int]:
    return row.open_tasks, row.all_tasks


def _url(known: _Known, before: Position | None, row: Position, patch: Patch | None) -> str:
    if patch:
        return reverse("patch", args=[patch.pk])
    path, commit = "", row.commit
    if row.moved.get("added"):
        path = row.moved["added"][0]
    elif row.moved.get("removed"):
        path, commit = row.moved["removed"][0], before.commit if before else ""
    elif row.moved.get("goal"):
        path = known.states.get(row.commit) or known.described_at(row.commit)
    if not path or not commit:
        return ""
    return f"{reverse('file')}?{urlencode({'repo': known.repository.key, 'path': path, 'commit': commit})}"


def _chunks(items: Iterable[str]) -> Iterable[list[str]]:
    each = iter(items)
    while chunk := list(islice(each, CHUNK)):
        yield chunk
