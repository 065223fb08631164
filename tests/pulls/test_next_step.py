"""What to do with a pull request, decided from how it stands: the whole matrix, without a network."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cells.hosts.github.merging import Seen
from cells.hosts.github.pull_payloads import Pull
from cells.pulls.steps import RARELY, SOON, Expected, Landed, Merge, Rebuild, Stale, Wait, next_step

HEAD, OTHER, MERGED = "a" * 40, "b" * 40, "c" * 40
AT = datetime(2026, 3, 2, tzinfo=UTC)
PULL = Pull(
    number=12, title="Warmer", body="", url="", author="codex", author_number=7, head=HEAD, head_ref="ask/warmer",
    head_repository="acme/bakery", fork=False, base_ref="main", state="open", draft=False, labels=(), created=AT,
    updated=AT, closed=None, merge_commit="", mergeable="clean", repository=(1, "acme/bakery"),
)  # fmt: skip
OURS, THEIRS = Expected(HEAD, "main", ours=True), Expected(HEAD, "main", ours=False)


def seen(**more: Any) -> Seen:
    beside = {name: more.pop(name) for name in ("by", "failing", "running") if name in more}
    return Seen(replace(PULL, **more), **beside)


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("expected", [OURS, THEIRS])
@pytest.mark.parametrize("state", ["clean", "has_hooks"])
def test_what_github_calls_ready_is_merged(state: str, expected: Expected, required: bool) -> None:
    assert next_step(seen(mergeable=state), expected, required) == Merge()


def test_what_was_pushed_just_now_waits_for_checks_that_may_begin() -> None:
    young = replace(OURS, young=True)
    for state in ("clean", "has_hooks"):
        assert isinstance(next_step(seen(mergeable=state), young, False), Wait)
    assert next_step(seen(mergeable="unstable"), young, True) == Merge()  # the required ones have passed


@pytest.mark.parametrize("state", ["clean", "unstable", "blocked", "dirty", "unknown", "", None])
@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"state": "closed", "by": "rin"}, "#12 was closed at GitHub by rin"),
        ({"state": "closed"}, "#12 was closed at GitHub."),
        ({"head": OTHER}, "Somebody pushed to #12"),
        ({"base_ref": "release"}, "another branch now: release"),
    ],
)
def test_an_approval_ends_with_what_it_was_of(state: str, more: dict[str, Any], word: str) -> None:
    for expected in (OURS, THEIRS):
        step = next_step(seen(mergeable=state, **more), expected, True)
        assert isinstance(step, Stale)
        assert word in str(step.why)


def test_what_was_merged_is_told_with_its_commit_even_when_somebody_pushed_before() -> None:
    found = seen(state="merged", merge_commit=MERGED, head=OTHER, by="rin")
    assert next_step(found, THEIRS, False) == Landed(MERGED, "rin", approved=False, at=AT)
    as_approved = seen(state="merged", merge_commit=MERGED, by="rin", closed=AT)
    assert next_step(as_approved, THEIRS, False) == Landed(MERGED, "rin", approved=True, at=AT)
    elsewhere = next_step(seen(state="merged", merge_commit=MERGED, base_ref="release"), THEIRS, False)
    assert isinstance(elsewhere, Stale)
    assert "merged at GitHub into another branch: release" in str(elsewhere.why)


def test_a_draft_is_never_merged() -> None:
    step = next_step(seen(draft=True), THEIRS, True)
    assert isinstance(step, Wait)
    assert (step.seconds, "draft" in str(step.why)) == (RARELY, True)


def test_unstable_is_merged_only_where_github_knows_which_checks_are_required() -> None:
    red = seen(mergeable="unstable", failing=("lint",))
    assert next_step(red, OURS, True) == Merge()
    step = next_step(red, OURS, False)
    assert isinstance(step, Wait)
    assert "A check failed: lint." in str(step.why)
    running = next_step(seen(mergeable="unstable", running=("build", "test")), OURS, False)
    assert isinstance(running, Wait)
    assert "build, test" in str(running.why)
    assert isinstance(next_step(seen(mergeable="unstable"), OURS, False), Wait)


def test_what_the_rules_keep_back_waits_and_says_for_what() -> None:
    for more, word in (({"running": ("ci",)}, "It waits for checks: ci."), ({}, "a review they require")):
        step = next_step(seen(mergeable="blocked", **more), OURS, True)
        assert isinstance(step, Wait)
        assert word in str(step.why)


@pytest.mark.parametrize("state", ["behind", "dirty"])
def test_only_ours_is_made_anew_on_todays_main(state: str) -> None:
    assert isinstance(next_step(seen(mergeable=state), OURS, False), Rebuild)
    assert isinstance(next_step(seen(mergeable=state), THEIRS, False), Wait)


@pytest.mark.parametrize("state", ["unknown", "", None, "a word of next year"])
def test_what_nobody_knows_is_never_merged(state: str | None) -> None:
    step = next_step(seen(mergeable=state), OURS, True)
    assert isinstance(step, Wait)
    assert step.seconds == SOON
