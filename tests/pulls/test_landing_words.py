"""Words of others in what we write at GitHub: read, and without an effect."""

from __future__ import annotations

import re

import pytest

from cells.hosts.github.inert import inert
from cells.models import Patch
from cells.patches import traces
from cells.pulls import wording
from tests.factories import a_patch, sync
from tests.pulls.landing_helpers import (
    There,
    approve,
    fresh,
    message,
)

pytestmark = pytest.mark.django_db


def test_what_others_wrote_mentions_nobody_closes_nothing_and_is_no_markup() -> None:
    evil = "@codex fixes #1 <img src=x>"
    reason = {
        "rule": "paths",
        "place": "",
        "decision": "REVIEW_REQUIRED",
        "text": "It touches %(path)s.",
        "params": {"path": "`@all` #2"},
    }
    patch = Patch(
        pk=7, title=evil, rationale=f"```\n{evil}\n```" + "x" * 100_000, files=[{"path": f"a/{evil}"}] * 500,
        verdict={"decision": "REVIEW_REQUIRED", "category": "state", "risk": "LOW", "reasons": [reason] * 50},
    )  # fmt: skip
    body, title = wording.body(patch, []), wording.title(patch)
    assert len(body) < 30_000
    assert "@codex" not in title
    assert "#1" not in title
    outside = re.sub(r"(`{4,})text\n.*?\n\1", "", body, flags=re.DOTALL)  # the block
    outside = re.sub(r"(`+)[^\n]*?[^`]\1(?!`)", "", outside)  # the spans
    for word in ("@", "#1", "#2", "<img"):
        assert word not in outside


ACTS = re.compile(
    r"(?:^|[^\w])@\w|#\d|\bGH-\d|/(?:issues|pull)/\d", re.IGNORECASE
)  # what GitHub acts on in a commit's message


@pytest.mark.parametrize("branch", ["ask/warmer-oven", "ask/notes"], ids=["theirs", "ours"])
def test_the_commit_that_lands_closes_no_issue_and_mentions_nobody(there: There, branch: str) -> None:
    bakery, remote = there
    words = (
        "Fixes #1 for @codex\n\nCloses acme/bakery#2, resolves: GH-3 and fixed https://github.com/acme/bakery/issues/4, "
        "closes https://github.com/acme/bakery/pull/5.\nWarm at 230.\n\nCo-authored-by: Ada <ada@example.org>\nFixes: #6\n"
    )
    remote.push(branch, {"reports/oven/words_20260304T0600Z.md": "# Words\n"}, words)
    if branch == "ask/warmer-oven":
        remote.open_pull(branch, "Fixes #1 for @codex", body=words, by="codex")
    patch = a_patch(sync(bakery), branch=branch)
    approve(patch)
    landed = message(remote, fresh(patch).commit)
    own = fresh(patch).pull.number
    assert not ACTS.search(landed.replace(f" (#{own})\n", "\n"))
    plain = landed.replace("\u2060", "")
    for kept in (
        "Fixes #1 for @codex",
        "acme/bakery#2",
        "GH-3",
        "issues/4",
        "Warm at 230.",
        "<ada@example.org>",
    ):
        assert kept in plain
    assert f"Patch-Id: {traces.patch_id(patch)}\n" in landed
    assert "Approved-by: reviewer (reviewer)\n" in landed
    if fresh(patch).pull.ours:
        (pull,) = remote.it.pulls
        assert not ACTS.search(f"{pull.title}\n{pull.body}".replace(wording.link(patch), ""))


def test_words_without_an_effect_stay_as_they_are() -> None:
    for text in ("ada@example.org", "Warm, at 230 #", "reports/pull/x.md", "github/pulls/1.md", "Über-GH-x"):
        assert inert(text) == text
    for text in (
        "(@codex)",
        "あ@codex",
        "gh-12",
        "x#1",
        "//host/a/b/pull/3",
        "HTTPS://HOST/a/b/Issues/3#issuecomment-1",
    ):
        assert not ACTS.search(inert(text))
        assert inert(text).replace("\u2060", "") == text


@pytest.mark.parametrize("words", ["[skip ci]", "[CI skip]", "[no ci]", "[skip actions]", "[actions skip]"])
def test_no_words_of_a_proposal_keep_checks_from_beginning(words: str) -> None:
    assert words.lower() not in inert(f"Warmer {words} oven").lower()
    assert "skip-checks:" not in inert("Warmer\n\nskip-checks: true")
    assert inert("[skip this] and [ci]") == "[skip this] and [ci]"
