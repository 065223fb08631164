"""Every case of `make bench` runs and yields a ratio; how large it is depends on the machine and is no test."""

from __future__ import annotations

import io
from pathlib import Path
from time import sleep

import pytest
from rich.console import Console

from tests.bench import asking, deciding, judging, pages, reading, table
from tests.bench.timing import Ratio, Work, by_turns
from tests.factories import a_repository, a_source

pytestmark = pytest.mark.django_db


def measured(ratios: list[Ratio]) -> list[str]:
    assert all(one.ratio > 0 and min(one.times) > 0 for one in ratios)
    return [one.work for one in ratios]


def test_syncs_are_measured(tmp_path: Path) -> None:
    source = reading.copy(a_source(tmp_path / "bakery.git").path, tmp_path)
    assert measured(reading.reading(source, turns=1)) == ["full sync", "sync of one new commit"]
    assert measured(reading.nothing_new(source, turns=1)) == ["sync with nothing new"]


def test_a_landing_is_measured(tmp_path: Path) -> None:
    source = a_source(tmp_path / "bakery.git").path
    assert measured(deciding.deciding(source, tmp_path, turns=2)) == ["approve to commit"]


def test_pages_are_measured(tmp_path: Path) -> None:
    ratios = pages.pages(a_repository(tmp_path), turns=1, pieces=60)
    assert measured(ratios) == [
        "map page", "map.json", "cell page", "cell page, 60 more", "timeline, 60 more",
    ]  # fmt: skip


def test_verdicts_and_back_tests_are_measured(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    assert measured(judging.judging(repository, turns=1)) == ["verdict", "verdict, case built"]
    assert measured(judging.replaying(repository, None, turns=1)) == ["back-test"]


@pytest.mark.redis
def test_asks_are_measured(tmp_path: Path) -> None:
    source = a_source(tmp_path / "bakery.git").path
    assert measured(asking.asking(source, tmp_path, turns=1)) == ["ask with rules"]


def test_times_are_of_one_thing_and_told_as_so_many_a_second() -> None:
    [one] = by_turns(Work("base", lambda: None), Work("work", lambda: sleep(0.02), things=4), turns=1)
    assert 0.005 <= one.times[0] < 0.02
    assert table.rates([Ratio("ask", "task", (0.02,), (0.002,))]) == "ask: 50 a second (task: 500)"


def test_a_ratio_is_of_medians_and_its_line_fits_eighty_columns() -> None:
    one = Ratio("sync of one new commit", "git log --raw -p --all", (0.2, 0.4, 9.0), (0.1, 0.2, 0.3))
    assert one.ratio == 2
    out = io.StringIO()
    Console(file=out, width=80).print(table.table([one], "Bench"))
    assert "sync of one new commit git log --raw -p --all" in out.getvalue()
    assert table.as_json([one])[0]["seconds"] == {"min": 0.2, "median": 0.4, "max": 9.0, "turns": 3}


def test_each_turn_makes_ready_and_runs_every_work_once() -> None:
    seen: list[str] = []
    works = [
        Work(name, lambda name=name: seen.append(name), before=lambda: seen.append("ready"))  # type: ignore[misc]
        for name in ("base", "work")
    ]
    assert len(by_turns(*works, turns=2)[0].times) == 2
    assert seen == ["ready", "base", "ready", "work"] * 3
