"""Escapes and entities become letters, and lines stay lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.contract.escapes import unescaped, without_entities


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\u0041\x42\U00000043", "ABC"), (r"\ud83d\ude00", "😀"), (r"\ud83d", "\ud83d"), (r"a\nb\tc", "a b c"),
        (r"\\u0041", r"\u0041"), (r"\u00", "u00"), ("\\", "\\"), (r"\Uffffffff", r"\Uffffffff"), (r"\u000a", " "),
    ],
)  # fmt: skip
def test_an_escape_is_the_character_it_means(written: str, read: str) -> None:
    assert unescaped(written) == read


@settings(max_examples=150, deadline=None)
@given(st.text())
def test_what_json_writes_is_read_back(text: str) -> None:
    plain = "".join(" " if char in "\n\r\t" else char for char in text)
    assert unescaped(json.dumps(text)[1:-1]) == plain


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.text("\\\\uxU0dD8cC&#;amp\n")))
def test_lines_stay_where_they_are(text: str) -> None:
    lines = text.count("\n")
    assert unescaped(text).count("\n") == lines
    assert without_entities(text).count("\n") == lines
