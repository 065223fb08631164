"""EG-Space: geometry against the bare numpy product, embedding against reading, and the making of a map against a sync."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np

from cells.models import Repository
from cells.repositories import known_as
from cells.ssot.mirror import Mirror
from egspace import geometry
from egspace.embedding import ngrams, vectors
from egspace.geometry import Array
from egspace.models import Atlas, Figure, Forecast, Position, Standing, Vector
from egspace.reckoning import gathering
from egspace.reckoning.making import half_life, make
from tests.bench.reading import PIECE, sync
from tests.bench.timing import Ratio, Work, by_turns
from tests.factories import source_of

DIMS = 512


def reckoning(pieces: int, turns: int) -> list[Ratio]:
    """δ and contributions of so many pieces of evidence, half a year old at most."""
    rng = np.random.default_rng(5)
    rows: Array = rng.standard_normal((pieces, DIMS), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    at, trust = rng.uniform(0, 180 * 86_400, pieces), rng.uniform(0.25, 1, pieces)
    goal = geometry.unit(rng.standard_normal(DIMS)).astype(np.float32)
    stands = geometry.centre(rows, geometry.weights(at, trust, half_life()))

    def delta() -> None:
        geometry.delta(geometry.centre(rows, geometry.weights(at, trust, half_life())), goal)

    return by_turns(
        Work("numpy product", lambda: rows @ goal),
        Work("δ", delta),
        Work("contributions", lambda: geometry.contributions(rows, stands, goal)),
        Work("and their extremes", lambda: geometry.extremes(geometry.contributions(rows, stands, goal))),
        turns=turns,
    )


def embedding(source: Path, turns: int) -> list[Ratio]:
    """Every text a map needs, by the built-in embedder, and whole makings; each sync is of a repository of its own."""
    repository = sync(known_as("placed", str(source)))
    material = gathering.gather(repository, Mirror(repository.mirror))
    numbers = count()

    def read() -> None:
        for text in material.texts.values():
            text()

    full = Work("full sync", lambda: sync(known_as(f"beside-{next(numbers)}", str(source))))
    texts = Work("reading texts from git", read)
    embed = Work("embedding", lambda: vectors.ensure(material.texts, ngrams.Ngrams()), before=no_vectors)
    anew = Work("making the map", making(repository), before=lambda: no_map(repository))
    again = Work("with nothing new", making(repository))
    told, embedded, *made = by_turns(full, texts, embed, anew, again, turns=turns)
    return [embedded, Ratio(embed.name, texts.name, embedded.times, told.times), *made]


def one_commit(source: Path, turns: int) -> list[Ratio]:
    """The map after a commit of one piece, against the sync that read the commit."""
    repository = sync(known_as("moves", str(source)))
    make(repository, quiet)
    numbers = count(1)

    def commit() -> None:
        number = next(numbers)
        source_of(repository).commit({PIECE.format(number): f"# Piece {number}\n\nIt says {number}.\n"})

    reads = Work("sync of one new commit", lambda: sync(repository), before=commit)
    return by_turns(reads, Work("the map after it", making(repository)), turns=turns)


def making(repository: Repository) -> Callable[[], object]:
    def made() -> object:
        repository.refresh_from_db()
        return make(repository, quiet)

    return made


def quiet(step: str, done: int, total: int) -> None:
    pass


def no_vectors() -> None:
    """As a fresh installation: neither rows, nor what the embedder remembers of words."""
    Vector.objects.all().delete()
    ngrams._worth.cache_clear()
    ngrams._hashed.cache_clear()


def no_map(repository: Repository) -> None:
    no_vectors()
    Forecast.objects.filter(patch__repository=repository).delete()
    for rows in (Atlas.objects, Position.objects, Standing.objects, Figure.objects):
        rows.filter(repository=repository).delete()
