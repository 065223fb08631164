"""The map at a past commit: it says what the map of now said when that commit was the newest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells import assignments
from cells.demo import write_demo
from cells.models import Evidence, Repository
from cells.patches import life
from cells.repositories import known_as
from egspace.drawing.steps import steps
from egspace.graph import Swarm, swarm
from egspace.past import commits
from egspace.past.commits import NoMoment, find, history, seq_of
from egspace.past.moments import graph_at
from tests.factories import FILES, STATE, SWARM, Source, a_patch, a_repository, source_of, sync

pytestmark = pytest.mark.django_db

RYE = """
[[cells]]
key = "rye"
lane = "nights"
title = "Rye"
state = "STATE/rye.md"
evidence = ["reports/rye/**"]

[[relations]]
from = "rye"
to = "oven"
type = "watches"
"""
READY = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: oven
status:
  conditions:
    - type: Ready
      status: "True"
"""
TASKS = "\n".join(f"- [ ] T-OVEN-{number}: look again" for number in range(3, 7))
SLI = "# SLI\n\n- success_rate: 0 %\n- requests: 20\n"
DECIDED = (
    "unread",
    "waiting",
    "verdicts",
    "reason",
    "position",
)  # what people and the contract say; and a place is given now


def story(source: Source) -> Iterator[str]:
    """A swarm that changes in every way it can, commit by commit."""
    yield str(source.tip())
    yield source.commit({"swarm.toml": SWARM + RYE, "STATE/rye.md": STATE})
    yield source.commit({"reports/rye/sour_20260302T1100Z.md": "# Sour\n\nBubbles.\n"})
    yield source.commit({"reports/oven/after_20260302T0700Z.yaml": READY})
    yield source.commit({"reports/oven/sli_20260302T0800Z.md": SLI})
    yield source.commit({"reports/oven/sli_20260302T0800Z.md": None})
    yield source.commit(
        {"swarm.toml": (SWARM + RYE).replace('"rye"', '"rye-bread"'), "STATE/rye.md": "# Rye\n"}
    )
    yield source.commit({"swarm.toml": "[[cells\n"}, message="Break it")
    yield source.commit({"reports/oven/heat_20260302T0700Z.md": None})
    source.at += timedelta(days=40)
    yield source.commit({"reports/oven/heat_20260410T0700Z.md": "# Heat\n\nToo warm.\n"})
    yield source.commit({"STATE/bread/current_state.md": STATE + TASKS}, message="Find more to do")
    yield source.commit({"swarm.toml": SWARM.replace('stage = "shelved"', 'stage = "archived"')})
    yield source.commit({"swarm.toml": None, "STATE/rye.md": None})
    yield source.commit({"swarm.toml": SWARM})
    yield source.commit({"reports/oven/heat_20260301T0700Z.md": "# Heat\n\nSteady at 211 degrees.\n"})
    yield source.commit({"reports/oven/heat_20260301T0700Z.md": FILES["reports/oven/heat_20260301T0700Z.md"]})


def of_the_repository(graph: Swarm) -> dict[str, Any]:
    cells = {
        key: {name: value for name, value in cell.items() if name not in DECIDED}
        for key, cell in graph.nodes(data=True)
    }
    return {"cells": cells, "relations": sorted(graph.edges(keys=True))}


@pytest.fixture
def told(tmp_path: Path) -> tuple[Repository, dict[str, dict[str, Any]]]:
    """The bakery at the end of the story, and what its map said after every commit."""
    bakery = a_repository(tmp_path)
    then = {}
    for commit in story(source_of(bakery)):
        sync(bakery)
        then[commit] = of_the_repository(swarm(bakery))
    return bakery, then


def test_every_past_moment_is_what_the_map_said_then(told: tuple[Repository, dict[str, Any]]) -> None:
    bakery, then = told
    states = {cell["state"] for said in then.values() for cell in said["cells"].values()}
    assert states == {"on-track", "no-evidence", "shelved", "archived", "conflict", "moving-away"}
    for commit, said in then.items():
        found = graph_at(bakery, commit)
        assert of_the_repository(found) == said, find(bakery, commit)
        assert {found.nodes[key]["lane"] for key in found} <= {lane["key"] for lane in found.graph["lanes"]}


def test_cells_keep_their_slots_and_those_of_the_past_come_after(
    told: tuple[Repository, dict[str, Any]],
) -> None:
    bakery, then = told
    now = swarm(bakery)
    for commit in then:
        found = graph_at(bakery, commit)
        kept = [lane for lane in found.graph["lanes"] if lane in now.graph["lanes"]]
        assert found.graph["lanes"][: len(kept)] == kept
        assert found.graph.get("gone", []) == [key for key in found if key not in now]
        places = {key: (cell["lane"], cell["position"]) for key, cell in now.nodes(data=True)}
        for key, cell in found.nodes(data=True):
            if key in now and cell["lane"] == places[key][0]:
                assert cell["position"] == places[key][1]
    first, renamed = list(then)[1], list(then)[6]
    assert graph_at(bakery, first).nodes["rye"]["position"] == 0
    assert graph_at(bakery, renamed).nodes["rye-bread"]["position"] == 1


def test_a_cell_that_changed_its_lane_stood_after_all_others_there(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path)
    first = str(source_of(bakery).tip())
    source_of(bakery).commit(
        {"swarm.toml": SWARM.replace('key = "dough"\nlane = "sample"', 'key = "dough"\nlane = "monitoring"')}
    )
    sync(bakery)
    before, after = graph_at(bakery, first).nodes["dough"], graph_at(bakery, bakery.head).nodes["dough"]
    assert (before["lane"], after["lane"]) == ("sample", "monitoring")
    assert before["position"] > graph_at(bakery, first).nodes["crumb"]["position"]
    assert after["position"] == bakery.cells.get(key="dough").position


def whole(graph: Swarm) -> tuple[Any, ...]:
    return dict(graph.nodes(data=True)), list(graph), graph.graph, sorted(graph.edges(keys=True, data="type"))


def test_at_the_head_it_is_the_map_of_now(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path)
    assert whole(graph_at(bakery, bakery.head)) == whole(swarm(bakery))
    a_patch(bakery, state=life.LANDED)
    bakery.refresh_from_db()
    assert whole(graph_at(bakery, bakery.head)) == whole(swarm(bakery))


def test_the_demo_at_its_head_is_the_map_of_now(data_dir: Path) -> None:
    source = write_demo(data_dir / "demo-source.git", datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    demo = sync(known_as("demo", str(source)))
    assert whole(graph_at(demo, demo.head)) == whole(swarm(demo))


def test_any_moment_costs_the_same_few_queries(
    told: tuple[Repository, dict[str, Any]], django_assert_max_num_queries: Any
) -> None:
    bakery, then = told
    for commit in then:
        with django_assert_max_num_queries(20):
            graph_at(bakery, commit)


def test_a_proposal_waits_from_the_day_it_was_written_until_it_is_decided(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path)
    first = bakery.head
    later = source_of(bakery).commit({"docs/a.md": "A\n"})
    patch = a_patch(sync(bakery), state=life.LANDED)
    bakery.refresh_from_db()
    assert graph_at(bakery, first).nodes["oven"]["waiting"] == 0
    assert graph_at(bakery, later).nodes["oven"]["waiting"] == 1
    assert bakery.head == patch.commit
    assert graph_at(bakery, patch.commit).nodes["oven"]["waiting"] == 0
    told = steps(bakery)
    assert [row[5] for row in told["commits"]] == [0, 0, patch.pk]
    assert [row[6] for row in told["commits"]] == [0, 2, 0]


def test_a_rejected_proposal_waited_before(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path)
    later = source_of(bakery).commit({"docs/a.md": "A\n"})
    source_of(bakery).commit({"docs/b.md": "B\n"})
    a_patch(sync(bakery), state=life.REJECTED)
    assert graph_at(bakery, later).nodes["oven"]["waiting"] == 1
    assert swarm(bakery).nodes["oven"]["waiting"] == 0


def test_a_persons_word_holds_in_the_past_too(tmp_path: Path, operator: User) -> None:
    path = "reports/oven/heat_20260302T0700Z.md"
    bakery = a_repository(tmp_path)
    first = bakery.head
    source_of(bakery).commit({path: "# Heat\n\nOf the dough.\n"})
    row = Evidence.objects.get(repository=sync(bakery), path=path, current=True)
    assignments.assign(evidence=row, cells=[bakery.cells.get(key="crumb")], by=operator)
    assert graph_at(bakery, first).nodes["crumb"]["evidence"] == 1
    assert whole(graph_at(bakery, bakery.head)) == whole(swarm(bakery))
    assignments.assign(evidence=row, cells=[], by=operator)
    assert [graph_at(bakery, first).nodes[key]["evidence"] for key in ("oven", "crumb")] == [1, 0]


def test_the_past_of_a_branch_is_its_first_parents(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path)
    side = source_of(bakery).tip("ask/warmer-oven")
    with pytest.raises(NoMoment):
        graph_at(bakery, str(side))
    assert seq_of(bakery, bakery.head) == 0


def test_a_moment_is_found_by_its_id_its_first_digits_or_a_date(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path)
    first = bakery.head
    source = source_of(bakery)
    source.at += timedelta(days=2)
    second = source.commit({"docs/a.md": "A\n"})
    sync(bakery)
    assert (
        find(bakery, first).commit
        == find(bakery, first[:7]).commit
        == find(bakery, f" {first[:9].upper()}").commit
        == first
    )
    assert find(bakery, "2026-03-03").commit == first
    assert find(bakery, "2026-03-02T10:00:00Z").commit == first
    assert find(bakery, "2027-01-01").commit == find(bakery, "9999-12-31").commit == second


@pytest.mark.parametrize(
    "name",
    [
        "zzz",
        "abc",
        "0" * 40,
        "0" * 7,
        "1999-12-31",
        "0001-01-01",
        "2026-13-01",
        "main",
        "HEAD",
        "-1",
        "'",
        "x" * 9999,
        "٣" * 8,
    ],
)
def test_what_is_no_moment_is_refused_with_a_sentence(
    client: Client, viewer: User, tmp_path: Path, name: str
) -> None:
    a_repository(tmp_path)
    client.force_login(viewer)
    for path in ("/", "/map.json", "/map/gone/oven/"):
        answer = client.get(path, {"repo": "bakery", "at": name})
        assert answer.status_code == 404
        assert "No commit" in answer.content.decode() or "no commit" in answer.content.decode()


def test_two_commits_with_the_same_first_digits_are_not_guessed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery = a_repository(tmp_path)
    monkeypatch.setattr(commits, "SHORTEST", 0)
    source_of(bakery).commit({"docs/a.md": "A\n"})
    sync(bakery)
    with pytest.raises(NoMoment, match="several"):
        find(bakery, "")


def test_an_empty_repository_has_no_moment(tmp_path: Path) -> None:
    Source(tmp_path / "empty.git")
    empty = sync(known_as("empty", str(tmp_path / "empty.git")))
    assert steps(empty)["commits"] == steps(empty)["weeks"] == []
    with pytest.raises(NoMoment):
        find(empty, "2026-03-02")


def test_the_steps_say_what_happened(told: tuple[Repository, dict[str, Any]]) -> None:
    bakery, then = told
    said = steps(bakery)
    assert [row[0] for row in said["commits"]] == list(then)
    assert [row[2] for row in said["commits"]][7] == "Break it"
    assert [row[3] for row in said["commits"]] == [3, 0, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1]
    # Without swarm.toml the folders of reports stand in; nobody described them.
    assert [row[4] for row in said["commits"]] == [True] * 12 + [False] + [True] * 3
    assert said["weeks"] == [8, 15]
    assert (said["now"], said["showing"]) == (bakery.head, "Showing 16 of 16 commits")


def test_of_many_commits_the_newest_are_shown_and_the_last_of_each_week(
    told: tuple[Repository, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery, then = told
    whole_story = [of_the_repository(graph_at(bakery, commit)) for commit in then]
    rows = steps(bakery)["commits"]
    monkeypatch.setattr(commits, "MOST", 10)
    monkeypatch.setattr(commits, "NEWEST", 5)
    commits.told.cache_clear()
    said = steps(bakery)
    assert [row[0] for row in said["commits"]] == [list(then)[seq] for seq in (8, 11, 12, 13, 14, 15)]
    assert (said["weeks"], said["showing"]) == ([0, 5], "Showing 6 of 16 commits")
    assert said["commits"][0][3] == sum(row[3] for row in rows[:9])
    assert [of_the_repository(graph_at(bakery, commit)) for commit in then] == whole_story
    commits.told.cache_clear()


def test_a_discovered_swarm_is_exact_at_commits_that_are_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the shown commits are read with all their documents; another one is read when it is asked for."""
    table = "| Cell key | Title |\n| --- | --- |\n| oven | Oven |\n"
    bakery = a_repository(tmp_path, files={"docs/cells.md": table}, proposals={})
    source = source_of(bakery)
    named = [
        source.commit({"docs/cells.md": table + "".join(f"| cell-{n} | C |\n" for n in range(count))})
        for count in range(1, 5)
    ]
    named.append(source.commit({"docs/other.md": "Nothing.\n"}))
    sync(bakery)
    monkeypatch.setattr(commits, "MOST", 1)
    monkeypatch.setattr(commits, "NEWEST", 1)
    commits.told.cache_clear()
    assert history(bakery).shown() == (5,)
    assert [len(graph_at(bakery, commit)) for commit in named] == [2, 3, 4, 5, 5]
    commits.told.cache_clear()


@pytest.fixture
def seeing(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def test_the_page_and_the_figure_show_the_moment(
    seeing: Client, told: tuple[Repository, dict[str, Any]]
) -> None:
    commit = list(told[1])[1]
    page = seeing.get("/", {"repo": "bakery", "at": commit[:10]}).content.decode()
    assert f"The map as it stood on 2026-03-02 22:00, commit {commit[:7]}." in page  # in Tokyo
    assert "Back to now" in page
    assert "waits for" not in page.partition('id="swarm"')[0]
    assert 'id="cell-rye"' in page
    figure = seeing.get("/map.json", {"repo": "bakery", "at": commit}).json()
    assert figure["layout"]["meta"]["at"]["commit"] == commit
    assert figure["layout"]["meta"]["showing"] == "Showing 4 of 4 cells"
    assert seeing.get("/map.json", {"repo": "bakery"}).json()["layout"]["meta"]["at"] is None


def test_a_cell_that_is_gone_leads_to_the_map_of_then(
    seeing: Client, told: tuple[Repository, dict[str, Any]]
) -> None:
    commit = list(told[1])[2]
    page = seeing.get("/", {"repo": "bakery", "at": commit}).content.decode()
    assert 'href="/cells/rye/' not in page
    assert f'href="/?repo=bakery&amp;at={commit}&amp;cell=rye"' in page
    panel = f"/map/gone/rye/?repo=bakery&at={commit}"
    said = seeing.get(panel).content.decode()
    assert "The swarm holds this cell no longer." in said
    assert f"path=swarm.toml&amp;commit={commit}#L42" in said
    opened = seeing.get("/", {"repo": "bakery", "at": commit, "cell": "rye"}).content.decode()
    assert f'hx-get="{panel.replace("&", "&amp;")}"' in opened
    assert seeing.get(f"/map/gone/nobody/?repo=bakery&at={commit}").status_code == 404


def test_a_moment_says_which_cells_light_up(seeing: Client, tmp_path: Path) -> None:
    bakery = a_repository(tmp_path)
    source_of(bakery).commit({"docs/a.md": "A\n"})
    patch = a_patch(sync(bakery), state=life.LANDED)
    bakery.refresh_from_db()
    lit = [
        seeing.get("/map.json", {"repo": "bakery", "at": row[0]}).json()["layout"]["meta"]["at"]
        for row in steps(bakery)["commits"]
    ]
    assert [(one["landed"], one["proposed"]) for one in lit] == [
        ([], []),
        ([], ["dough", "oven"]),
        (["oven"], []),
    ]
    assert lit[2]["commit"] == patch.commit


def test_the_figures_of_a_moment_are_not_sent_twice(seeing: Client, tmp_path: Path) -> None:
    bakery = a_repository(tmp_path)
    for path in (f"/map.json?repo=bakery&at={bakery.head}", "/map/steps.json?repo=bakery"):
        first = seeing.get(path)
        assert seeing.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/map/steps.json?repo=bakery", "/map/gone/oven/?repo=bakery&at=2026-03-02"])
def test_a_stranger_sees_no_past(client: Client, stranger: User, tmp_path: Path, path: str) -> None:
    a_repository(tmp_path)
    client.force_login(stranger)
    assert client.get(path).status_code == 403
