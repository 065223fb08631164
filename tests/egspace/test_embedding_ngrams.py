"""The built-in embedder: a pure function of a text in Japanese or English, the same on every machine."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egspace.embedding.ngrams import DIMS, Ngrams
from egspace.embedding.words import TEXT_READ, words_of

GOLDEN = [(262, 0.284), (37, -0.24), (224, 0.24), (366, -0.24)]
OVEN = "# Oven\n\nThe oven holds 210 degrees; the thermometer is calibrated.\n"
DOUGH = "# Dough\n\nThe dough doubled in an hour, the yeast is alive.\n"
OVEN_JA = "# オーブンの温度\n\nオーブンは二百十度を保つ。温度計は較正済み。\n"
DOUGH_JA = "# 生地の発酵\n\n生地は一時間で二倍になった。酵母は元気だ。\n"


def cosine(one: str, other: str) -> float:
    a, b = Ngrams().embed([one, other])
    return float(a @ b)


@pytest.mark.parametrize(
    ("question", "near", "far"),
    [
        ("is the oven hot?", OVEN, DOUGH),
        ("dough and yeast", DOUGH, OVEN),
        ("温度計の較正", OVEN_JA, DOUGH_JA),
        ("酵母で生地を発酵させる", DOUGH_JA, OVEN_JA),
        ("calibrating thermometers", OVEN, DOUGH),
    ],
)
def test_a_question_is_nearer_to_the_text_that_speaks_of_it(question: str, near: str, far: str) -> None:
    assert cosine(question, near) > cosine(question, far) + 0.1


def test_every_process_gives_the_same_vector() -> None:
    program = (
        "from egspace.embedding.ngrams import Ngrams; import sys;"
        f"sys.stdout.write(Ngrams().embed([{OVEN + OVEN_JA!r}]).tobytes().hex())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert told == {Ngrams().embed([OVEN + OVEN_JA]).tobytes().hex()}


def test_what_is_called_ngrams_1_stays_what_it_is() -> None:
    """Stored vectors were made by it: whoever changes these numbers gives the model another name."""
    embedder = Ngrams()
    (row,) = embedder.embed([OVEN + OVEN_JA])
    told = [(at, round(float(row[at]), 3)) for at, _ in GOLDEN]
    assert (embedder.model, embedder.dims) == ("ngrams-1", DIMS)
    assert told == GOLDEN


def test_other_texts_in_a_batch_change_nothing() -> None:
    alone = Ngrams().embed([OVEN])
    among = Ngrams().embed([DOUGH, OVEN, "", DOUGH_JA])
    assert (among[1] == alone[0]).all()
    assert not among[2].any()


@pytest.mark.parametrize(
    "text", ["", "  \n", "2026-03-01T07:00:00Z 12345 99", "{}[]():;,.|---|", "の に を は", "🍞"]
)
def test_a_text_that_says_nothing_has_no_place(text: str) -> None:
    assert not Ngrams().embed([text]).any()


def test_dates_ids_and_hashes_say_nothing() -> None:
    noise = (
        " 2026-03-01T07:00:00Z 20260301_070000 3f2a9c1d7e 8b0d6dcc-f9b6-4bd7-8f1b-6f47f761fd3b"
        " https://example.org/oven/1 2026年3月1日 火曜日 120394857\n"
    )
    assert cosine(OVEN, OVEN + noise) > 0.999


def test_writing_it_another_way_changes_nothing() -> None:
    assert cosine("ＯＶＥＮ　ﾊﾟﾝ", "oven パン") > 0.999


@pytest.mark.parametrize(
    "text", ["oven " * 250_000, "o" * 1_000_000, "温度" * 500_000, "a-" * 500_000, "1 " * 500_000]
)
def test_only_the_head_of_a_huge_text_is_read(text: str) -> None:
    whole, head = Ngrams().embed([text, text[:TEXT_READ]])
    assert (whole == head).all()


@given(st.text(max_size=300))
def test_whatever_the_text_its_vector_is_a_unit_or_nothing(text: str) -> None:
    (row,) = Ngrams().embed([text])
    assert row.dtype == np.float32
    assert np.isfinite(row).all()
    assert abs(float(np.linalg.norm(row)) - float(row.any())) < 1e-5


def test_the_words_of_a_text_leave_out_what_every_report_says() -> None:
    words = words_of(
        "## Report: status of hello-s5\n\nThe oven, the oven and オーブン の 温度計 を確認 2026-03-01 ok\n"
    )
    assert words == {"oven": 2, "hello-s5": 1, "hello": 1, "オーブン": 1, "温度計": 1}
