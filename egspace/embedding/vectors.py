"""The store of vectors: one per (blob, model), made once, whoever asks and however often."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias, TypeVar

import numpy as np

from cells.sentences import Sentence, sentence
from egspace.embedding import pgvector
from egspace.embedding.base import Embedder, EmbedderBroken, Matrix, checked
from egspace.models import Vector

Text: TypeAlias = str | Callable[[], str | None]
T = TypeVar("T")

_CHUNK = 900  # blobs of one query: old SQLite takes 999 parameters
_HEAD = 8_000  # bytes in which git, too, looks for NUL to tell a binary
_GARBLED = 0.1  # of the characters: more of them undecodable, and it is no text

NOTHING = sentence("There is no text in it to place.")


def blob_of(text: str) -> str:
    """Git's id of the text, as if it were a file."""
    data = text.encode("utf-8", "replace")
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def text_of(data: bytes) -> str | None:
    """The text of a file's bytes; None for pictures and other binaries."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:_HEAD] or data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF")):
        return None
    text = data.decode("utf-8-sig", "replace")
    return None if text.count("\ufffd") > _GARBLED * len(text) else text


def ensure(
    texts: Mapping[str, Text], embedder: Embedder, progress: Callable[[int, int], None] | None = None
) -> None:
    """A vector, or a note why there is none, for every blob. Only what has neither is read and embedded.

    Each batch is committed by itself: what was made before an error stays, and of two workers who make the
    same vector one finds it there. `progress` hears (done, of how many missing). Raises what the embedder raises.
    """
    missing = _missing(texts, embedder.model)
    if progress:
        progress(0, len(missing))
    done, dims = 0, _dims(embedder.model)
    try:
        for blobs in chunks(missing, max(1, embedder.batch)):
            dims = _make({blob: _read(texts[blob]) for blob in blobs}, embedder, dims)
            done += len(blobs)
            if progress:
                progress(done, len(missing))
    finally:
        if missing or not pgvector.ready(embedder.model, dims or 0):
            pgvector.keep(embedder.model, lambda: progress(done, len(missing)) if progress else None)


def load(blobs: Iterable[str], model: str) -> tuple[dict[str, int], Matrix]:
    """Where each blob's vector stands in the matrix; blobs without one, or with a note only, stand nowhere."""
    asked = dict.fromkeys(blobs)
    places: dict[str, int] = {}
    matrix: Matrix = np.zeros((0, 0), np.float32)
    for chunk in chunks(asked, _CHUNK):
        found = Vector.objects.filter(model=model, dims__gt=0, blob__in=chunk).order_by("blob")
        for blob, dims, values in found.values_list("blob", "dims", "values"):
            if not places:
                matrix = np.empty((len(asked), dims), np.float32)
            if dims == matrix.shape[1]:
                matrix[len(places)] = np.frombuffer(bytes(values), "<f4")
                places[blob] = len(places)
    return places, matrix[: len(places)]


def notes(blobs: Iterable[str], model: str) -> dict[str, Sentence]:
    """Why blobs have no vector, for those that were tried."""
    found: dict[str, Sentence] = {}
    for chunk in chunks(dict.fromkeys(blobs), _CHUNK):
        for blob, note in Vector.objects.filter(model=model, dims=0, blob__in=chunk).values_list(
            "blob", "note"
        ):
            found[blob] = Sentence(note["text"], note["params"]) if note else NOTHING
    return found


def _missing(texts: Mapping[str, Text], model: str) -> list[str]:
    there: set[str] = set()
    for chunk in chunks(texts, _CHUNK):
        there.update(Vector.objects.filter(model=model, blob__in=chunk).values_list("blob", flat=True))
    return [blob for blob in texts if blob not in there]


def _read(text: Text) -> str:
    return (text if isinstance(text, str) else text()) or ""


def _make(texts: Mapping[str, str], embedder: Embedder, dims: int | None) -> int | None:
    """One batch: asked with no transaction open, stored in one statement. Returns how long the vectors are."""
    asked = {blob: text for blob, text in texts.items() if text.strip()}
    rows = embedder.embed(list(asked.values())) if asked else np.zeros((0, 0), np.float32)
    made = dict(zip(asked, checked(rows, len(asked), embedder.model), strict=True))
    if asked and dims not in (None, rows.shape[1]):
        raise EmbedderBroken(
            sentence(
                "%(model)s gives vectors of %(new)s numbers now, and gave %(old)s before; set VPM_EMBED_MODEL to another name of the model, or restore it.",
                model=embedder.model, new=rows.shape[1], old=dims,
            )
        )  # fmt: skip
    Vector.objects.bulk_create(
        [_vector(blob, embedder.model, made.get(blob)) for blob in texts], ignore_conflicts=True
    )
    return rows.shape[1] if asked else dims


def _dims(model: str) -> int | None:
    return Vector.objects.filter(model=model, dims__gt=0).values_list("dims", flat=True).first()


def _vector(blob: str, model: str, row: Matrix | None) -> Vector:
    if row is None or not row.any():
        return Vector(blob=blob, model=model, note=NOTHING.as_json())
    return Vector(blob=blob, model=model, dims=len(row), values=row.astype("<f4").tobytes())


def chunks(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    each = iter(items)
    while chunk := list(islice(each, size)):
        yield chunk
