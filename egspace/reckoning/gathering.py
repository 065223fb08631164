"""What a map is made from: the evidence of all times with how far it is trusted, the history as chapters, every text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from cells.models import Evidence, EvidenceCell, Repository
from cells.ssot.mirror import READ_LIMIT, Mirror
from egspace.embedding import vectors
from egspace.geometry import Array
from egspace.reckoning.chapters import Book, Chapter, Row, Rows, chapters
from egspace.reckoning.goals import Goal

FLAGGED = 0.25  # what sync flagged (a copy, a template, a wrong date) still says a little


@dataclass(frozen=True, slots=True)
class Material:
    """`texts` is blob to what reads it: of all evidence, and of all goals that ever stood."""

    book: Book
    chapters: list[Chapter]
    rows: Rows
    texts: dict[str, Callable[[], str | None]]


def gather(repository: Repository, mirror: Mirror) -> Material:
    """Reads git and rows; embeds nothing."""
    book, rows = Book(mirror), rows_of(repository)
    told = list(chapters(book, mirror.history("", repository.head), rows)) if repository.head else []
    texts: dict[str, Callable[[], str | None]] = {
        row.blob: partial(text_in, mirror, row.blob) for row in rows.values()
    }
    for chapter in told:
        for goal in chapter.goals.values():
            if goal.sources:
                texts[vectors.blob_of(goal.text)] = partial(str, goal.text)
    return Material(book, told, rows, texts)


def rows_of(repository: Repository) -> dict[tuple[str, str], Row]:
    """By path and blob; where the same bytes came back later, the first time counts. Files of the repository only: what
    GitHub told stands in no commit of it, so no moment of the map holds it."""
    own = Evidence.objects.filter(repository=repository, source=Evidence.SSOT)
    matches: dict[int, dict[str, str]] = defaultdict(dict)
    placed = EvidenceCell.objects.filter(evidence__repository=repository)
    for pk, key, why in placed.values_list("evidence", "cell__key", "why"):
        matches[pk][key] = why
    by_hand = own.filter(placed_by_hand=True).order_by("pk")
    told = {path: matches[pk] for pk, path in by_hand.values_list("pk", "path")}
    fields = ("pk", "path", "blob", "title", "observed_at", "committed_at", "flags")
    return {
        (path, blob): Row(
            pk, path, blob, title, min(observed, committed).timestamp(), FLAGGED if flags else 1.0,
            path in told, told.get(path, matches[pk]),
        )
        for pk, path, blob, title, observed, committed, flags in own.order_by("-committed_at", "-pk").values_list(*fields)
    }  # fmt: skip


def text_in(mirror: Mirror, blob: str) -> str | None:
    """A file's text; None when it holds none, or is too large to be a document."""
    if mirror.sizes([blob])[blob] > READ_LIMIT:
        return None
    return vectors.text_of(mirror.data(blob))


@dataclass(frozen=True, slots=True)
class Vectors:
    """Every vector of a map as rows of one matrix; `place` is blob to row."""

    place: dict[str, int]
    matrix: Array

    @classmethod
    def of(cls, texts: dict[str, Any], model: str) -> Vectors:
        return cls(*vectors.load(texts, model))

    def goal(self, goal: Goal) -> Array | None:
        """The vector of a goal's text, None when it has none."""
        row = self.place.get(vectors.blob_of(goal.text)) if goal.sources else None
        return None if row is None else self.matrix[row]
