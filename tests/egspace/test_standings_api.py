"""Standings by API: numbers, places, and unknown that says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from cells.models import Repository
from egspace import refresh
from tests.cells.callers import Program, program
from tests.factories import a_repository


@pytest.fixture
def bakery(db: None, tmp_path: Path) -> Repository:
    return a_repository(tmp_path)


@pytest.fixture
def reading(viewer: User) -> Program:
    return program(viewer, "viewer")


def test_before_the_first_map_there_are_none(bakery: Repository, reading: Program) -> None:
    status, said = reading.get("standings")
    assert (status, said["items"], said["total"]) == (200, [], 0)


def test_every_subject_has_numbers_or_says_why_not(bakery: Repository, reading: Program) -> None:
    refresh.execute_now(bakery)
    status, said = reading.get("standings")
    assert status == 200
    assert said["total"] == 7
    items = {(item["kind"], item["key"]): item for item in said["items"]}
    oven, crumb = items["cell", "oven"], items["cell", "crumb"]
    assert 0 < oven["delta"] < 2
    assert set(oven["c"]) == set(oven["g"]) == {"x", "y"}
    assert (oven["checklist"], oven["icr"], oven["unknown"]) == (0.5, 50.0, None)
    assert {one["what"] for one in oven["goal"]} == {"north_star", "goal_short", "goal_mid"}
    assert crumb["delta"] is crumb["c"] is None
    assert "no North Star" in crumb["unknown"]


def test_one_kind_is_paged(bakery: Repository, reading: Program) -> None:
    refresh.execute_now(bakery)
    status, said = reading.get("standings?kind=cell&limit=2")
    assert [item["key"] for item in said["items"]] == ["crumb", "dough"]
    status, said = reading.get(f"standings?kind=cell&limit=2&cursor={said['next']}")
    assert ([item["key"] for item in said["items"]], said["next"]) == (["oven"], None)
    status, _ = reading.get("standings?kind=galaxy")
    assert status == 422
