"""Nearest vectors by index, where PostgreSQL has the extension `vector`; everywhere else numpy does it.

A side table beside our models, in plain SQL: it can be dropped at any time and fills again. Only the worker that
embeds writes it (`keep`); pages read it when it is there (`nearest`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from django.db import DatabaseError, connection, transaction

from egspace.embedding.base import Matrix

log = logging.getLogger(__name__)

TABLE = "egspace_nearest"
MOST_DIMS = 2_000  # what its index takes
_FETCHED = 500
_FIRST, _GROWS, _MOST = 40, 5, 1_000  # candidates; what the index can be asked for at most

_SEARCH = f"""
SELECT evidence.id, 1 - near.distance
FROM (
    SELECT blob, embedding::vector({{dims}}) <=> %(query)s::vector({{dims}}) AS distance
    FROM {TABLE} WHERE model = %(model)s AND dims = {{dims}}
    ORDER BY embedding::vector({{dims}}) <=> %(query)s::vector({{dims}}) LIMIT %(most)s
) near
JOIN cells_evidence evidence ON evidence.blob = near.blob
WHERE evidence.repository_id = %(repository)s AND evidence.source = 'ssot' AND (evidence.current OR NOT %(current)s)
ORDER BY near.distance, evidence.id
"""  # noqa: S608


def keep(model: str, alive: Callable[[], None] | None = None) -> bool:
    """The side table in step with the vectors of a model; False where there is no such thing here.

    A row takes milliseconds to enter the index: each chunk is committed by itself, and `alive` called after it.
    """
    if connection.vendor != "postgresql":
        return False
    try:
        missing = _prepared(model)
        for start in range(0, len(missing), _FETCHED):
            _fill(missing[start : start + _FETCHED])
            if alive:
                alive()
    except DatabaseError as error:
        log.info("nearest evidence is found without an index: %s", str(error).splitlines()[0])
        return False
    return True


def ready(model: str, dims: int) -> bool:
    """Whether an index of these vectors stands here."""
    if connection.vendor != "postgresql" or dims > MOST_DIMS:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [_name(model, dims)])
        return bool(cursor.fetchone()[0])


def nearest(
    repository: int, query: Matrix, model: str, k: int, *, current: bool
) -> list[tuple[int, float]] | None:
    """Evidence ids and similarities, nearest first; None when the index cannot tell k of them."""
    asked = _FIRST
    while asked <= _MOST:
        found, exhausted = _search(repository, query, model, asked, current)
        if len(found) >= k or exhausted:
            return found[:k]
        asked = asked * _GROWS
    return None


def search(dims: int) -> str:
    """The query, for whoever wants to see how it is answered."""
    return _SEARCH.format(dims=dims)


def values(repository: int, query: Matrix, model: str, most: int, current: bool) -> dict[str, Any]:
    return {
        "query": _written(query), "model": model, "most": most, "repository": repository, "current": current,
    }  # fmt: skip


def _search(
    repository: int, query: Matrix, model: str, most: int, current: bool
) -> tuple[list[tuple[int, float]], bool]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('hnsw.ef_search', %s, true)", [str(most)])
        cursor.execute(search(len(query)), values(repository, query, model, most, current))
        found = [(pk, float(similarity)) for pk, similarity in cursor.fetchall()]
        cursor.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {TABLE} WHERE model = %s LIMIT %s) counted",  # noqa: S608
            [model, most + 1],
        )
        return found, cursor.fetchone()[0] <= most


def _name(model: str, dims: int) -> str:
    return f"{TABLE}_{hashlib.sha256(model.encode()).hexdigest()[:16]}_{dims}"


def _prepared(model: str) -> list[int]:
    """Table and indexes made, what is no more forgotten; returns the ids of the vectors to be entered."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {TABLE} (model varchar(150), dims integer NOT NULL,"
            " blob varchar(40), embedding vector NOT NULL, PRIMARY KEY (model, blob))"
        )
        for dims in _lengths(cursor, model):
            _index(cursor, model, dims)
        _forget(cursor, model)
        return _missing(cursor, model)


def _lengths(cursor: Any, model: str) -> list[int]:
    cursor.execute(
        "SELECT DISTINCT dims FROM egspace_vector WHERE model = %s AND dims BETWEEN 1 AND %s",
        [model, MOST_DIMS],
    )
    return [dims for (dims,) in cursor.fetchall()]


def _index(cursor: Any, model: str, dims: int) -> None:
    cursor.execute(
        f"CREATE INDEX IF NOT EXISTS {_name(model, dims)} ON {TABLE}"
        f" USING hnsw ((embedding::vector({dims})) vector_cosine_ops) WHERE model = %s AND dims = {dims}",
        [model],
    )


def _forget(cursor: Any, model: str) -> None:
    """Vectors that are no more."""
    cursor.execute(
        f"DELETE FROM {TABLE} near WHERE model = %s AND NOT EXISTS (SELECT 1 FROM egspace_vector v"  # noqa: S608
        " WHERE v.blob = near.blob AND v.model = near.model AND v.dims = near.dims)",
        [model],
    )


def _missing(cursor: Any, model: str) -> list[int]:
    cursor.execute(
        "SELECT v.id FROM egspace_vector v WHERE v.model = %s AND v.dims BETWEEN 1 AND %s AND NOT EXISTS"  # noqa: S608
        f" (SELECT 1 FROM {TABLE} near WHERE near.blob = v.blob AND near.model = v.model)",
        [model, MOST_DIMS],
    )
    return [pk for (pk,) in cursor.fetchall()]


def _fill(ids: Sequence[int]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            'SELECT model, dims, blob, "values" FROM egspace_vector WHERE id = ANY(%s)', [list(ids)]
        )
        rows = [(*row, _written(np.frombuffer(raw, "<f4"))) for *row, raw in cursor.fetchall()]
        cursor.executemany(f"INSERT INTO {TABLE} VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING", rows)  # noqa: S608


def _written(row: Matrix | Sequence[float]) -> str:
    """As pgvector reads it, with every digit a float32 has."""
    return "[" + ",".join(f"{number:.9g}" for number in np.asarray(row, np.float32).tolist()) + "]"
