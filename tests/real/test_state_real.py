"""STATE of the real repository: both projects at the tip, and every version that ever was."""

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from cells.ssot.state import StateReading, read_state

GOALS = {"goal", "goal_short", "goal_mid"}


def git(clone: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", clone, *arguments], check=True, capture_output=True).stdout.decode(
        errors="replace"
    )


@pytest.fixture(scope="module")
def versions(real_clone: Path) -> dict[str, StateReading]:
    """Every distinct STATE file version over all refs, by blob id."""
    named = git(real_clone, "rev-list", "--all", "--objects", "--", "STATE").splitlines()
    blobs = {line.split(" ", 1)[0] for line in named if line.endswith(".md")}
    return {blob: read_state(git(real_clone, "cat-file", "blob", blob)) for blob in blobs}


@pytest.mark.parametrize("project", ["vpm-mini", "hakone-e2"])
def test_both_projects_have_c_two_goals_delta_and_tasks_at_the_tip(real_clone: Path, project: str) -> None:
    text = (real_clone / "STATE" / project / "current_state.md").read_text()
    reading = read_state(text)
    kinds = Counter(fact.kind for fact in reading.facts)
    assert reading.style == "B"
    assert [kinds[kind] for kind in ("current", "goal_short", "goal_mid", "gap")] == [1, 1, 1, 1]
    assert kinds["task"] >= 7
    assert all(fact.data["id"] for fact in reading.facts if fact.kind == "task")
    for fact in reading.facts:
        assert fact.text.split()[0] in text.split("\n")[fact.line - 1]


def test_approximate_deadlines_of_the_tip_are_dated(real_clone: Path) -> None:
    reading = read_state((real_clone / "STATE/vpm-mini/current_state.md").read_text())
    dated = [fact.data for fact in reading.facts if fact.kind == "task" and fact.data["deadline"]]
    assert len(dated) >= 5
    assert all(
        data["approximate"] and data["owner"] and data["deadline"].startswith("2025-12-") for data in dated
    )


def test_the_weighted_table_has_every_number(real_clone: Path) -> None:
    reading = read_state((real_clone / "STATE/mna_state.md").read_text())
    tasks = [fact.data for fact in reading.facts if fact.kind == "task"]
    assert len(tasks) == 7
    assert all(None not in (data["weight"], data["uncertainty"], data["progress"]) for data in tasks)


def test_styles_over_all_history(versions: dict[str, StateReading]) -> None:
    """domain.md counts 101 versions over refs of which the bundle has most: A 38, A′ 2, B 16, C 1, D 37, D+ 4, E 2, F 1."""
    styles = Counter(reading.style for reading in versions.values())
    assert 85 <= len(versions) <= 101
    assert set(styles) == {"A", "A'", "B", "C", "D", "D+", "E", "F"}
    assert 34 <= styles["A"] <= 38
    assert 14 <= styles["B"] <= 16
    assert 30 <= styles["D"] <= 37
    assert styles["D+"] == 4


def test_more_than_half_of_all_versions_carry_c_and_g(versions: dict[str, StateReading]) -> None:
    carrying = [
        reading
        for reading in versions.values()
        if (kinds := {fact.kind for fact in reading.facts}) & GOALS and "current" in kinds
    ]
    assert 50 <= len(carrying) <= 57
    silent = [reading for reading in versions.values() if reading.note]
    assert all(str(reading.note) == "No C, G or δ stands in this file." for reading in silent)
    assert 30 <= len(silent) <= 45


def test_weekly_reports_repeat_c_g_and_delta(real_clone: Path) -> None:
    for path in real_clone.glob("reports/*/*_weekly.md"):
        kinds = {fact.kind for fact in read_state(path.read_text()).facts}
        assert {"current", "gap"} <= kinds, path
        assert kinds & GOALS, path
