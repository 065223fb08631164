"""Making the map of a repository: embed what is new, walk through history, place everything, keep the result.

Nothing is open across git or the network; the result replaces the old map in one transaction, or the old map stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zlib import crc32

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max

from cells.models import Evidence, EvidenceCell, Patch, Repository
from cells.patches import life
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror
from egspace import projection
from egspace.embedding import Embedder, embedder, vectors
from egspace.embedding.packing import half
from egspace.embedding.words import words_of
from egspace.models import CELL, Atlas, Position
from egspace.reckoning import forecasts, gathering, standings, trails
from egspace.reckoning.gathering import Material, Vectors
from egspace.reckoning.ledger import Ledger
from egspace.reckoning.trails import Mark, Walk

RECKONER = "2"  # raise it when the reckoning changes, so that every map is made anew
# What tells a position that is as it was; δ and its vectors are in the fingerprint.
SAME = (
    "kind",
    "key",
    "seq",
    "commit",
    "described",
    "present",
    "pieces",
    "open_tasks",
    "all_tasks",
    "fingerprint",
)
Progress = Callable[[str, int, int], None]


def make(repository: Repository, progress: Progress) -> dict[str, Any]:
    """Make it, or leave it when nothing it depends on changed; returns the counts.

    Raises EmbedderAway, EmbedderBroken, Refused; then the map before it stands.
    """
    using = embedder()
    digest = digest_of(repository, using)
    atlas = Atlas.objects.filter(repository=repository).first()
    if atlas and atlas.digest == digest:
        return {"changed": False, "head": repository.head}
    progress("read", 0, 1)
    mirror = Mirror(repository.mirror)
    material = gathering.gather(repository, mirror)
    waiting = forecasts.material(repository, mirror, material)
    vectors.ensure(material.texts | waiting.texts, using, lambda done, total: progress("embed", done, total))
    known = Vectors.of(material.texts | waiting.texts, using.model)
    progress("reckon", 0, 1)

    def fresh_walk() -> Walk:
        return Walk(Ledger(known.matrix, half_life()), known.place, known.goal)

    walk = fresh_walk()
    marks = [*walk.marks(material.chapters), *trails.early(material.chapters, fresh_walk)]
    progress("place", 0, 1)
    basis = projected(walk, atlas if atlas and atlas.model == using.model else None)
    with transaction.atomic():
        counts = store(repository, marks, anew=atlas is None or atlas.model != using.model)
        standings.store(repository, walk, marks)
        forecasts.store(repository, walk, waiting, known)
        Atlas.objects.update_or_create(
            repository=repository,
            defaults={
                "model": using.model, "projection": basis.kind, "basis": basis.to_bytes(), "head": repository.head,
                "digest": digest, "axes": axes(walk, material, known, basis),
                "problems": [one.as_json() for one in problems(walk, known)],
            },
        )  # fmt: skip
    return {
        "changed": True,
        "head": repository.head,
        "model": using.model,
        "vectors": len(known.place),
        **counts,
    }


def half_life() -> float:
    """Seconds in which a piece of evidence comes to weigh half."""
    return timedelta(days=settings.VPM_HALF_LIFE).total_seconds()


def digest_of(repository: Repository, using: Embedder) -> str:
    """Names everything a map depends on: the commit, who was placed where, what waits, the model, the way of reckoning."""
    own = EvidenceCell.objects.filter(evidence__repository=repository, evidence__source=Evidence.SSOT)
    placed = own.aggregate(n=Count("pk"), last=Max("pk"))
    patches = Patch.objects.filter(repository=repository, state__in=(life.PROPOSED, life.LANDED))
    waiting = list(patches.order_by("pk").values_list("pk", "tip", "state"))
    parts = [
        RECKONER, repository.head, repository.swarm_digest, using.model, settings.VPM_PROJECTION, settings.VPM_HALF_LIFE,
        sorted(placed.items()), waiting,
    ]  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def projected(walk: Walk, before: Atlas | None) -> projection.Projection:
    """The two axes that show most of how the cells' C and G differ, aligned to the map before."""
    stands = [walk.stands[subject] for subject in sorted(walk.subjects) if subject[0] == CELL]
    points = [(one.c, 0) for one in stands if one.c is not None]
    points += [(one.g, 1) for one in stands if one.g is not None]
    rows = np.stack([v for v, _ in points]) if points else np.zeros((0, walk.ledger.vectors.shape[1] or 1))
    groups = np.array([group for _, group in points], dtype=int)
    previous = projection.Projection.from_bytes(bytes(before.basis)) if before else None
    try:
        return projection.fit(rows, groups, kind=settings.VPM_PROJECTION, previous=previous)
    except projection.ProjectionMissing as missing:
        raise Refused(sentence("The map was not made: %(why)s", why=str(missing))) from missing


def axes(
    walk: Walk, material: Material, known: Vectors, basis: projection.Projection
) -> list[list[list[str]]]:
    """The words that name the ends of the two axes."""
    rows = [row for _, row in sorted(walk.standing.items()) if row.blob in known.place]
    if not rows:
        return []
    texts = [material.texts[row.blob]() or "" for row in rows]
    coordinates = basis.place(known.matrix[[known.place[row.blob] for row in rows]])
    return projection.axis_words(coordinates, [set(words_of(text)) for text in texts])


def problems(walk: Walk, known: Vectors) -> list[Sentence]:
    """What is on no map, in sentences."""
    without = sum(row.blob not in known.place for row in walk.standing.values())
    if not without:
        return []
    return [sentence("Pieces of evidence without text, which nothing can place: %(count)s.", count=without)]


def store(repository: Repository, marks: list[Mark], *, anew: bool) -> dict[str, int]:
    """Positions that are as they were stay; the others are replaced."""
    if anew:
        Position.objects.filter(repository=repository).delete()
    stored = Position.objects.filter(repository=repository)
    there = {tuple(row): pk for pk, *row in stored.values_list("pk", *SAME)}
    now = {
        tuple(getattr(row, name) for name in SAME): row
        for row in (_position(repository, mark) for mark in marks)
    }
    stale = [pk for same, pk in there.items() if same not in now]
    for start in range(0, len(stale), 500):
        Position.objects.filter(pk__in=stale[start : start + 500]).delete()
    new = [row for same, row in now.items() if same not in there]
    Position.objects.bulk_create(new, batch_size=200)
    return {"positions": len(now), "new": len(new)}


def _position(repository: Repository, mark: Mark) -> Position:
    stand = mark.stand
    c, g = half(stand.c), half(stand.g)
    return Position(
        repository=repository, kind=mark.subject[0], key=mark.subject[1], seq=mark.seq, commit=mark.commit, at=mark.at,
        described=mark.described, present=mark.present, c=c, g=g, fingerprint=crc32(g, crc32(c)),
        delta=stand.delta, pieces=stand.pieces, open_tasks=mark.tasks[0], all_tasks=mark.tasks[1], moved=mark.moved,
    )  # fmt: skip
