"""What a person reads before deciding."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cells.patches import diff
from cells.ssot.mirror import Mirror
from tests.factories import a_patch, a_repository


def changed(parts: tuple[diff.Part, ...]) -> list[str]:
    return [part.text for part in parts if part.changed]


def test_words_are_compared_where_there_are_spaces() -> None:
    left, right = diff.within("The oven holds 210 degrees", "The oven holds 225 degrees", diff.Budget())
    assert (changed(left), changed(right)) == (["210"], ["225"])


def test_characters_are_compared_in_japanese() -> None:
    left, right = diff.within("冬の目標を五十にする", "冬の目標を四十にする", diff.Budget())
    assert (changed(left), changed(right)) == (["五"], ["四"])


@given(st.text(max_size=300), st.text(max_size=300))
def test_nothing_of_a_line_is_lost(old: str, new: str) -> None:
    left, right = diff.within(old, new, diff.Budget())
    assert "".join(part.text for part in left) == old
    assert "".join(part.text for part in right) == new


@pytest.mark.django_db
def test_both_views_hold_the_same_lines(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path))
    (file,) = diff.files(Mirror(patch.repository.mirror), patch.merge_base, patch.tip)
    split = [row for hunk in file.hunks for row in hunk.rows]
    unified = [kind for hunk in file.hunks for kind, _ in hunk.unified]
    assert (
        unified.count("removed")
        == sum(1 for row in split if row.left and row.kind == "changed")
        == file.removed
    )
    assert (
        unified.count("added") == sum(1 for row in split if row.right and row.kind == "changed") == file.added
    )
