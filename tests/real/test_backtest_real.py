"""What the back-test must say of the real repository, with and without the record of its pull requests."""

from __future__ import annotations

import subprocess
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from cells.backtest.history import History, parse
from cells.backtest.replay import replay
from cells.contract.policy import default
from cells.ssot.mirror import Mirror
from tests.real.conftest import DATA

HONEST_REWRITES = (34, 90, 269, 356, 604)
CUT_IN_HALF = "feature/doc-update-apply-19791495679"
PLAIN_TEXT = ("20251112T175352Z", "20251112T205827Z")


@pytest.fixture(scope="session")
def mirror(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Mirror:
    path = tmp_path_factory.mktemp("backtest") / "mirror.git"
    for command in (
        ("init", "--quiet", "--bare", path),
        ("-C", path, "fetch", "--quiet", bundle, "+refs/heads/*:refs/source/*"),
        ("-C", path, "update-ref", "refs/heads/main", "refs/source/main"),
    ):
        subprocess.run(["git", *command], check=True)
    return Mirror(path)


@pytest.fixture(scope="session")
def history() -> History:
    path = DATA / "pr_history.jsonl"
    if not path.exists():
        pytest.skip(f"the record of pull requests is not on this machine ({path.name})")
    with path.open("rb") as lines:
        return parse(lines)


@pytest.fixture(scope="session")
def green(mirror: Mirror, history: History) -> dict[str, Any]:
    return replay(mirror, "refs/heads/main", default(), history, assume_green=True)


def merged(result: dict[str, Any], number: int) -> dict[str, Any]:
    (found,) = (case for case in result["cases"] if case["pr"] == number)
    return found


def branch(result: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (case for case in result["cases"] if case["ref"] == name)
    return found


def rules(case: dict[str, Any]) -> set[str]:
    return {reason["rule"] for reason in case["verdict"]["reasons"]}


def decision(case: dict[str, Any]) -> str:
    return case["verdict"]["decision"]


def test_all_of_history_and_every_branch_is_judged(green: dict[str, Any]) -> None:
    counts = green["counts"]
    in_git = [case for case in green["cases"] if case["commit"] and case["merged"]]
    assert len(in_git) == 397
    assert counts["branches"] == 84
    assert counts["problems"] == []
    assert sum(counts["decisions"].values()) == len(green["cases"]) == 845


def test_the_answers_that_cut_a_state_file_in_half_go_to_a_person(green: dict[str, Any]) -> None:
    for case in (merged(green, 880), branch(green, CUT_IN_HALF)):
        assert decision(case) == "REVIEW_REQUIRED"
        assert {"shrink", "cut-off"} <= rules(case)
    assert branch(green, CUT_IN_HALF)["pr"] == 873


def test_nothing_but_reports_lands_by_itself(green: dict[str, Any]) -> None:
    alone = [case for case in green["cases"] if decision(case) == "AUTO_MERGE_OK"]
    assert alone
    for case in alone:
        assert case["paths"]
        assert all(path.startswith("reports/") for path in case["paths"]), case


def test_the_two_asks_that_also_change_a_workflow_go_to_a_person(green: dict[str, Any]) -> None:
    found = [
        case
        for case in green["cases"]
        if case["ref"].startswith("ask/") and any(path.startswith(".github/") for path in case["paths"])
    ]
    assert len(found) == 2
    for case in found:
        assert decision(case) == "REVIEW_REQUIRED"
        assert {"protected", "unseen"} <= rules(case)


def test_text_that_is_named_json_goes_to_a_person(green: dict[str, Any]) -> None:
    found = [
        case
        for case in green["cases"]
        if case["commit"]
        and any(
            path.startswith("reports/ask/") and any(s in path for s in PLAIN_TEXT) for path in case["paths"]
        )
    ]
    assert found
    for case in found:
        assert decision(case) == "REVIEW_REQUIRED"
        assert "json-broken" in rules(case)


def test_well_formed_answers_alone_may_land_once_checks_are_green(
    green: dict[str, Any], mirror: Mirror
) -> None:
    asks = [
        case
        for case in green["cases"]
        if case["ref"].startswith("ask/") and all(path.startswith("reports/ask/") for path in case["paths"])
    ]
    assert len(asks) >= 60
    assert {decision(case) for case in asks} == {"AUTO_MERGE_OK"}
    unknown = replay(mirror, "refs/heads/main", default())
    assert {decision(branch(unknown, case["ref"])) for case in asks} == {"REVIEW_REQUIRED"}
    assert unknown["counts"]["decisions"]["AUTO_MERGE_OK"] == 0


@pytest.mark.parametrize("number", HONEST_REWRITES)
def test_honest_rewrites_are_asked_not_forbidden(green: dict[str, Any], number: int) -> None:
    case = merged(green, number)
    assert decision(case) == "REVIEW_REQUIRED"
    assert "shrink" in rules(case)


def test_pull_requests_git_does_not_hold_are_judged_by_their_paths(green: dict[str, Any]) -> None:
    unseen = [case for case in green["cases"] if not case["commit"]]
    assert len(unseen) == 364
    assert "AUTO_MERGE_OK" not in {decision(case) for case in unseen}


def test_no_citation_of_a_run_that_stands_there_is_called_missing(green: dict[str, Any]) -> None:
    """The apply runs of the model cell are cited by their folder names, and the folders are on main."""
    said: defaultdict[int, list[str]] = defaultdict(list)
    for case in green["cases"]:
        for reason in case["verdict"]["reasons"]:
            if reason["rule"] == "citations-missing" and "apply_hello" in reason["sentence"]:
                said[case["pr"]].append(reason["sentence"])
    assert not said


def test_the_whole_back_test_costs_a_small_multiple_of_reading_the_log(
    mirror: Mirror, history: History
) -> None:
    """Generous, for machines with neighbours; the bench prints the figure."""
    began = time.perf_counter()
    subprocess.run(["git", "-C", mirror.path, "log", "-p", "--all"], check=True, capture_output=True)
    log = time.perf_counter() - began
    result = replay(mirror, "refs/heads/main", default(), history)
    assert result["counts"]["seconds"] < max(20.0, 10 * log)
