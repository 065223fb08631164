"""δ over time, why a cell is where it is, what a patch does to δ: in words, each with its document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells.models import Repository
from cells.patches import life
from egspace import refresh
from egspace.drawing.timeline import Window
from egspace.models import Forecast, Position, Refresh, Standing
from egspace.telling.story import story_figure, story_of
from tests.factories import FILES, STATE, SWARM, a_patch, a_repository, source_of, sync

pytestmark = pytest.mark.django_db

UTC = Window.of({"tz": "UTC"})
HOSTILE = "reports/oven/burnt_20260304T0700Z.md"


def mapped(repository: Repository) -> Repository:
    """With its map made; a failed making fails the test with its sentence."""
    row = refresh.execute_now(repository)
    assert row.state == Refresh.DONE, row.error
    return repository


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    """Three more commits: a report about the goal, one like those before, and a task that is done."""
    repository = a_repository(tmp_path)
    source = source_of(repository)
    source.commit(
        {"reports/oven/watch_20260303T0700Z.md": "# Watch\n\nNobody burns a loaf without hearing about it.\n"}
    )
    source.commit({HOSTILE: "# <b onclick=x>%{y}</b>\n\nSteady at 216 degrees. Steady at 217 degrees.\n"})
    source.commit({"STATE/bread/current_state.md": STATE.replace("- [ ] T-OVEN-1", "- [x] T-OVEN-1")})
    return mapped(sync(repository))


def figure_of(
    repository: Repository, key: str = "oven", kind: str = "cell", **options: Any
) -> dict[str, Any]:
    story = story_of(repository, (kind, key), UTC, **options)
    assert story is not None
    return story_figure(story)


def traces(figure: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {trace["meta"]["role"]: trace for trace in figure["data"]}


def hovers(figure: dict[str, Any]) -> list[str]:
    return [row[1] for trace in figure["data"] for row in trace.get("customdata", [])]


def get(client: Client, path: str, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def test_the_line_holds_each_value_until_the_next_commit_that_moved_it(bakery: Repository) -> None:
    figure = figure_of(bakery)
    go.Figure(figure)
    line = traces(figure)["delta"]
    rows = list(Position.objects.filter(repository=bakery, kind="cell", key="oven"))
    assert line["y"][::2] == line["y"][1::2] == [round(row.delta or 0, 4) for row in rows]
    assert line["x"][1:-1:2] == line["x"][2::2]
    assert line["y"][2] < line["y"][4] < line["y"][0]


def test_marks_say_what_moved_it_by_how_much_and_open_the_document_at_that_commit(bakery: Repository) -> None:
    found = traces(figure_of(bakery))
    before, after = list(Position.objects.filter(repository=bakery, kind="cell", key="oven"))[:2]
    (url, said) = found["closer"]["customdata"][0]
    assert said.startswith(f"closer by {(before.delta or 0) - (after.delta or 0):.3f}: Watch<br>2026-03-0")
    assert url == f"/files/?repo=bakery&path=reports%2Foven%2Fwatch_20260303T0700Z.md&commit={after.commit}"
    assert found["farther"]["customdata"][0][1].startswith("farther by")


def test_a_click_on_every_mark_opens_something(client: Client, viewer: User, bakery: Repository) -> None:
    source_of(bakery).commit({HOSTILE: None})
    mapped(sync(bakery))
    client.force_login(viewer)
    urls = {row[0] for trace in figure_of(bakery)["data"] for row in trace.get("customdata", []) if row[0]}
    assert len(urls) >= 3
    for url in urls:
        get(client, url)
    assert any("burnt_20260304" in url for url in urls)


def test_a_title_from_the_repository_is_shown_as_it_is_written(bakery: Repository) -> None:
    (said,) = {said for said in hovers(figure_of(bakery)) if said.startswith("farther")}
    assert "&lt;b onclick=x&gt;" in said
    assert "%{y}" not in said
    assert not re.search("<(?!br>)", said)


def test_the_share_of_open_tasks_is_a_second_line(bakery: Repository) -> None:
    found = traces(figure_of(bakery))
    assert found["tasks"]["y"] == [0.5] * 6 + [0.0] * 2
    assert {row[1] for row in found["tasks"]["customdata"]} == {"1 of 2 tasks open", "0 of 2 tasks open"}
    assert "tasks" not in traces(figure_of(bakery, short=True))


def test_a_landing_is_marked_and_leads_to_its_patch(bakery: Repository) -> None:
    patch = a_patch(bakery, state=life.LANDED, branch="think/dough-notes")
    mapped(sync(bakery))
    landed = traces(figure_of(bakery, "bread", "project"))["landed"]["customdata"]
    assert [row[0] for row in landed] == [f"/patches/{patch.pk}/"]
    assert f"“{patch.title}” landed" in landed[0][1].replace("<br>", " ")


def test_before_a_cell_was_described_its_line_is_dotted(client: Client, viewer: User, tmp_path: Path) -> None:
    described = SWARM.replace('title = "Dough"', 'title = "Dough"\nnorth_star = "It doubles in an hour."')
    start = described.index('[[cells]]\nkey = "dough"')
    without = (
        described[:start]
        + described[described.index('[[cells]]\nkey = "crumb"') : described.index("[[relations]]")]
    )
    repository = a_repository(tmp_path, files=FILES | {"swarm.toml": without})
    source_of(repository).commit({"swarm.toml": described})
    mapped(sync(repository))
    found = traces(figure_of(repository, "dough"))
    assert found["early"]["line"]["dash"] == "dot"
    assert found["delta"]["line"]["dash"] == "solid"
    assert found["early"]["x"][-1] == found["delta"]["x"][0]
    assert None not in found["early"]["y"]
    assert any(
        "told with its first description" in said.replace("<br>", " ")
        for said in hovers(figure_of(repository, "dough"))
    )
    client.force_login(viewer)
    assert "Dotted: from before" in get(client, "/cells/dough/story/?repo=bakery")
    assert "Dotted: from before" not in get(client, "/cells/oven/story/?repo=bakery")


def test_what_is_unknown_is_a_gap_and_a_sentence_never_zero(
    client: Client, viewer: User, bakery: Repository
) -> None:
    figure = figure_of(bakery, "crumb")
    assert set(traces(figure)["delta"]["y"]) == {None}
    client.force_login(viewer)
    page = get(client, "/cells/crumb/why/?repo=bakery")
    assert "δ is unknown." in page
    assert "Its goal is unknown" in page
    assert "δ 0" not in page


def test_the_page_says_why_it_is_here_with_every_document(
    client: Client, viewer: User, bakery: Repository
) -> None:
    client.force_login(viewer)
    page = get(client, "/cells/oven/why/?repo=bakery")
    standing = Standing.objects.get(repository=bakery, kind="cell", key="oven")
    assert standing.delta is not None
    assert f"δ {standing.delta:.2f} of 2" in page
    assert "the middle of its 4 pieces of evidence" in page
    assert "little to go by" in page
    assert "0 of 2 open" in page
    for pull in (*standing.pulls["closer"], *standing.pulls["farther"]):
        assert f'href="/evidence/{pull["evidence"]}/"' in page
    for goal in standing.goal:
        assert f"path={goal['path'].replace('/', '%2F')}" in page
        assert f"#L{goal['line']}" in page
    assert "/?repo=bakery&amp;view=space&amp;cell=oven" in page
    assert "<b onclick" not in page


def test_speed_is_told_in_words_and_unknown_within_the_first_week(
    client: Client, viewer: User, bakery: Repository
) -> None:
    client.force_login(viewer)
    assert "Which way it moves is unknown" in get(client, "/cells/oven/why/?repo=bakery")
    for speed, said in (
        (0.02, "moves towards its goal: 0.02"),
        (-0.02, "moves away from its goal: 0.02"),
        (0.001, "stands still"),
    ):
        Standing.objects.filter(key="oven").update(velocity=speed)
        assert said in get(client, "/cells/oven/why/?repo=bakery")


def test_before_the_map_is_made_the_page_says_so(client: Client, viewer: User, tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    client.force_login(viewer)
    assert "The map is being made" in get(client, "/cells/oven/why/?repo=bakery")
    Refresh.objects.all().delete()
    assert "The map has not been made yet." in get(client, "/cells/oven/why/?repo=bakery")
    assert "Not told yet. The map has not been made yet." in get(
        client, f"/patches/{a_patch(repository).pk}/forecast/"
    )
    assert client.get("/cells/oven/delta.json?repo=bakery").status_code == 404


def test_a_failed_making_is_told(client: Client, viewer: User, bakery: Repository) -> None:
    Refresh.objects.update(
        state=Refresh.FAILED,
        error={"text": "The worker stopped in the middle; another one starts over.", "params": {}},
    )
    client.force_login(viewer)
    assert "The worker stopped in the middle" in get(client, "/cells/oven/why/?repo=bakery")


def test_a_story_that_did_not_move_is_not_sent_again(
    client: Client, viewer: User, bakery: Repository
) -> None:
    client.force_login(viewer)
    path = "/cells/oven/delta.json?repo=bakery&tz=UTC"
    first = client.get(path)
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 304
    source_of(bakery).commit({"reports/oven/heat_20260305T0700Z.md": "# Heat\n\nOff.\n"})
    mapped(sync(bakery))
    assert client.get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_cell_that_is_gone_has_a_page_with_its_story(
    client: Client, viewer: User, bakery: Repository
) -> None:
    client.force_login(viewer)
    assert client.get("/map/past/dough/?repo=bakery").headers["Location"] == "/cells/dough/?repo=bakery"
    source = source_of(bakery)
    renamed = SWARM.replace('key = "dough"', 'key = "batter"').replace('from = "dough"', 'from = "batter"')
    commit = source.commit({"swarm.toml": renamed})
    mapped(sync(bakery))
    page = get(client, "/map/past/dough/?repo=bakery")
    assert "This cell was in the swarm until 2026-03-" in page
    assert commit[:10] in page
    assert client.get("/cells/dough/?repo=bakery").status_code == 404
    assert client.get("/map/past/nobody/?repo=bakery").status_code == 404
    assert client.get("/cells/dough/delta.json?repo=bakery").status_code == 200


def test_a_project_has_a_page_of_its_own(client: Client, viewer: User, bakery: Repository) -> None:
    client.force_login(viewer)
    page = get(client, "/projects/bread/?repo=bakery")
    assert "Bread" in page
    assert "hold 230 degrees" in page
    for key in ("oven", "dough"):
        assert f"/cells/{key}/?repo=bakery" in page
    assert "/projects/bread/delta.json" in page
    get(client, "/projects/bread/delta.json?repo=bakery")
    assert "/projects/bread/" in get(client, "/cells/oven/?repo=bakery")
    assert client.get("/projects/nobody/?repo=bakery").status_code == 404


def test_a_waiting_patch_says_what_it_would_do_to_delta(
    client: Client, viewer: User, bakery: Repository
) -> None:
    patch = a_patch(bakery, branch="think/dough-notes")
    Forecast.objects.filter(patch=patch, key="dough").update(before=1.4, after=1.38)
    client.force_login(viewer)
    page = get(client, f"/patches/{patch.pk}/forecast/")
    assert "closer by 0.020" in page
    assert "1.400" in page
    assert "/?repo=bakery&amp;view=space&amp;cell=dough" in page
    assert f"Told from commit {bakery.head[:10]}" in page
    Forecast.objects.filter(patch=patch, key="dough").update(before=None, after=1.38)
    page = get(client, f"/patches/{patch.pk}/forecast/")
    assert "becomes known" in page
    assert "0.000" not in page


def test_after_landing_told_and_actual_stand_side_by_side(
    client: Client, viewer: User, bakery: Repository
) -> None:
    patch = a_patch(bakery, state=life.LANDED, branch="think/dough-notes")
    mapped(sync(bakery))
    Forecast.objects.filter(patch=patch, key="dough").update(before=1.4, after=1.38, actual=1.385)
    client.force_login(viewer)
    page = get(client, f"/patches/{patch.pk}/forecast/")
    assert "δ it left" in page
    assert "1.385" in page
    assert "farther than told, by 0.005" in page


def test_a_patch_that_does_not_apply_says_why_nothing_is_told(
    client: Client, viewer: User, bakery: Repository
) -> None:
    source_of(bakery).commit({"STATE/bread/current_state.md": STATE.replace("210 degrees", "120 degrees")})
    mapped(sync(bakery))
    patch = a_patch(bakery)
    assert not patch.applies
    client.force_login(viewer)
    assert "Not told: " in get(client, f"/patches/{patch.pk}/forecast/")


def test_without_javascript_every_part_is_a_page_of_its_own(
    client: Client, viewer: User, bakery: Repository
) -> None:
    client.force_login(viewer)
    patch, heat = a_patch(bakery), bakery.evidence.filter(title="Heat")[0]
    for page in ("/cells/oven/?repo=bakery", f"/patches/{patch.pk}/", f"/evidence/{heat.pk}/"):
        links = re.findall(r'<p class="later"><a href="([^"]*)"', get(client, page))
        assert links
        for link in links:
            whole, part = get(client, link), get(client, link, **{"HX-Request": "true"})
            assert "<!doctype html>" in whole
            assert f'<a href="{page}">' in whole
            assert "<html" not in part
            assert part.strip()


def test_nobody_without_the_right_sees_a_story(client: Client, stranger: User, bakery: Repository) -> None:
    client.force_login(stranger)
    pk = a_patch(bakery).pk
    paths = [
        "/cells/oven/delta.json",
        "/cells/oven/story/",
        "/cells/oven/why/",
        "/projects/bread/",
        "/map/past/oven/",
        f"/patches/{pk}/forecast/",
    ]
    assert {client.get(path).status_code for path in paths} == {403}
