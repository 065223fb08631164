"""Landing at GitHub when an answer is lost, a worker dies, or a right is missing: once, or a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cells.patches import life
from tests.factories import a_patch
from tests.github.double import Double
from tests.pulls.landing_helpers import (
    There,
    a_bakery_at,
    approve,
    beat,
    fresh,
    killed_before_its_record,
    note,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "fault",
    [
        {"method": "POST", "path": "/pulls$", "status": 502},  # pushed, not opened
        {"method": "POST", "path": "/pulls$", "lost": True},  # opened, and we do not know
        {"method": "PUT", "path": "/merge$", "status": 500, "times": 3},
        {"method": "PUT", "path": "/merge$", "lost": True},  # merged, and we do not know
    ],
    ids=["push", "open", "merge", "merged"],
)  # fmt: skip
def test_an_answer_that_never_came_makes_neither_two_pull_requests_nor_two_merges(
    there: There, github: Double, fault: dict[str, Any]
) -> None:
    bakery, remote = there
    before = len(remote.log())
    github.fails_next(**{"status": 502, **fault})
    patch = a_patch(bakery)
    approve(patch)
    for _ in range(2):
        beat()
    patch = fresh(patch)
    assert (patch.state, patch.commit, patch.state_note) == (life.LANDED, remote.tip(), None)
    assert (len(remote.it.pulls), len(remote.log())) == (1, before + 1)


def test_a_worker_killed_after_the_merge_has_landed_it(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    bakery, remote = there
    patch = a_patch(bakery)
    killed_before_its_record(patch, monkeypatch)
    assert (fresh(patch).state, len(remote.it.pulls)) == (life.LANDING, 1)
    beat()
    assert (fresh(patch).state, fresh(patch).commit) == (life.LANDED, remote.tip())


@pytest.mark.parametrize(
    ("permissions", "state", "word"),
    [
        ({"contents": "read", "pull_requests": "write"}, life.FAILED, "write Contents and Pull requests"),
        ({"contents": "write", "pull_requests": "read"}, life.APPROVED, "does not allow this"),
    ],
)
def test_a_missing_right_is_a_sentence_that_says_what_to_tick(
    github: Double, tmp_path: Path, permissions: dict[str, str], state: str, word: str
) -> None:
    bakery, remote = a_bakery_at(
        github, tmp_path, **permissions, metadata="read", issues="write", checks="read", statuses="read"
    )
    patch = a_patch(bakery)
    approve(patch)
    assert (fresh(patch).state, remote.it.pulls) == (state, [])
    assert word in note(patch)
