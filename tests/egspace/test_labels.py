"""Labels fit their slot: two short lines, in Japanese too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egspace.drawing.labels import LABEL_UNITS, folded, label, units


@pytest.mark.parametrize(
    ("key", "title", "lines"),
    [
        ("shop-latency", "Shop latency", ("Shop latency",)),
        ("self-cost", "What this loop itself costs", ("What this loop", "itself costs")),
        ("storage", "生豆倉庫の温湿度", ("生豆倉庫", "の温湿度")),
        ("metrics-echo", "A title that is much too long to stand below a mark", ("metrics-echo",)),
        ("hello-s5", "", ("hello-s5",)),
        ("one-very-long-key-that-nobody-should-have-written", "", ("one-very-long-", "key-that-…")),
    ],
)
def test_a_label_is_the_title_if_it_fits_else_the_key(key: str, title: str, lines: tuple[str, ...]) -> None:
    assert label(key, title) == lines


@given(st.text(min_size=1).filter(str.strip), st.text())
def test_a_label_is_never_wider_or_higher_than_its_slot(key: str, title: str) -> None:
    lines = label(key, title)
    assert len(lines) <= 2
    assert all(units(line) <= LABEL_UNITS + 2 for line in lines)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs"])))
def test_folding_loses_nothing_but_blanks(text: str) -> None:
    assert "".join("".join(folded(text, 20)).split()) == "".join(text.split())


def test_a_name_or_a_number_between_japanese_stays_whole() -> None:
    said = "ゴールに最も近い証跡: ask 20251112T175352Z、ask 20251112T205827Z"
    assert folded(said, 40) == ["ゴールに最も近い証跡: ask", "20251112T175352Z、ask 20251112T205827Z"]
