"""Plotly is nearly five megabytes: only a page that draws a plot names it."""

from __future__ import annotations

import pytest
from django.test import Client

from cells.models import Repository
from cells.permissions import OPERATOR
from tests.factories import a_patch, a_repository, a_user

PLOTLY = "plotly/plotly"


@pytest.fixture
def bakery(tmp_path_factory: pytest.TempPathFactory, db: None) -> Repository:
    return a_repository(tmp_path_factory.mktemp("bakery"))


def page(url: str, **headers: str) -> str:
    client = Client()
    client.force_login(a_user("olga", OPERATOR))
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, url
    return str(answer.text)


WITHOUT = (
    "/inbox/", "/patches/", "/asks/", "/evidence/", "/audit/", "/account/", "/lanes/", "/outside/", "/learning/",
    "/repositories/", "/backtest/", "/bulk/?key=",
)  # fmt: skip


def test_pages_without_a_plot_do_not_load_plotly(bakery: Repository) -> None:
    assert [url for url in WITHOUT if PLOTLY in page(url)] == []


def test_neither_does_a_patch_nor_what_it_fetches(bakery: Repository) -> None:
    patch = a_patch(bakery)
    text = page(f"/patches/{patch.pk}/?from=inbox")
    assert f"/patches/{patch.pk}/forecast" in text
    assert PLOTLY not in text
    part = page(f"/patches/{patch.pk}/forecast/", **{"hx-request": "true", "hx-target": "forecast"})
    assert PLOTLY not in part
    assert "<script" not in part


def test_the_map_and_a_cell_do(bakery: Repository) -> None:
    assert PLOTLY in page("/")
    assert PLOTLY in page("/cells/oven/")
