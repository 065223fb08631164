"""Every case of `make bench` runs and yields a ratio; how large it is depends on the machine and is no test."""

from __future__ import annotations

import io
import json
from pathlib import Path
from time import sleep

import pytest
from rich.console import Console

from tests.bench import (
    asking,
    clicking,
    deciding,
    drawing,
    inbox,
    judging,
    meaning,
    pages,
    reading,
    swarms,
    table,
    trail,
)
from tests.bench.timing import Ratio, Work, by_turns
from tests.factories import Source, a_repository, a_source
from tests.services import Missing
from tests.workers import environment, manage, shell

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


@pytest.mark.bench
def test_pages_are_measured(tmp_path: Path) -> None:
    ratios = pages.pages(a_repository(tmp_path), turns=1, pieces=60)
    assert measured(ratios) == [
        "map page", "map.json", "cell page", "cell page, 60 more", "timeline, 60 more",
    ]  # fmt: skip


@pytest.mark.bench
def test_an_inbox_and_a_trail_of_many_are_measured(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path)
    found = measured(inbox.crowded(bakery, 310, turns=1))
    works = [name.removesuffix(", 100 wait") for name in found if name.endswith(", 100 wait")]
    assert (works[0], works[-1]) == ("inbox", "archive")
    assert found == [
        f"{work}, {how}" for how in ("310 wait", "300 of 310 wait", "100 wait") for work in works
    ]
    assert bakery.patches.filter(branch__startswith="crowd/").count() == 310
    found = measured(trail.long_past(bakery, 150, turns=1))
    assert {"its timeline, 150 events", "audit page, 150 events", "pulse, 100 events"} <= set(found)


@pytest.mark.bench
@pytest.mark.browser
def test_clicks_and_bytes_are_measured(tmp_path: Path) -> None:
    ours = environment(tmp_path, 13)
    folders = ("docs", "reports/oven", "reports/dough")  # three groups, too small to be folded
    notes = {f"{of}-{n}": {f"{of}/note_20260302T0{n}00Z.md": "# A note\n"} for of in folders for n in (1, 2)}
    source = a_source(tmp_path / "bakery.git", proposals=notes)
    manage(ours, "migrate", "-v0")
    manage(ours, "collectstatic", "--noinput", "-v0")
    manage(ours, "sync", "clicked", "--source", str(source.path))
    told = "from cells.models import Repository; from tests.bench.clicking import pages; import json; "
    urls = json.loads(shell(ours, told + "print(json.dumps(pages(Repository.objects.get())))"))
    ratios, weights = clicking.clicking(ours, urls, turns=1)
    assert measured(ratios) == ["x to the row that is gone", "a to the next patch, complete"]
    assert {one.page: one.plotly for one in weights} == {
        "map": True, "cell": True, "inbox": False, "patch": False, "patches": False, "account": False,
    }  # fmt: skip
    assert all(0 < one.scripts < one.scripts_raw and 0 < one.styles < one.styles_raw for one in weights)


def test_the_reckoning_of_meaning_is_measured() -> None:
    names = ["δ", "contributions", "and their extremes"]
    assert measured(meaning.reckoning(50, turns=1)) == names


@pytest.mark.bench
def test_embedding_and_the_making_of_a_map_are_measured(tmp_path: Path) -> None:
    source = a_source(tmp_path / "bakery.git").path
    ratios = meaning.embedding(source, turns=1)
    assert measured(ratios) == ["embedding", "embedding", "making the map", "with nothing new"]
    assert [one.baseline for one in ratios[:2]] == ["full sync", "reading texts from git"]
    assert measured(meaning.one_commit(source, turns=1)) == ["the map after it"]


@pytest.mark.bench
def test_the_map_of_a_made_up_swarm_is_measured(tmp_path: Path) -> None:
    repository, once = swarms.made(12, tmp_path)
    assert measured(once) == ["making its map, 12 cells"]
    assert repository.cells.count() == 12
    assert repository.relations.count() > 12
    assert measured(swarms.pages(repository, turns=1)) == [
        "map page, 12 cells",
        *(
            f"{view}, 12 cells, {how}"
            for view in ("lanes", "space")
            for how in ("built", "kept", "unchanged")
        ),
    ]


def test_the_same_number_makes_the_same_swarm(tmp_path: Path) -> None:
    first, second = (Source(swarms.Swarm(5).source(tmp_path / name)).tip() for name in ("one.git", "two.git"))
    assert first == second


@pytest.mark.bench
@pytest.mark.browser
def test_the_map_is_measured_in_a_browser_beside_others(tmp_path: Path) -> None:
    """The others are stand-ins that draw nothing and say that they did: no network is needed here."""
    ours = environment(tmp_path, 14)
    source = swarms.Swarm(12).source(tmp_path / "swarm.git")
    manage(ours, "migrate", "-v0")
    manage(ours, "sync", "drawn", "--source", str(source))
    manage(ours, "refresh_map", "drawn")
    ratios = drawing.drawing(ours, stand_ins(tmp_path / "node_modules"), [("drawn", 12)], turns=1)
    what = ("first map", "map again", "first picture", "frame", "longest frame")
    assert measured(ratios) == [
        f"{one}, {view}, 12" for one in what for view in ("lanes", "space") for _ in drawing.RIVALS
    ]
    assert {one.baseline for one in ratios} == {"cytoscape.js", "sigma.js"}


def stand_ins(folder: Path) -> Path:
    says = "({ one: (_, said) => said(), nodes: () => [] })"
    texts = {
        "cytoscape": f"window.cytoscape = () => {says};",
        "sigma": "window.Sigma = class { once(_, said) { said(); } scheduleRender() {} };",
        "graphology": "window.graphology = { MultiDirectedGraph: class { addNode() {} addEdge() {} } };",
    }
    for library in drawing.LIBRARIES:
        path = folder / library
        path.parent.mkdir(parents=True)
        path.write_text(texts[library.partition("/")[0]])
    return folder


def test_without_npm_it_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="need npm and a network"):
        drawing.installed(tmp_path / "rivals")


@pytest.mark.bench
def test_verdicts_and_back_tests_are_measured(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    assert measured(judging.judging(repository, turns=1)) == ["verdict", "verdict, case built"]
    assert measured(judging.replaying(repository, None, turns=1)) == ["back-test"]


@pytest.mark.bench
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
