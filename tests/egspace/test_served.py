"""Figures are made by the task, kept compressed under a tag, and served as they are kept."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from cells import audit
from cells.models import Repository
from cells.patches import life
from cells.views.pulse import seen
from egspace import refresh
from egspace.drawing import served
from egspace.models import Figure
from tests.factories import a_patch, a_repository, committed, source_of, sync

VIEWS = [
    f"/map.json?repo=bakery&view={view}&narrow={narrow}" for view in ("lanes", "space") for narrow in (0, 1)
]


KEPT = 2 * (1 + 2 * len(VIEWS))  # in two languages: the swarm, the figures and their first pictures


def without_token(answer: Any) -> str:
    """The page; a CSRF token is another one each time."""
    return re.sub(r'("X-CSRFToken": "|csrfmiddlewaretoken" value=")[^"]*', "", answer.content.decode())


@pytest.fixture
def bakery(db: None, tmp_path: Path) -> Repository:
    repository = a_repository(tmp_path)
    refresh.execute_now(repository)
    return repository


@pytest.fixture
def seeing(viewer: User) -> Client:
    client = Client(headers={"accept-encoding": "gzip"})
    client.force_login(viewer)
    return client


def test_the_task_makes_every_whole_view_and_its_picture_in_every_language(bakery: Repository) -> None:
    names = set(Figure.objects.values_list("name", flat=True))
    assert names == {f"what=swarm&language={language}" for language in ("en", "ja")} | {
        f"{what}view={view}&narrow={narrow}&language={language}"
        for what in ("", "what=picture&") for view in ("lanes", "space") for narrow in "01" for language in ("en", "ja")
    }  # fmt: skip
    assert len(names) == KEPT


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("view", ["lanes", "space"])
def test_the_page_of_what_is_kept_is_the_page_of_what_is_made(
    bakery: Repository, seeing: Client, monkeypatch: pytest.MonkeyPatch, view: str, language: str
) -> None:
    asked = {
        "path": f"/?repo=bakery&view={view}",
        "headers": {"accept-language": language, "accept-encoding": "identity"},
    }
    Figure.objects.all().delete()
    made = without_token(seeing.get(**asked))
    served.prepare(bakery)
    for name in ("swarm", "_drawing"):
        monkeypatch.setattr(served, name, None)
    assert without_token(seeing.get(**asked)) == made
    assert 'class="map-picture' in made


def test_after_a_decision_nobody_sees_the_page_from_before(bakery: Repository, seeing: Client) -> None:
    asked = {"path": "/?repo=bakery", "headers": {"accept-encoding": "identity"}}
    before = without_token(seeing.get(**asked))
    a_patch(bakery, state=life.REJECTED)
    after = without_token(seeing.get(**asked))
    Figure.objects.all().delete()
    assert before != after == without_token(seeing.get(**asked))


@pytest.mark.parametrize("url", VIEWS)
def test_what_was_made_is_served_without_being_made_again(
    bakery: Repository, seeing: Client, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(served, "figure", None)
    answer = seeing.get(url, headers={"accept-language": "ja"})
    assert answer["Content-Encoding"] == "gzip"
    said = json.loads(gzip.decompress(answer.content))
    assert "セル" in said["layout"]["meta"]["showing"]
    assert (
        seeing.get(url, headers={"if-none-match": answer["ETag"], "accept-language": "ja"}).status_code == 304
    )


def test_who_takes_no_gzip_gets_the_same_words(bakery: Repository, seeing: Client) -> None:
    packed = gzip.decompress(seeing.get(VIEWS[0]).content)
    assert seeing.get(VIEWS[0], headers={"accept-encoding": "identity"}).content == packed


def test_after_a_decision_nobody_sees_the_figure_from_before(bakery: Repository, seeing: Client) -> None:
    before = seeing.get(VIEWS[0])
    a_patch(bakery, state=life.REJECTED)
    after = seeing.get(VIEWS[0])
    assert after["ETag"] != before["ETag"]
    assert gzip.decompress(after.content) != gzip.decompress(before.content)
    refresh.execute_now(bakery)
    assert gzip.decompress(seeing.get(VIEWS[0]).content) == gzip.decompress(after.content)
    assert Figure.objects.filter(repository=bakery).count() == KEPT, "the older ones are replaced"


def test_a_close_look_and_a_moment_are_not_kept(bakery: Repository, seeing: Client) -> None:
    rows = Figure.objects.count()
    for url in (f"{VIEWS[2]}&box=-0.5,-0.5,0.5,0.5", f"{VIEWS[0]}&at={bakery.head}"):
        assert seeing.get(url).status_code == 200
    assert Figure.objects.count() == rows


def test_a_kept_figure_costs_a_fixed_number_of_queries(
    bakery: Repository, seeing: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    seeing.get(VIEWS[1])
    with django_assert_max_num_queries(16):
        seeing.get(VIEWS[1])


def test_the_beat_makes_figures_that_something_moved_past(bakery: Repository, operator: User) -> None:
    assert refresh.request_stale() == 0
    audit.record(actor=operator, verb="ask", subject=bakery, repository=bakery.key)
    with committed():
        assert refresh.request_stale() == 1
    assert refresh.request_stale() == 0
    assert Figure.objects.filter(repository=bakery).count() == KEPT


def test_an_open_page_learns_that_the_map_was_made(bakery: Repository, seeing: Client) -> None:
    first = seen(bakery)
    assert seeing.get("/pulse", {"repo": "bakery", "seen": first}).status_code == 204
    source_of(bakery).commit({"reports/oven/heat_20260303T0700Z.md": "# Heat\n\nWarm.\n"})
    sync(bakery)
    before = seen(bakery)
    refresh.execute_now(bakery)
    answer = seeing.get("/pulse", {"repo": "bakery", "seen": before})
    assert answer["HX-Trigger"] == "vpm:changed"
