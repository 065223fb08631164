"""The store of vectors: one per text and model, made once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pygit2
import pytest
from django.db import connection

from egspace.embedding import EmbedderBroken, vectors
from egspace.embedding.base import Matrix, unit
from egspace.embedding.ngrams import Ngrams
from egspace.models import Vector


class Counting:
    """The letters of a text as a vector; remembers what it was asked."""

    model, dims, batch = "counting-1", 3, 2

    def __init__(self, dims: int = 3) -> None:
        self.dims = dims
        self.asked: list[list[str]] = []
        self.answer: Any = None

    def embed(self, texts: Sequence[str]) -> Matrix:
        self.asked.append(list(texts))
        if self.answer is not None:
            return self.answer(texts)
        rows = [[len(text) + place for place in range(self.dims)] for text in texts]
        return unit(np.array(rows, np.float32).reshape(len(texts), self.dims))


def texts(*names: str) -> dict[str, str]:
    return {vectors.blob_of(name): name for name in names}


def test_the_id_of_a_text_is_the_one_git_gives_it() -> None:
    for text in ("", "Steady at 210 degrees.\n", "二倍になった。\n"):
        assert vectors.blob_of(text) == str(pygit2.hash(text.encode()))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        ("\ufeff温度".encode(), "温度"),
        ("温度".encode("utf-16"), "温度"),
        (b"210 degrees \xff", "210 degrees \ufffd"),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"\xff\xd8\xff\xe0 JFIF", None),
        (b"ELF\0\0\1", None),
        ("温度を測る".encode("shift_jis"), None),
    ],
)
def test_the_text_of_a_file_is_what_a_reader_would_see(data: bytes, text: str | None) -> None:
    assert vectors.text_of(data) == text


@pytest.mark.django_db
def test_nothing_is_embedded_or_even_read_twice() -> None:
    using = Counting()
    vectors.ensure(texts("a", "bb", "ccc"), using)
    read: list[str] = []
    lazy = {
        blob: lambda name=name: read.append(name) or name for blob, name in texts("a", "bb", "dd").items()
    }
    vectors.ensure(lazy, using)
    vectors.ensure(lazy, using)
    assert using.asked == [["a", "bb"], ["ccc"], ["dd"]]
    assert read == ["dd"]


@pytest.mark.django_db
def test_another_model_makes_its_own_vectors_and_leaves_the_others() -> None:
    vectors.ensure(texts("oven"), Ngrams())
    vectors.ensure(texts("oven"), Counting())
    (blob,) = texts("oven")
    assert vectors.load([blob], "ngrams-1")[1].shape == (1, 512)
    assert vectors.load([blob], "counting-1")[1].shape == (1, 3)


@pytest.mark.django_db
def test_a_text_without_anything_in_it_has_a_note_and_is_not_asked_for_again() -> None:
    using = Counting()
    empty = {"0" * 40: "", "1" * 40: lambda: None, "2" * 40: " \n"}
    vectors.ensure(empty, using)
    vectors.ensure(empty, using)
    assert using.asked == []
    assert vectors.load(empty, using.model)[0] == {}
    assert {str(note) for note in vectors.notes(empty, using.model).values()} == {
        "There is no text in it to place."
    }
    assert len(vectors.notes(empty, using.model)) == 3


@pytest.mark.django_db
def test_what_says_nothing_to_the_embedder_has_a_note_too() -> None:
    vectors.ensure(texts("2026-03-01 07:00", "oven"), Ngrams())
    assert list(vectors.notes(texts("2026-03-01 07:00", "oven"), "ngrams-1")) == [
        vectors.blob_of("2026-03-01 07:00")
    ]


@pytest.mark.django_db
def test_loading_says_where_each_vector_stands_however_many_there_are() -> None:
    many = texts(*(f"{number:04}" * (number % 7 + 1) for number in range(2_000)))
    using = Counting()
    using.batch = 1_000
    vectors.ensure(many, using)
    places, matrix = vectors.load([*many, "f" * 40], using.model)
    assert sorted(places.values()) == list(range(2_000))
    assert matrix.dtype == np.float32
    for blob in list(many)[::333]:
        assert matrix[places[blob]] == pytest.approx(Counting().embed([many[blob]])[0])


@pytest.mark.django_db
def test_progress_counts_what_was_missing() -> None:
    vectors.ensure(texts("a"), Counting())
    heard: list[tuple[int, int]] = []
    vectors.ensure(
        texts("a", "bb", "ccc", "dddd"), Counting(), lambda done, total: heard.append((done, total))
    )
    assert heard == [(0, 3), (2, 3), (3, 3)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda asked: np.full((len(asked), 3), np.nan, np.float32), "NaN"),
        (lambda asked: np.zeros((1, 3), np.float32), "1 vectors for 2 texts"),
        (lambda asked: np.zeros(2, np.float32), "2 vectors for 2 texts"),
        (lambda asked: np.ones((len(asked), 4), np.float32), "of 4 numbers now, and gave 3 before"),
    ],
)
def test_a_wrong_answer_is_a_sentence_and_what_was_stored_stays(answer: Any, said: str) -> None:
    using = Counting()
    vectors.ensure(texts("a", "bb"), using)
    using.answer = answer
    with pytest.raises(EmbedderBroken) as broken:
        vectors.ensure(texts("a", "bb", "ccc", "dddd"), using)
    assert said in str(broken.value)
    assert Vector.objects.count() == 2


@pytest.mark.django_db
def test_a_dimension_that_changes_between_two_batches_is_refused() -> None:
    using = Counting()
    using.answer = lambda asked: np.ones((len(asked), 2 + len(using.asked)), np.float32)
    with pytest.raises(EmbedderBroken, match="of 4 numbers now, and gave 3 before"):
        vectors.ensure(texts("a", "bb", "ccc"), using)
    assert Vector.objects.count() == 2


@pytest.mark.django_db
def test_two_workers_who_make_the_same_vectors_do_no_harm() -> None:
    """The other one is done while this one waits for its embedder."""
    using = Counting()
    using.answer = lambda asked: (vectors.ensure(texts("a", "bb"), Counting()), Counting().embed(asked))[1]
    vectors.ensure(texts("a", "bb"), using)
    assert Vector.objects.count() == 2
    assert len(vectors.load(texts("a", "bb"), using.model)[0]) == 2


@pytest.mark.django_db
def test_embedding_happens_outside_of_every_transaction_of_ours() -> None:
    """Under the test's own transaction none is opened on top of it while the embedder works."""
    depth = len(connection.savepoint_ids)
    seen: list[int] = []
    using = Counting()
    using.answer = lambda asked: (seen.append(len(connection.savepoint_ids)), Counting().embed(asked))[1]
    vectors.ensure(texts("a", "bb", "ccc"), using)
    assert seen == [depth, depth]
