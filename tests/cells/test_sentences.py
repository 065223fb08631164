"""Sentences as rows keep them: translated later, so their parameters must be storable anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.refusals import say
from cells.sentences import LONGEST, sentence
from cells.stored import DEPTH, as_stored

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=())), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def test_a_sentence_is_kept_as_its_text_and_its_parameters() -> None:
    inner = sentence("The oven is %(state)s.", state="warm")
    kept = sentence("It says: %(why)s (%(count)s)", why=inner, count=3).as_json()
    assert kept == {
        "text": "It says: %(why)s (%(count)s)",
        "params": {"why": {"text": "The oven is %(state)s.", "params": {"state": "warm"}}, "count": 3},
    }
    assert say(kept) == "It says: The oven is warm. (3)"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\0b", "a\ufffdb"), ("\ud800x", "\ufffdx"), (float("nan"), "NaN"), (float("-inf"), "-Infinity"),
        (10**40, 10**40), (["a\0"], ["a\ufffd"]), ({"\0": "\udfff"}, {"\ufffd": "\ufffd"}), ("生地", "生地"),
    ],
)  # fmt: skip
def test_what_a_database_cannot_hold_is_replaced(given: Any, kept: Any) -> None:
    assert sentence("It is %(it)s.", it=given).as_json()["params"]["it"] == kept


def test_within_a_sentence_too() -> None:
    kept = sentence("It says: %(why)s", why=sentence("The key %(key)s.", key="\0" * 3)).as_json()
    assert kept["params"]["why"]["params"]["key"] == "\ufffd" * 3


def test_a_long_parameter_is_cut_to_what_anyone_reads() -> None:
    kept = sentence("It is %(it)s.", it="x" * 9_000_000).as_json()["params"]["it"]
    assert (len(kept), kept[-1]) == (LONGEST, "…")


def test_what_is_nested_without_end_ends() -> None:
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    assert len(json.dumps(as_stored(deep), ensure_ascii=False)) == 2 * DEPTH + len('"…"')


@settings(max_examples=150, deadline=None)
@given(ANYTHING)
def test_whatever_is_stored_is_strict_json_without_nul_and_comes_back_the_same(value: Any) -> None:
    kept = as_stored(value)
    text = json.dumps(kept, ensure_ascii=False, allow_nan=False)
    text.encode("utf-8")
    assert "\\u0000" not in text
    assert json.loads(text) == kept
    assert as_stored(kept) == kept
