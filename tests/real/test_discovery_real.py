"""The swarm of the real repository, which has no swarm.toml."""

import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from cells.ssot.discovery import discover, wanted
from cells.ssot.swarm import Swarm, read_swarm, write_swarm


@pytest.fixture(scope="module")
def paths(real_clone: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "-C", real_clone, "ls-files", "-z"], check=True, capture_output=True
    ).stdout
    return [path.decode() for path in listed.split(b"\0") if path]


@pytest.fixture(scope="module")
def swarm(real_clone: Path, paths: list[str]) -> Swarm:
    return discover(paths, {path: (real_clone / path).read_text(errors="replace") for path in wanted(paths)})


def test_the_cells_come_out_with_lane_and_contract(swarm: Swarm) -> None:
    assert {cell.key: (cell.lane, cell.contract, cell.stage) for cell in swarm.cells} == {
        "hello-s5": ("north-star", "", "active"),
        "metrics-echo": ("monitoring", "TBD: monitoring-report", "active"),
        "persist-report": ("persist-report", "persist-report", "active"),
        "self-cost": ("cost", "TBD: cost-report", "active"),
        "other-candidates": ("north-star", "TBD", "candidate"),
    }
    assert all(
        cell.title and cell.path == "docs/overview/phase3_skeleton.md" and cell.line for cell in swarm.cells
    )


def test_every_named_cell_has_an_action_in_every_milestone(swarm: Swarm) -> None:
    assert [milestone.key for milestone in swarm.milestones] == ["P3-1", "P3-2", "P3-3"]
    for cell in swarm.cells:
        expected = set() if cell.stage == "candidate" else {"P3-1", "P3-2", "P3-3"}
        assert set(cell.actions) == expected, cell.key


def test_both_projects_come_out_with_their_state(swarm: Swarm) -> None:
    assert {project.key: project.state for project in swarm.projects} == {
        "hakone-e2": "STATE/hakone-e2/current_state.md",
        "vpm-mini": "STATE/vpm-mini/current_state.md",
    }


def test_every_evidence_glob_matches_a_file(swarm: Swarm, paths: list[str]) -> None:
    globs = [glob for cell in swarm.cells for glob in cell.evidence]
    assert len(globs) >= 4
    for glob in globs:
        # `**/` may stand for no folder at all.
        assert any(fnmatchcase(path, glob) or fnmatchcase(path, glob.replace("**/", "")) for path in paths), (
            glob
        )


def test_it_can_be_adopted_as_a_file(swarm: Swarm) -> None:
    back = read_swarm(write_swarm(swarm), "swarm.toml")
    assert back.problems == ()
    assert [cell.key for cell in back.cells] == [cell.key for cell in swarm.cells]
    assert back.relations == swarm.relations
