"""The store of vectors: one per (blob, model), made once, whoever asks and however often."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias, TypeVar

import numpy as np

from cells.sentences import Sentence, sentence
from egspace.embedding.base import Embedder, EmbedderBroken, Matrix, checked
from egspace.models import Vector

Text: TypeAlias = str | Callable[[], str | None]
T = TypeVar("T")

_CHUNK = 900  # SQLite takes at most 999 parameters by the count of Django
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
    done = 0
    for blobs in _chunks(missing, max(1, embedder.batch)):
        _make({blob: _read(texts[blob]) for blob in blobs}, embedder)
        done += len(blobs)
        if progress:
            progress(done, len(missing))


def load(blobs: Iterable[str], model: str) -> tuple[dict[str, int], Matrix]:
    """Where each blob's vector stands in the matrix; blobs without one, or with a note only, stand nowhere."""
    places: dict[str, int] = {}
    rows: list[bytes] = []
    for chunk in _chunks(dict.fromkeys(blobs), _CHUNK):
        found = Vector.objects.filter(model=model, dims__gt=0, blob__in=chunk).order_by("blob")
        for blob, values in found.values_list("blob", "values"):
            places[blob] = len(rows)
            rows.append(bytes(values))
    flat = np.frombuffer(b"".join(rows), dtype="<f4")
    return places, flat.reshape(len(rows), -1 if rows else 0).astype(np.float32)


def notes(blobs: Iterable[str], model: str) -> dict[str, Sentence]:
    """Why blobs have no vector, for those that were tried."""
    found: dict[str, Sentence] = {}
    for chunk in _chunks(dict.fromkeys(blobs), _CHUNK):
        for blob, note in Vector.objects.filter(model=model, dims=0, blob__in=chunk).values_list(
            "blob", "note"
        ):
            found[blob] = Sentence(note["text"], note["params"]) if note else NOTHING
    return found


def _missing(texts: Mapping[str, Text], model: str) -> list[str]:
    there: set[str] = set()
    for chunk in _chunks(texts, _CHUNK):
        there.update(Vector.objects.filter(model=model, blob__in=chunk).values_list("blob", flat=True))
    return [blob for blob in texts if blob not in there]


def _read(text: Text) -> str:
    return (text if isinstance(text, str) else text()) or ""


def _make(texts: Mapping[str, str], embedder: Embedder) -> None:
    """One batch: asked with no transaction open, stored in one statement."""
    asked = {blob: text for blob, text in texts.items() if text.strip()}
    rows = embedder.embed(list(asked.values())) if asked else np.zeros((0, 0), np.float32)
    _check(checked(rows, len(asked), embedder.model), embedder.model)
    made = dict(zip(asked, rows, strict=True))
    Vector.objects.bulk_create(
        [_vector(blob, embedder.model, made.get(blob)) for blob in texts], ignore_conflicts=True
    )


def _vector(blob: str, model: str, row: Matrix | None) -> Vector:
    if row is None or not row.any():
        return Vector(blob=blob, model=model, note=NOTHING.as_json())
    return Vector(blob=blob, model=model, dims=len(row), values=row.astype("<f4").tobytes())


def _check(rows: Matrix, model: str) -> None:
    """A model that gives longer or shorter vectors than before is another model: they cannot be compared."""
    stored = Vector.objects.filter(model=model, dims__gt=0).values_list("dims", flat=True).first()
    if len(rows) and stored is not None and stored != rows.shape[1]:
        raise EmbedderBroken(
            sentence(
                "%(model)s gives vectors of %(new)s numbers now, and gave %(old)s before; set VPM_EMBED_MODEL to another name of the model, or restore it.",
                model=model, new=rows.shape[1], old=stored,
            )
        )  # fmt: skip


def _chunks(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    each = iter(items)
    while chunk := list(islice(each, size)):
        yield chunk
