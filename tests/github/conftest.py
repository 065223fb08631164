"""The fixtures `github` (verified where GitHub's description is there) and `judge` (skipped where it is not)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github import openapi
from tests.github.double import Double
from tests.github.openapi import Judge
from tests.github.repository import Repository
from tests.services import lack


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Double]:
    """A GitHub of one's own. A test fails for what GitHub's description does not allow, asked or answered."""
    double = Double(tmp_path / "github")
    judge = Judge(openapi.description()) if openapi.where() else None
    if judge:
        double.api.watching, double.world.watching = judge.call, judge.hook
    double.judge = judge
    yield double
    double.stop()
    assert double.api.broken == [], "the double broke:\n" + "\n".join(double.api.broken)
    complaints = judge.complaints if judge else []
    assert complaints == [], "GitHub's description does not allow:\n" + "\n".join(complaints)


@pytest.fixture
def judge(github: Double) -> Judge:
    """What holds this GitHub against the description."""
    if github.judge is None:
        lack(openapi.HOW)
    return github.judge


@pytest.fixture
def bread(github: Double) -> Repository:
    """acme/bread: one commit, Rin may do all, Codex may write."""
    made = github.repository("acme/bread")
    made.push("main", {"README.md": "# Bread\n", "recipe.txt": "flour\nwater\nsalt\n"}, "Begin", by="rin")
    made.allows("rin", "admin")
    made.allows("codex", "write")
    return made
