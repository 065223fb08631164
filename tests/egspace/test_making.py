"""Making the map: positions over history, standings, forecasts; once, again, with another model, after a dead worker."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from cells import assignments
from cells.models import Evidence, Repository, Review
from cells.patches import life
from cells.patches.moves import shift
from cells.sentences import sentence
from egspace import refresh
from egspace.drawing.space_data import space_of
from egspace.embedding import EmbedderAway, Ngrams
from egspace.models import Atlas, Forecast, Position, Refresh, Standing, Vector
from egspace.reckoning import making
from tests.factories import STATE, SWARM, a_patch, a_repository, committed, source_of, sync

OVEN = ("cell", "oven")


@pytest.fixture
def bakery(db: None, tmp_path: Path) -> Repository:
    return a_repository(tmp_path)


def made(repository: Repository) -> Repository:
    repository.refresh_from_db()
    row = refresh.execute_now(repository)
    assert row.state == Refresh.DONE, row.error
    return repository


def trail(repository: Repository, kind: str = "cell", key: str = "oven") -> list[Position]:
    return list(Position.objects.filter(repository=repository, kind=kind, key=key).order_by("seq"))


def standing(repository: Repository, kind: str = "cell", key: str = "oven") -> Standing:
    return Standing.objects.get(repository=repository, kind=kind, key=key)


def everything(repository: Repository) -> list[Any]:
    atlas = Atlas.objects.get(repository=repository)
    rows = Position.objects.filter(repository=repository).order_by("kind", "key", "seq")
    space = space_of(repository)
    assert space
    places = {key: (place.c, place.g, place.trail) for key, place in space.places.items()}
    return [
        bytes(atlas.basis),
        atlas.axes,
        [(r.key, r.seq, r.delta, bytes(r.c), bytes(r.g)) for r in rows],
        places,
    ]


def test_every_cell_lane_project_and_the_swarm_has_a_standing(bakery: Repository) -> None:
    made(bakery)
    found = {(row.kind, row.key) for row in Standing.objects.filter(repository=bakery)}
    assert found == {
        ("cell", "oven"), ("cell", "dough"), ("cell", "crumb"), ("lane", "monitoring"), ("lane", "sample"),
        ("project", "bread"), ("swarm", ""),
    }  # fmt: skip
    oven = standing(bakery)
    assert oven.delta is not None
    assert 0 < oven.delta < 2
    assert (oven.pieces, oven.open_tasks, oven.all_tasks) == (2, 1, 2)
    assert {one["what"] for one in oven.goal} == {"north_star", "goal_short", "goal_mid"}
    assert {one["path"] for side in oven.pulls.values() for one in side} == {
        "reports/oven/heat_20260301T0700Z.md", "reports/oven/heat_20260302T0700Z.md",
    }  # fmt: skip


def test_where_goal_or_evidence_is_missing_the_answer_is_unknown_and_says_why(bakery: Repository) -> None:
    made(bakery)
    crumb, dough = standing(bakery, key="crumb"), standing(bakery, key="dough")
    assert crumb.delta is dough.delta is None
    assert dough.unknown is not None
    assert "no North Star" in dough.unknown["text"]


def test_two_makings_give_identical_coordinates(bakery: Repository) -> None:
    before = everything(made(bakery))
    Atlas.objects.all().delete()
    Position.objects.all().delete()
    Vector.objects.all().delete()
    assert everything(made(bakery)) == before


def test_a_second_making_does_nothing(bakery: Repository) -> None:
    made(bakery)
    rows = list(Position.objects.order_by("pk").values_list("pk", flat=True))
    again = refresh.execute_now(bakery)
    assert again.result["changed"] is False
    assert list(Position.objects.order_by("pk").values_list("pk", flat=True)) == rows


def test_a_commit_that_changes_no_document_moves_nothing(bakery: Repository) -> None:
    made(bakery)
    before, rows = standing(bakery).delta, Position.objects.count()
    source_of(bakery).commit({"code/oven.py": "print('hot')\n"})
    made(sync(bakery))
    assert standing(bakery).delta == before
    assert Position.objects.count() == rows
    assert trail(bakery, "project", "bread")[-1].seq == 0


def test_waiting_moves_nothing(bakery: Repository) -> None:
    """Recency is told between pieces, not from the clock: a commit years later leaves C where it is."""
    made(bakery)
    before = bytes(trail(bakery)[-1].c)
    source = source_of(bakery)
    source.at += timedelta(days=900)
    source.commit({"notes.txt": "still here\n"})
    made(sync(bakery))
    assert bytes(trail(bakery)[-1].c) == before


def test_new_evidence_moves_its_cell_and_is_named(bakery: Repository) -> None:
    made(bakery)
    path = "reports/oven/heat_20260303T0700Z.md"
    source_of(bakery).commit({path: "# Heat\n\nNobody burns a loaf without hearing about it.\n"})
    made(sync(bakery))
    first, last = trail(bakery)
    assert last.moved == {"added": [path], "removed": [], "goal": False, "n": 1}
    assert first.delta is not None
    assert last.delta is not None
    assert last.delta < first.delta


def test_evidence_that_goes_no_longer_pulls(bakery: Repository) -> None:
    made(bakery)
    before = bytes(trail(bakery)[-1].c)
    source = source_of(bakery)
    path = "reports/oven/heat_20260303T0700Z.md"
    source.commit({path: "# Heat\n\nThe chimney is blue.\n"})
    source.commit({path: None})
    made(sync(bakery))
    assert [row.pieces for row in trail(bakery)] == [2, 3, 2]
    assert bytes(trail(bakery)[-1].c) == before


def test_a_cell_that_left_has_a_trail_that_ends(bakery: Repository) -> None:
    source_of(bakery).commit({"swarm.toml": SWARM.replace('key = "crumb"', 'key = "crust"')})
    made(sync(bakery))
    assert [row.present for row in trail(bakery, key="crumb")] == [True, False]
    space = space_of(bakery)
    assert space
    assert "crumb" not in space.places
    then = space_of(bakery, at_seq=0)
    assert then
    assert "crumb" in then.places
    assert "crust" not in then.places


def test_the_goal_of_a_lane_follows_who_is_in_it(bakery: Repository) -> None:
    made(bakery)
    before = standing(bakery, "lane", "sample")
    assert before.unknown is not None
    source_of(bakery).commit({"swarm.toml": SWARM.replace('lane = "monitoring"', 'lane = "sample"')})
    made(sync(bakery))
    assert standing(bakery, "lane", "sample").delta is not None
    assert trail(bakery, "lane", "sample")[-1].moved["goal"] is True
    assert standing(bakery, "lane", "monitoring").delta is None


def test_a_trail_begins_before_the_repository_named_the_cell(db: None, tmp_path: Path) -> None:
    files = {"reports/oven/heat_20260301T0700Z.md": "# Heat\n\nSteady at 210 degrees.\n"}
    repository = a_repository(tmp_path, files=files, proposals={})
    source = source_of(repository)
    source.commit({"reports/oven/heat_20260302T0700Z.md": "# Heat\n\nSteady at 214 degrees.\n"})
    source.commit({"swarm.toml": SWARM, "STATE/bread/current_state.md": STATE})
    made(sync(repository))
    rows = trail(repository)
    assert [row.described for row in rows] == [False, False, True]
    assert all(row.delta is not None for row in rows)
    then = space_of(repository, at_seq=1)
    assert then
    assert "oven" not in then.places
    now = space_of(repository)
    assert now
    assert (now.places["oven"].early, len(now.places["oven"].trail)) == (2, 3)


def test_a_past_moment_has_the_goal_of_then(bakery: Repository) -> None:
    made(bakery)
    before = bytes(trail(bakery)[-1].g)
    source_of(bakery).commit(
        {"STATE/bread/current_state.md": STATE.replace("without anyone watching", "in the rain")}
    )
    made(sync(bakery))
    rows = trail(bakery)
    assert rows[-1].moved["goal"] is True
    assert bytes(rows[0].g) == before != bytes(rows[-1].g)


def test_a_person_who_places_evidence_moves_the_cell(bakery: Repository, operator: User) -> None:
    made(bakery)
    before = bytes(trail(bakery)[-1].c)
    row = Evidence.objects.get(path__startswith="reports/dough/", current=True)
    assignments.assign(evidence=row, cells=[bakery.cells.get(key="oven")], by=operator)
    made(bakery)
    assert bytes(trail(bakery)[-1].c) != before
    assert standing(bakery).pieces == 3
    assert standing(bakery, key="dough").pieces == 0


def test_nothing_is_embedded_twice(bakery: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    embed = Ngrams.embed

    def listening(self: Ngrams, texts: list[str]) -> Any:
        asked.extend(texts)
        return embed(self, texts)

    monkeypatch.setattr(Ngrams, "embed", listening)
    made(bakery)
    assert len(asked) == len(set(asked))
    source_of(bakery).commit(
        {"reports/oven/heat_20260303T0700Z.md": "# Heat\n\nSteady at 214 degrees.\n\nStill.\n"}
    )
    before = len(asked)
    made(sync(bakery))
    assert len(asked) == before + 1


class Other:
    """Another model, of another size, that may be away."""

    model, dims, batch = "other-1", 16, 8

    def __init__(self, why: Exception | None = None) -> None:
        self.why = why

    def embed(self, texts: list[str]) -> Any:
        if self.why:
            raise self.why
        rows = np.array([[len(text) % (n + 3) + 1 for n in range(16)] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_another_model_makes_the_map_anew_and_the_old_one_stays_until_then(
    bakery: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(made(bakery))
    away = Other(EmbedderAway(sentence("It is away.")))
    for module in (making, refresh):
        monkeypatch.setattr(module, "embedder", lambda: away)
    row = refresh.execute_now(bakery)
    assert row.state == Refresh.FAILED
    assert row.error["text"] == "It is away."
    assert everything(bakery) == before
    away.why = None
    made(bakery)
    assert Atlas.objects.get(repository=bakery).model == "other-1"
    assert {len(bytes(row.c)) for row in Position.objects.exclude(c=b"")} == {32}
    assert Vector.objects.filter(model="ngrams-1").exists(), "the vectors of the model before are kept"


def test_a_waiting_patch_is_told_what_it_leaves_and_what_it_left(bakery: Repository) -> None:
    made(bakery)
    patch = a_patch(bakery, branch="think/dough-notes")
    (row,) = [one for one in patch.forecasts.all() if one.key == "dough"]
    assert row.own
    assert {one.key for one in patch.forecasts.filter(kind="cell")} == {"dough", "oven"}, (
        "oven is joined to it"
    )
    assert not patch.forecasts.get(key="oven", kind="cell").own
    goal = a_patch(bakery, branch="ask/warmer-oven").forecasts.get(kind="cell", key="oven")
    assert goal.before == goal.after, "it changes C's words in STATE, which are no evidence"


def test_predicted_and_actual_stand_side_by_side_after_landing(db: None, tmp_path: Path) -> None:
    note = "reports/oven/heat_20260303T0700Z.md"
    proposals = {"ask/loud-oven": {note: "# Heat\n\nNobody burns a loaf without hearing about it.\n"}}
    bakery = made(a_repository(tmp_path, proposals=proposals))
    a_patch(bakery, state=life.LANDED, branch="ask/loud-oven")
    made(sync(bakery))
    row = Forecast.objects.get(patch__repository=bakery, kind="cell", key="oven")
    assert row.before is not None
    assert row.after is not None
    assert row.after < row.before
    assert row.actual == pytest.approx(row.after, abs=0.01)
    assert row.actual == standing(bakery).delta


def test_a_patch_that_moves_the_goal_says_so(db: None, tmp_path: Path) -> None:
    proposals = {
        "ask/steady": {
            "STATE/bread/current_state.md": STATE.replace(
                "hold 230 degrees within five", "steady at 210 degrees"
            )
        }
    }
    bakery = made(a_repository(tmp_path, proposals=proposals))
    row = Forecast.objects.get(patch__repository=bakery, kind="cell", key="oven")
    assert row.before is not None
    assert row.after is not None
    assert row.after < row.before
    assert Forecast.objects.filter(patch__repository=bakery, kind="project", key="bread").exists()


def test_a_decision_queues_a_refresh_and_a_reading_does(bakery: Repository) -> None:
    made(bakery)
    assert not Refresh.objects.filter(state=Refresh.QUEUED).exists()
    with committed():
        a_patch(bakery, state=life.REJECTED, branch="think/dough-notes")
    space = space_of(bakery)
    assert space
    assert {ghost.title for ghosts in space.ghosts.values() for ghost in ghosts} == {"Propose warmer-oven"}
    assert Refresh.objects.filter(state=Refresh.DONE).count() > 1


def test_the_beat_repairs_a_lost_signal(bakery: Repository) -> None:
    Refresh.objects.all().delete()
    with committed():
        assert refresh.request_stale() == 1
    assert Atlas.objects.filter(repository=bakery).exists()
    assert refresh.request_stale() == 0


def test_a_refresh_delivered_twice_is_done_once(bakery: Repository) -> None:
    row = refresh.request(bakery)
    refresh.execute(row)
    finished = row.finished_at
    refresh.execute(Refresh.objects.get(pk=row.pk))
    assert Refresh.objects.get(pk=row.pk).finished_at == finished


def test_a_refresh_whose_worker_died_is_made_by_another(bakery: Repository) -> None:
    row = refresh.request(bakery)
    Refresh.objects.filter(pk=row.pk).update(
        state=Refresh.RUNNING, lease_until=timezone.now() - timedelta(seconds=1)
    )
    with committed():
        refresh.settle()
    assert Refresh.objects.get(pk=row.pk).state == Refresh.FAILED
    assert Atlas.objects.filter(repository=bakery).exists()


def test_the_command_tells_what_it_made(bakery: Repository) -> None:
    out = StringIO()
    call_command("refresh_map", "bakery", json=True, stdout=out)
    told = json.loads(out.getvalue())
    assert (told["repository"], told["state"], told["error"]) == ("bakery", "done", None)
    assert told["result"]["positions"] == Position.objects.filter(repository=bakery).count()
    with pytest.raises(CommandError, match="No repository is known as bread; known: bakery"):
        call_command("refresh_map", "bread")


@pytest.mark.parametrize(
    "documents",
    [
        {},
        {"reports/oven/heat_20260301T0700Z.md": ""},
        {"reports/oven/heat_20260301T0700Z.md": "warm " * 200_000},
        {f"reports/oven/heat_2026030{n}T0700Z.md": "The same words.\n" for n in range(1, 6)},
        {"reports/oven/picture.png": "\x89PNG\r\n\x1a\n\0\0"},
    ],
    ids=["no evidence", "empty", "a megabyte of one word", "identical", "a picture"],
)
def test_thin_evidence_gives_a_map_and_a_sentence(
    db: None, tmp_path: Path, documents: dict[str, str]
) -> None:
    files = {"swarm.toml": SWARM, "STATE/bread/current_state.md": STATE, **documents}
    bakery = made(a_repository(tmp_path, files=files, proposals={}))
    oven, space = standing(bakery), space_of(bakery)
    assert space
    assert (oven.delta is None) == (oven.unknown is not None)
    assert (space.places["oven"].c is None) == (oven.pieces == 0)
    for place in space.places.values():
        assert all(np.isfinite(place.c or (0, 0)))


def test_an_endpoint_that_answers_nan_leaves_the_map_alone(
    bakery: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(made(bakery))

    class Mad(Other):
        model = "mad-1"

        def embed(self, texts: list[str]) -> Any:
            return super().embed(texts) * np.nan

    for module in (making, refresh):
        monkeypatch.setattr(module, "embedder", Mad)
    row = refresh.execute_now(bakery)
    assert row.state == Refresh.FAILED
    assert "NaN" in row.error["text"]
    assert everything(bakery) == before


def test_a_repository_without_a_commit_has_a_map_of_nothing(db: None, tmp_path: Path) -> None:
    import pygit2

    from cells.repositories import known_as

    pygit2.init_repository(str(tmp_path / "empty.git"), bare=True, initial_head="main")
    empty = sync(known_as("empty", str(tmp_path / "empty.git")))
    made(empty)
    space = space_of(empty)
    assert space
    assert space.places == {}


def test_a_patch_that_is_approved_while_the_map_is_made_keeps_what_was_told(
    bakery: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(bakery)
    patch = a_patch(bakery)
    told = {(row.key, row.before, row.after) for row in patch.forecasts.all()}
    source_of(bakery).commit({"reports/mixer/noise.md": "# Mixer noise\nIt hums.\n"}, message="Listen")
    ensure = making.vectors.ensure

    def meanwhile(*given: Any) -> None:
        Review.objects.create(patch=patch, decision=Review.APPROVE, digest=patch.digest)
        shift(patch, "approve", actor="contract")
        ensure(*given)

    sync(bakery)
    monkeypatch.setattr(making.vectors, "ensure", meanwhile)
    made(bakery)
    assert told
    assert {(row.key, row.before, row.after) for row in patch.forecasts.all()} == told
