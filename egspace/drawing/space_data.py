"""Where the cells stand on the map of meaning, now or after some commit: stored positions, placed by the map in force."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from cells.models import Repository
from cells.patches import life
from cells.sentences import Sentence
from egspace.drawing.layout import MOST
from egspace.drawing.space import Ghost, Place, Point, Space
from egspace.embedding.packing import whole
from egspace.models import CELL, Atlas, Forecast, Position, Standing
from egspace.projection import Projection

TRAIL = 24  # positions of a trail that are drawn, the newest
GHOSTS = 100  # of waiting patches


def space_of(repository: Repository, *, at_seq: int | None = None) -> Space | None:
    """None while no map was made. `at_seq` numbers the commits of the branch; ghosts stand on the map of now only."""
    atlas = Atlas.objects.filter(repository=repository).first()
    if atlas is None:
        return None
    basis = Projection.from_bytes(bytes(atlas.basis))
    many = repository.cells.count() > MOST
    trails = _trails(repository, at_seq, 1 if many else TRAIL)
    standings = _standings(repository) if at_seq is None else {}
    present = {key: rows for key, rows in trails.items() if rows[-1].present}
    stored = [bytes(one) for rows in present.values() for row in rows for one in (row.c, row.g) if one]
    spots = dict(zip(stored, points(basis, stored), strict=True))
    places = {key: _place(rows, spots, standings.get(key)) for key, rows in present.items()}
    return Space(
        places=places,
        ghosts=_ghosts(repository, basis) if at_seq is None else {},
        axes=tuple((tuple(one[0]), tuple(one[1])) for one in atlas.axes),
        model=atlas.model,
        projection=atlas.projection,
        explained=basis.explained,
    )


def _trails(repository: Repository, at_seq: int | None, most: int) -> dict[str, list[Position]]:
    """Cell key to its newest positions, oldest first; cells that were not described then are not there."""
    rows = Position.objects.filter(repository=repository, kind=CELL)
    if at_seq is not None:
        rows = rows.filter(seq__lte=at_seq)
    age = Window(RowNumber(), partition_by=F("key"), order_by=F("seq").desc())
    found: dict[str, list[Position]] = defaultdict(list)
    for row in rows.annotate(age=age).filter(age__lte=most).order_by("key", "seq"):
        found[row.key].append(row)
    return {key: rows for key, rows in found.items() if rows[-1].described}


def _standings(repository: Repository) -> dict[str, Standing]:
    return {row.key: row for row in Standing.objects.filter(repository=repository, kind=CELL)}


def _place(rows: list[Position], spots: Mapping[bytes, Point], standing: Standing | None) -> Place:
    """`spots` is stored vector to its place on the map."""
    now = rows[-1]
    been = [row for row in rows if row.c and row.present]
    said = standing.unknown if standing else None
    return Place(
        c=spots[bytes(now.c)] if now.c else None,
        g=spots[bytes(now.g)] if now.g else None,
        delta=now.delta,
        velocity=standing.velocity if standing else None,
        trail=tuple(spots[bytes(row.c)] for row in been),
        early=sum(not row.described for row in been),
        unknown=Sentence(said["text"], said["params"]) if said else None,
        pulls=_pulls(standing),
    )


def points(basis: Projection, stored: Iterable[bytes]) -> list[Point]:
    """Stored vectors on the map, rounded to a ten-thousandth of a map unit."""
    vectors = [v for one in stored if (v := whole(one)) is not None]
    if not vectors:
        return []
    return [(round(float(x), 4), round(float(y), 4)) for x, y in basis.place(np.stack(vectors))]


def _pulls(standing: Standing | None) -> tuple[tuple[str, float], ...]:
    told: dict[str, Any] = standing.pulls if standing else {}
    return tuple((one["title"], one["value"]) for side in ("closer", "farther") for one in told.get(side, ()))


def _ghosts(repository: Repository, basis: Projection) -> dict[str, tuple[Ghost, ...]]:
    rows = Forecast.objects.filter(
        patch__repository=repository, patch__state=life.PROPOSED, kind=CELL, own=True
    )
    found: dict[str, list[Ghost]] = defaultdict(list)
    for row in rows.select_related("patch").order_by("-patch__authored_at", "-pk")[:GHOSTS]:
        c, g = (next(iter(points(basis, [bytes(one)])), None) for one in (row.c, row.g))
        found[row.key].append(Ghost(row.patch_id, row.patch.title, c, g, row.before, row.after))
    return {key: tuple(ghosts) for key, ghosts in found.items()}
