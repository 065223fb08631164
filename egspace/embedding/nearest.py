"""What lies nearest: evidence to a vector or to words, and cells to a piece of evidence."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from django.db import models

from cells.models import Evidence, EvidenceCell, Repository
from egspace.embedding import embedder, pgvector, vectors
from egspace.embedding.base import Matrix
from egspace.embedding.packing import whole
from egspace.models import CELL, Atlas, Position

_AT_ONCE = 5_000  # vectors in memory
_SAME = 1e-6  # a mean shorter than this is the evidence that was left out


def ask(repository: Repository, text: str, k: int = 10) -> list[tuple[Evidence, float]]:
    """The current evidence nearest to a typed text, and how similar it is (1: the same).

    Raises EmbedderAway and EmbedderBroken.
    """
    using = embedder()
    (query,) = using.embed([text])
    return nearest(repository, query, k, model=using.model)


def nearest(
    repository: Repository, query: Matrix, k: int = 10, *, current: bool = True, model: str = ""
) -> list[tuple[Evidence, float]]:
    """The evidence nearest to a unit vector of that model (the one of the map, when none is named), nearest first."""
    model = model or model_of(repository)
    if not query.any() or k < 1:
        return []
    found = None
    if pgvector.ready(model, len(query)):
        found = pgvector.nearest(repository.pk, query, model, k, current=current)
    if found is None:
        found = _by_numpy(repository, query, model, k, current)
    rows = repository.evidence.in_bulk([pk for pk, _ in found])
    return [(rows[pk], similarity) for pk, similarity in found if pk in rows]


def suggest(
    repository: Repository, what: Evidence | Matrix, k: int = 3, *, model: str = ""
) -> list[tuple[str, float]]:
    """The cells a piece of evidence, or a vector, is nearest to: by the cosine to the mean of a cell's evidence and goal.

    A piece of evidence does not vouch for itself: it is left out of the means of its own cells.
    """
    model = model or model_of(repository)
    own: set[str] = set()
    if isinstance(what, Evidence):
        places, rows = vectors.load([what.blob], model)
        if not places:
            return []
        own = set(what.cells.values_list("key", flat=True))
        query = rows[0]
    else:
        query = what
    sums = _sums(repository, model, len(query))
    near = []
    for key, total in sums.items():
        mean = total - query if key in own else total
        if (length := float(np.linalg.norm(mean))) > _SAME:
            near.append((key, float(mean @ query) / length))
    return sorted(near, key=lambda one: (-one[1], one[0]))[:k]


def model_of(repository: Repository) -> str:
    """The model whose vectors are in force: that of the map, as long as there is one."""
    atlas = Atlas.objects.filter(repository=repository).only("model").first()
    return atlas.model if atlas else embedder().model


def _by_numpy(
    repository: Repository, query: Matrix, model: str, k: int, current: bool
) -> list[tuple[int, float]]:
    ids: dict[str, list[int]] = defaultdict(list)
    evidence = repository.evidence.filter(source=Evidence.SSOT)
    evidence = evidence.filter(current=True) if current else evidence
    for pk, blob in evidence.order_by("pk").values_list("pk", "blob"):
        ids[blob].append(pk)
    best: list[tuple[float, int]] = []
    for blobs in vectors.chunks(ids, _AT_ONCE):
        places, rows = vectors.load(blobs, model)
        if rows.shape[1] != len(query):
            continue
        similar = rows @ query
        best += [(-float(similar[at]), pk) for blob, at in places.items() for pk in ids[blob]]
        best = sorted(best)[:k]
    return [(pk, -distance) for distance, pk in best]


def _sums(repository: Repository, model: str, dims: int) -> dict[str, Matrix]:
    """The sum of the vectors of each cell's current evidence and of its goal, where the map has one."""
    cells: dict[str, list[str]] = defaultdict(list)
    belonging = EvidenceCell.objects.filter(
        evidence__repository=repository, evidence__source=Evidence.SSOT, evidence__current=True
    )
    for blob, key in belonging.values_list("evidence__blob", "cell__key"):
        cells[blob].append(key)
    sums: dict[str, Matrix] = defaultdict(lambda: np.zeros(dims, np.float32))
    for blobs in vectors.chunks(cells, _AT_ONCE):
        places, rows = vectors.load(blobs, model)
        if rows.shape[1] != dims:
            continue
        for blob, at in places.items():
            for key in cells[blob]:
                sums[key] += rows[at]
    for key, goal in _goals(repository, model):
        if len(goal) == dims:
            sums[key] += goal
    return dict(sums)


def _goals(repository: Repository, model: str) -> list[tuple[str, Matrix]]:
    """The goals of the cells as the map has them, when it was made with this model."""
    if not Atlas.objects.filter(repository=repository, model=model).exists():
        return []
    newest = Position.objects.filter(repository=repository, kind=CELL, key=models.OuterRef("key")).order_by(
        "-seq"
    )
    rows = Position.objects.filter(
        repository=repository, kind=CELL, present=True, pk=models.Subquery(newest.values("pk")[:1])
    )
    goals = [(key, whole(bytes(g))) for key, g in rows.values_list("key", "g")]
    return [(key, goal) for key, goal in goals if goal is not None]
