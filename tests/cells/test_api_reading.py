"""What the API shows, page by page, and what it says when it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.utils import timezone

from cells.models import Patch, Repository
from cells.repositories import known_as
from tests.cells.callers import Program
from tests.factories import FILES, a_repository, source_of, sync

pytestmark = pytest.mark.django_db


def test_a_repository_is_shown_without_the_credentials_of_its_source(
    reading: Program, repository: Repository
) -> None:
    known_as("secret", "https://ada:hunter2@git.example.org/x.git")
    _, said = reading.get("repositories")
    assert [row["key"] for row in said["items"]] == ["bakery", "secret"]
    assert said["items"][1]["source"] == "https://git.example.org/x.git"
    assert "hunter2" not in json.dumps(reading.get("audit")[1])
    assert (said["items"][0]["cells"], said["items"][0]["waiting"], said["total"]) == (3, 2, 2)


def test_a_cell_shows_c_g_and_delta_with_path_line_and_commit(
    reading: Program, repository: Repository
) -> None:
    status, said = reading.get("cells/oven")
    assert status == 200
    facts = {row["kind"]: row for row in said["state"]["facts"]}
    assert facts["current"]["text"] == "The oven holds 210 degrees, give or take thirty."
    assert {"goal_short", "goal_mid", "gap"} <= set(facts)
    for row in facts.values():
        lines = FILES[row["path"]].splitlines()[row["line"] - 1 : row["last_line"]]
        assert row["text"].split("：")[-1] in "\n".join(lines)
        assert row["commit"] == repository.head
    assert [task["data"]["done"] for task in said["state"]["tasks"]] == [False, True]
    assert said["borrowed"] is False
    assert said["relations"] == [{"source": "dough", "target": "oven", "type": "feeds"}]
    assert said["milestones"] == {"P3-1": "Read the thermometer"}
    assert said["health"]["state"] == "on-track"


def test_a_cell_without_a_state_borrows_its_projects_and_says_so(
    reading: Program, repository: Repository
) -> None:
    _, said = reading.get("cells/dough")
    assert said["borrowed"] is True
    assert said["state"]["path"] == "STATE/bread/current_state.md"


def test_a_project_shows_c_g_and_delta(reading: Program, repository: Repository) -> None:
    _, said = reading.get("projects")
    assert [row["key"] for row in said["items"]] == ["bread"]
    assert said["items"][0]["state"]["open_tasks"] == 1


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({}, ["crumb", "dough", "oven"]),
        ({"lane": "sample"}, ["crumb", "dough"]),
        ({"project": "bread"}, ["dough", "oven"]),
        ({"state": "shelved"}, ["crumb"]),
        ({"lane": "monitoring", "state": "shelved"}, []),
        ({"repo": "bakery", "lane": ""}, ["crumb", "dough", "oven"]),
    ],
)
def test_cells_are_filtered(
    query: dict[str, str], keys: list[str], reading: Program, repository: Repository
) -> None:
    _, said = reading.get("cells", **query)
    assert [row["key"] for row in said["items"]] == keys
    assert said["total"] == len(keys)


def test_evidence_comes_newest_first_and_by_kind(reading: Program, repository: Repository) -> None:
    _, said = reading.get("cells/oven/evidence")
    assert [row["path"] for row in said["items"]] == [
        "reports/oven/heat_20260302T0700Z.md",
        "reports/oven/heat_20260301T0700Z.md",
    ]
    assert said["items"][0]["observed"]["source"] == "name"
    assert said["items"][0]["cells"] == ["oven"]
    assert reading.get("cells/oven/evidence", kind="picture")[1]["items"] == []


def test_the_swarm_is_node_link_data_that_networkx_reads(reading: Program, repository: Repository) -> None:
    networkx = pytest.importorskip("networkx")
    status, said = reading.get("swarm")
    assert status == 200
    graph = networkx.node_link_graph(said, edges="edges")
    assert set(graph.nodes) == {"oven", "dough", "crumb"}
    assert list(graph.edges(keys=True)) == [("dough", "oven", "feeds")]


def test_with_several_repositories_lists_show_all_and_one_thing_asks_which(
    reading: Program, repository: Repository, tmp_path: Path
) -> None:
    a_repository(tmp_path, key="annex")
    assert [row["repository"] for row in reading.get("projects")[1]["items"]] == ["annex", "bakery"]
    for path in ("cells/oven", "cells/oven/evidence", "swarm"):
        status, said = reading.get(path)
        assert (status, said["error"]["code"]) == (409, "refused")
        assert "annex, bakery" in said["error"]["sentence"]
        assert reading.get(path, repo="annex")[0] == 200


@pytest.mark.parametrize("path", ["cells", "cells/oven/evidence", "patches", "audit"])
def test_pages_join_to_the_whole_list(path: str, reading: Program, repository: Repository) -> None:
    _, whole = reading.get(path)
    assert whole["next"] is None
    seen, cursor = [], ""
    while cursor is not None:
        _, page = reading.get(path, limit=1, cursor=cursor)
        assert len(page["items"]) == 1
        assert page["total"] == whole["total"]
        seen, cursor = seen + page["items"], page["next"]
    assert seen == whole["items"]


def test_what_arrives_while_someone_pages_shifts_nothing(reading: Program, repository: Repository) -> None:
    _, first = reading.get("patches", limit=1)
    source = source_of(repository)
    source.propose("ask/rye", {"docs/rye.md": "Rye wants patience.\n"})
    sync(repository)
    _, second = reading.get("patches", limit=1, cursor=first["next"])
    assert [row["branch"] for row in (*first["items"], *second["items"])] == [
        "think/dough-notes",
        "ask/warmer-oven",
    ]
    assert second["total"] == 3


def test_rows_of_one_moment_are_told_apart(reading: Program, repository: Repository) -> None:
    Patch.objects.update(authored_at=timezone.now())
    _, first = reading.get("patches", limit=1)
    _, second = reading.get("patches", limit=1, cursor=first["next"])
    assert {first["items"][0]["id"], second["items"][0]["id"]} == set(
        Patch.objects.values_list("pk", flat=True)
    )
    assert second["next"] is None


def test_a_cursor_of_another_list_or_none_of_ours_is_refused(
    reading: Program, repository: Repository
) -> None:
    _, page = reading.get("cells", limit=1)
    for path, cursor in (
        ("patches", page["next"]),
        ("cells", page["next"][:-1]),
        ("cells", "x"),
        ("cells", "[1]:é"),
    ):
        status, said = reading.get(path, cursor=cursor)
        assert (status, said["error"]["code"]) == (422, "invalid")
        assert (
            said["error"]["sentence"] == "This cursor is not one that this list gave; begin again without it."
        )
