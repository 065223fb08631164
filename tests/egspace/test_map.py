"""The map page and its figure: what they say, who may see them, what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells.models import Cell, Lane, Repository
from cells.patches import life
from tests.factories import FILES, a_patch, a_repository, source_of, sync

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    return a_repository(tmp_path)


@pytest.fixture
def seeing(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def page(client: Client, path: str = "/", **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def cells_in(figure: dict[str, Any]) -> dict[str, str]:
    found = [trace for trace in figure["data"] if trace["meta"]["role"] == "cell"]
    return {row[0]: trace["meta"]["state"] for trace in found for row in trace["customdata"]}


def test_the_page_says_in_one_line_what_needs_you(client: Client, reviewer: User, bakery: Repository) -> None:
    client.force_login(reviewer)
    assert "2 patches wait for you</a>." in page(client)
    a_patch(bakery, state=life.REJECTED)
    assert "1 patch waits for you</a>." in page(client)


def test_someone_who_may_not_decide_is_not_told_that_patches_wait_for_them(
    seeing: Client, bakery: Repository
) -> None:
    assert "2 patches wait for a reviewer</a>." in page(seeing)


def test_a_quiet_swarm_says_that_nothing_needs_you(seeing: Client, tmp_path: Path) -> None:
    a_repository(tmp_path, proposals={})
    assert "Nothing needs you now." in page(seeing)


def test_old_evidence_is_said_to_be_old(seeing: Client, bakery: Repository) -> None:
    assert "The newest evidence is from" in page(seeing)


def test_without_a_repository_the_page_says_how_to_add_one(client: Client, operator: User) -> None:
    client.force_login(operator)
    said = page(client)
    assert "No repository yet." in said
    assert 'href="/repositories/"' in said


def test_without_a_swarm_the_page_says_what_to_write(seeing: Client, tmp_path: Path) -> None:
    a_repository(tmp_path, files={"README.md": "# Nothing here\n"}, proposals={})
    assert "No swarm found in this repository." in page(seeing)
    assert seeing.get("/map.json").json()["data"][0]["meta"]["role"] == "label"


def test_a_discovered_swarm_is_called_so_and_what_was_skipped_is_listed(
    seeing: Client, bakery: Repository
) -> None:
    Repository.objects.update(
        swarm_origin="discovered", problems=[{"text": "%(path)s was skipped.", "params": {"path": "a.md"}}]
    )
    said = page(seeing)
    assert "discovered, not yet in git" in said
    assert "1 remark about the last reading" in said
    assert "a.md was skipped." in said


def test_the_map_works_without_javascript(seeing: Client, bakery: Repository) -> None:
    said = page(seeing)
    assert 'class="node" href="/cells/oven/?repo=bakery"' in said
    assert "<title>Oven watch · oven" in said
    assert " style=" not in said


def test_the_list_is_the_same_swarm_in_words(seeing: Client, bakery: Repository) -> None:
    said = page(seeing)
    for key in ("oven", "dough", "crumb"):
        assert f'id="cell-{key}"' in said
    assert "Shelved" in said
    assert "Showing 3 of 3 cells" in said


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("q=OVEN", ["oven"]),
        ("q=bread", []),
        ("lane=sample", ["dough", "crumb"]),
        ("state=shelved", ["crumb"]),
        ("state=waiting", ["oven", "dough"]),
        ("lane=sample&q=dough", ["dough"]),
    ],
)
def test_a_deep_link_filters_on_the_server(
    seeing: Client, bakery: Repository, query: str, kept: list[str]
) -> None:
    rows = [line for line in page(seeing, f"/?{query}").splitlines() if "<li data-row" in line]
    shown = [
        key
        for key in ("oven", "dough", "crumb")
        if any(f'data-cell="{key}"' in r and " hidden>" not in r for r in rows)
    ]
    assert shown == kept


def test_htmx_gets_the_parts_that_change(seeing: Client, bakery: Repository) -> None:
    answer = seeing.get("/", headers=HTMX)
    said = answer.content.decode()
    assert "<html" not in said
    for part in ("map-pictures", "map-first", "swarm"):
        assert f'id="{part}"' in said
        assert 'hx-swap-oob="true"' in said
    assert "HX-Request" in answer["Vary"]


def test_a_cell_in_the_url_is_loaded_beside_the_map(seeing: Client, bakery: Repository) -> None:
    assert 'hx-get="/cells/oven/panel/?repo=bakery" hx-trigger="load"' in page(seeing, "/?cell=oven")
    assert 'hx-trigger="load"' not in page(seeing, "/?cell=nobody")


def test_the_figure_draws_every_cell_with_its_state(seeing: Client, bakery: Repository) -> None:
    figure = seeing.get("/map.json?repo=bakery&narrow=0").json()
    assert cells_in(figure) == {"oven": "on-track", "dough": "on-track", "crumb": "shelved"}
    assert (
        figure["layout"]["meta"]["width"] > seeing.get("/map.json?narrow=1").json()["layout"]["meta"]["width"]
    )


def test_an_unchanged_figure_is_not_sent_again(seeing: Client, bakery: Repository) -> None:
    first = seeing.get("/map.json")
    again = seeing.get("/map.json", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert {"Cookie", "Accept-Language"} <= set(again["Vary"].split(", "))
    assert "private" in again["Cache-Control"]


@pytest.mark.parametrize("moved", ["commit", "decision", "language", "width"])
def test_whatever_the_figure_shows_changes_its_tag(seeing: Client, bakery: Repository, moved: str) -> None:
    before = seeing.get("/map.json")["ETag"]
    headers, path = {}, "/map.json"
    if moved == "commit":
        source_of(bakery).commit({"reports/oven/heat_20260303T0700Z.md": "# Heat\n\n216 degrees.\n"})
        sync(bakery)
    elif moved == "decision":
        a_patch(bakery, state=life.REJECTED)
    elif moved == "language":
        headers = {"Accept-Language": "ja"}
    else:
        path += "?narrow=1"
    assert seeing.get(path, headers=headers | {"If-None-Match": before}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/map.json", "/cells/oven/timeline.json"])
def test_only_people_with_the_right_see_anything(
    client: Client, stranger: User, bakery: Repository, path: str
) -> None:
    assert client.get(path).status_code == 302
    client.force_login(stranger)
    assert client.get(path).status_code == 403
    tag = Client()
    tag.force_login(stranger)
    assert tag.get(path, headers={"If-None-Match": "*"}).status_code == 403


@pytest.mark.parametrize("path", ["/?repo=nobody", "/map.json?repo=nobody", "/cells/nobody/timeline.json"])
def test_what_nobody_knows_is_not_found(seeing: Client, bakery: Repository, path: str) -> None:
    assert seeing.get(path).status_code == 404


def many_cells(repository: Repository, count: int) -> None:
    lane = Lane.objects.get(repository=repository, key="sample")
    Cell.objects.bulk_create(
        Cell(repository=repository, lane=lane, key=f"more-{n}", position=10 + n, path="x" * 900)
        for n in range(count)
    )


@pytest.mark.parametrize("path", ["/?repo=bakery", "/map.json?repo=bakery"])
def test_queries_do_not_grow_with_the_swarm(
    seeing: Client, bakery: Repository, django_assert_max_num_queries: Any, path: str
) -> None:
    seeing.get(path)
    many_cells(bakery, 200)
    with django_assert_max_num_queries(40):
        seeing.get(path)


def test_a_swarm_of_thousands_is_listed_in_pages_with_what_needs_a_person_first(
    seeing: Client, bakery: Repository
) -> None:
    many_cells(bakery, 1000)
    said = page(seeing, "/")
    assert said.count("<li data-row") == 300
    assert "Showing 300 of 1,003 cells" in said
    assert "page 1 of 4" in said
    assert 'id="cell-oven"' in said
    assert "Showing 1 of 1003 cells" in page(seeing, "/?q=more-987").replace(",", "")


def test_a_new_cell_moves_no_other(seeing: Client, bakery: Repository) -> None:
    def places() -> dict[str, tuple[float, float]]:
        traces = [t for t in seeing.get("/map.json").json()["data"] if t["meta"]["role"] == "cell"]
        return {
            row[0]: (x, y) for t in traces for row, x, y in zip(t["customdata"], t["x"], t["y"], strict=True)
        }

    before = places()
    swarm = FILES["swarm.toml"].replace(
        "[[relations]]", '[[cells]]\nkey = "apron"\nlane = "sample"\n\n[[relations]]'
    )
    source_of(bakery).commit({"swarm.toml": swarm})
    sync(bakery)
    after = places()
    assert "apron" in after
    assert {key: after[key] for key in before} == before
