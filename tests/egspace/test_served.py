"""Figures are made by the task, kept compressed under a tag, and served as they are kept."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from cells.models import Repository
from cells.patches import life
from egspace import refresh, served
from egspace.models import Figure
from tests.factories import a_patch, a_repository

VIEWS = [
    f"/map.json?repo=bakery&view={view}&narrow={narrow}" for view in ("lanes", "space") for narrow in (0, 1)
]


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


def test_the_task_makes_every_whole_view_in_every_language(bakery: Repository) -> None:
    names = set(Figure.objects.values_list("name", flat=True))
    assert names == {
        f"view={view}&narrow={narrow}&language={language}"
        for view in ("lanes", "space") for narrow in "01" for language in ("en", "ja")
    }  # fmt: skip


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


def test_a_decision_makes_another_figure_for_the_next_who_asks(bakery: Repository, seeing: Client) -> None:
    before = seeing.get(VIEWS[0])
    a_patch(bakery, state=life.REJECTED)
    after = seeing.get(VIEWS[0])
    assert after["ETag"] != before["ETag"]
    assert gzip.decompress(after.content) != gzip.decompress(before.content)
    assert Figure.objects.filter(repository=bakery).count() == len(VIEWS) * 2


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
