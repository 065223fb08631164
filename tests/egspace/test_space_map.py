"""EG-Space through the door: what the page and the figure say, who may see them, what they cost."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells.models import Cell, Lane, Repository
from cells.sentences import sentence
from egspace import refresh
from egspace.drawing import choice as drawing
from egspace.models import Refresh
from tests.egspace.spaces import a_place, a_space
from tests.factories import a_repository

pytestmark = pytest.mark.django_db
FIGURE = "/map.json?repo=bakery&view=space"


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    return a_repository(tmp_path)


@pytest.fixture
def seeing(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


@pytest.fixture
def mapped(bakery: Repository) -> Repository:
    """A repository whose map of meaning was really made."""
    assert refresh.execute_now(bakery).state == Refresh.DONE
    return bakery


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def many_cells(repository: Repository, count: int) -> list[str]:
    lane = Lane.objects.get(repository=repository, key="sample")
    made = Cell.objects.bulk_create(
        Cell(repository=repository, lane=lane, key=f"more-{n}", position=10 + n) for n in range(count)
    )
    return [cell.key for cell in made]


def cells_in(figure: dict[str, Any]) -> dict[str, str]:
    found = [trace for trace in figure["data"] if trace["meta"]["role"] == "cell"]
    return {row[0]: trace["meta"]["state"] for trace in found for row in trace["customdata"]}


def test_both_views_show_the_same_cells_in_the_same_state(seeing: Client, mapped: Repository) -> None:
    space, lanes = (seeing.get(path).json() for path in (FIGURE, "/map.json?repo=bakery"))
    assert space["layout"]["meta"]["view"] == "space"
    assert cells_in(space) == cells_in(lanes)
    assert set(cells_in(space)) == {"oven", "dough", "crumb"}


def test_two_figures_of_the_same_map_are_the_same(seeing: Client, mapped: Repository) -> None:
    assert seeing.get(FIGURE).content == seeing.get(FIGURE).content


def test_the_views_are_links_that_keep_the_filter(seeing: Client, mapped: Repository) -> None:
    said = page(seeing, "/?q=oven&view=space")
    assert 'href="?q=oven" data-view="lanes"' in said
    assert re.search(r'href="\?q=oven&amp;view=space" data-view="space" aria-current="page"', said)
    assert 'name="view" id="map-view" value="space"' in said


def test_the_view_works_without_javascript(seeing: Client, mapped: Repository) -> None:
    said = page(seeing, "/?view=space")
    assert 'class="node" href="/cells/oven/?repo=bakery"' in said
    assert 'class="delta"' in said
    assert "<title>Oven watch · oven" in said
    assert " style=" not in said


@pytest.mark.parametrize("view", ["", "lanes", "nonsense"])
def test_any_other_view_is_the_lanes(seeing: Client, mapped: Repository, view: str) -> None:
    assert (
        'class="delta"'
        not in page(seeing, f"/?view={view}").split('id="map-pictures"')[1].split("map-plot")[0]
    )
    assert "view" not in seeing.get(f"/map.json?view={view}").json()["layout"]["meta"]


@pytest.mark.parametrize(
    ("running", "said"),
    [
        (None, "The map of meaning was not made yet."),
        ({"state": Refresh.QUEUED}, "The map of meaning is being made…"),
        (
            {"state": Refresh.RUNNING, "done": 3, "total": 8},
            "The map of meaning is being made: 3 of 8 steps.",
        ),
        (
            {
                "state": Refresh.FAILED,
                "error": sentence("The map was not made: %(why)s", why="no disk").as_json(),
            },
            "no disk",
        ),
    ],
)
def test_while_there_is_no_map_of_meaning_everybody_is_told_how_far_it_is(
    seeing: Client, bakery: Repository, running: dict[str, Any] | None, said: str
) -> None:
    Refresh.objects.all().delete()
    if running:
        Refresh.objects.create(repository=bakery, **running)
    assert said in page(seeing, "/?view=space")
    figure = seeing.get(FIGURE).json()
    assert said in figure["layout"]["meta"]["showing"]
    assert (figure["data"], figure["layout"]["meta"]["view"]) == ([], "pending")


def test_the_figure_is_sent_again_once_the_map_was_made(seeing: Client, bakery: Repository) -> None:
    before = seeing.get(FIGURE)["ETag"]
    assert seeing.get(FIGURE, headers={"If-None-Match": before}).status_code == 304
    refresh.execute_now(bakery)
    assert seeing.get(FIGURE, headers={"If-None-Match": before}).status_code == 200


def test_a_closer_look_is_a_link_and_shows_what_is_in_it(
    seeing: Client, bakery: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = many_cells(bakery, 300)
    space = a_space(keys)
    space.places.update(oven=a_place((9.0, 9.0), None))
    monkeypatch.setattr(drawing, "space_of", lambda repository, *, at_seq=None: space)
    said = page(seeing, "/?view=space")
    closer = re.search(r'class="group" href="([^"]*box=[^"]*)"', said)
    assert closer
    address = closer[1].replace("&amp;", "&")
    assert "outside this closer look" in page(seeing, address)
    figure = seeing.get(address.replace("/?", "/map.json?")).json()
    assert figure["layout"]["meta"]["whole"] is False
    assert "oven" not in cells_in(figure)


@pytest.mark.parametrize("box", ["x", "1,2", "0,0,nan,1", "3,3,1,1"])
def test_what_is_no_box_is_the_whole_map(seeing: Client, mapped: Repository, box: str) -> None:
    assert seeing.get(f"{FIGURE}&box={box}").json()["layout"]["meta"]["whole"] is True
    assert "Showing 3 of 3 cells" in page(seeing, f"/?view=space&box={box}")


def test_only_people_with_the_right_see_it(client: Client, stranger: User, mapped: Repository) -> None:
    client.force_login(stranger)
    assert client.get(FIGURE).status_code == 403
    assert client.get("/?view=space").status_code == 403


@pytest.mark.parametrize("path", ["/?repo=bakery&view=space", FIGURE])
def test_queries_do_not_grow_with_the_swarm(
    seeing: Client, mapped: Repository, django_assert_max_num_queries: Any, path: str
) -> None:
    seeing.get(path)
    many_cells(mapped, 200)
    with django_assert_max_num_queries(32):
        seeing.get(path)


def test_a_past_moment_of_the_space_is_drawn_in_todays_frame(seeing: Client, mapped: Repository) -> None:
    now = seeing.get(FIGURE).json()["layout"]["meta"]
    then = seeing.get(f"{FIGURE}&at={mapped.head}").json()["layout"]["meta"]
    assert then["box"] == now["box"]
    assert then["view"] == "space"
