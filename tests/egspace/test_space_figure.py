"""The figure of EG-Space is one plotly accepts, says everything in words, and stands where the first picture stands."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest

from egspace.drawing import names, space_words
from egspace.drawing.drafting import scene
from egspace.drawing.frame import read_box
from egspace.drawing.layout import STATES
from egspace.drawing.space import Space
from egspace.drawing.space_figure import space_figure
from egspace.drawing.space_picture import space_picture
from egspace.graph import Swarm
from tests.egspace.spaces import a_ghost, a_place, a_space
from tests.egspace.swarms import a_swarm

HOSTILE = "<a href='x'>%{x}</a><script>"


def links(key: str) -> tuple[str, str]:
    return f"/cells/{key}/", f"/cells/{key}/panel/"


def figure(graph: Swarm, space: Space, narrow: bool = False, box: str = "") -> dict[str, Any]:
    return space_figure(
        graph, space, scene(graph, space, links, narrow=narrow, box=read_box(box)), "/?#swarm"
    )


def traces(found: dict[str, Any], role: str) -> list[dict[str, Any]]:
    return [trace for trace in found["data"] if trace["meta"]["role"] == role]


def everything() -> tuple[Swarm, Space]:
    """Every state, relations, a ghost, two cells in the tray, one without a goal."""
    cells = {f"a{place}": {"state": state, "waiting": place % 3} for place, state in enumerate(STATES)}
    graph = a_swarm(6, 4, relations=(("a0", "b0", "feeds"), ("b1", "a3", "watches")), **cells)
    space = a_space(graph, ghosts={"a0": (a_ghost(),)})
    space.places.update(b1=a_place(c=None), b3=a_place((0.2, -0.3), None))
    del space.places["b2"]
    return graph, space


def spots(found: dict[str, Any]) -> dict[str, tuple[float, float]]:
    return {
        row[0]: (x, y)
        for trace in traces(found, "cell")
        for row, x, y in zip(trace["customdata"], trace["x"], trace["y"], strict=True)
    }


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("count", [0, 1, 30, 700])
def test_plotly_accepts_the_figure(count: int, narrow: bool) -> None:
    graph = a_swarm(count)
    found = figure(graph, a_space(graph), narrow)
    go.Figure(found)
    json.dumps(found, allow_nan=False)


def test_plotly_accepts_everything_at_once_and_colours_come_from_the_page() -> None:
    found = figure(*everything())
    go.Figure(found)
    written = json.dumps(found)
    assert "color" not in written.replace("custom", "")
    assert not re.search(r'"#[0-9a-f]{3}', written)


def test_every_trace_has_a_name_of_its_own_or_plotly_mixes_them_up() -> None:
    names = [trace["uid"] for trace in figure(*everything())["data"]]
    assert len(names) == len(set(names))


def test_every_line_knows_whose_it_is_and_where_it_begins() -> None:
    found = figure(*everything())
    for role in ("hull", "trail", "early", "delta", "ghost"):
        (trace,) = traces(found, role)
        starts = trace["meta"]["starts"]
        assert len(starts) == len(trace["meta"]["keys"]) > 0
        assert all(trace["x"][start] is not None for start in starts)
        assert all(trace["x"][start - 1] is None for start in [*starts[1:], len(trace["x"])])


def test_the_tray_is_a_picture_of_its_own_below_the_map() -> None:
    found = figure(*everything())
    below = [trace for trace in found["data"] if trace.get("yaxis") == "y2"]
    assert {row[0] for trace in below if trace["meta"]["role"] == "cell" for row in trace["customdata"]} == {
        "b1",
        "b2",
    }
    assert found["layout"]["yaxis"]["domain"][0] == found["layout"]["yaxis2"]["domain"][1]
    assert found["layout"]["yaxis"]["range"][0] == found["layout"]["yaxis2"]["range"][1]
    assert set(spots(found)) == set(everything()[0])


def test_a_design_pixel_is_as_high_as_it_is_wide() -> None:
    layout = figure(*everything())["layout"]
    meta = layout["meta"]
    for axis in ("yaxis", "yaxis2"):
        (low, high), (start, end) = layout[axis]["range"], layout[axis]["domain"]
        assert (low - high) / ((end - start) * meta["height"]) == pytest.approx(1, abs=0.001)
    assert layout["xaxis"]["range"][1] - layout["xaxis"]["range"][0] == meta["width"]


def test_the_first_picture_stands_exactly_where_plotly_draws() -> None:
    graph, space = everything()
    drawn = scene(graph, space, links)
    picture, found = space_picture(graph, space, drawn, lambda **_: "/"), figure(graph, space)
    assert {one["key"]: (float(one["x"]), float(one["y"])) for one in picture["nodes"]} == spots(found)
    assert picture["frame"] == found["layout"]["shapes"][0]["path"]
    assert picture["tray"]["path"] == found["layout"]["shapes"][-1]["path"]
    assert (picture["height"], picture["showing"]) == (
        f"{found['layout']['meta']['height']:g}", found["layout"]["meta"]["showing"],
    )  # fmt: skip


def test_titles_cannot_become_markup_or_templates_anywhere() -> None:
    graph = a_swarm(90, 1, a0={"title": HOSTILE}, b0={"title": HOSTILE, "state": "conflict"})
    for lane in graph.graph["lanes"]:
        lane["title"] = HOSTILE
    space = a_space(graph, axes=(((HOSTILE,), (HOSTILE,)), ((HOSTILE,), (HOSTILE,))))
    space.places["b0"] = a_place(pulls=((HOSTILE, 1.0),))
    space.ghosts["b0"] = (a_ghost(title=HOSTILE),)
    for box in ("", "-0.1,-0.1,0.1,0.1"):
        written = json.dumps(figure(graph, space, box=box), ensure_ascii=False)
        assert "<a" not in written
        assert "<script" not in written
        assert "%{x}" not in written


def test_a_group_says_how_many_of_which_lanes_and_leads_closer() -> None:
    graph = a_swarm(60, 60, a5={"state": "shelved"})
    space = Space({key: a_place((0.3, 0.3), None) for key in graph})
    (group,), (count,) = traces(figure(graph, space), "group"), traces(figure(graph, space), "group-text")
    assert count["text"] == ["+120"]
    ((name, box, hover, state),) = group["customdata"]
    assert state == "shelved"
    assert read_box(box) is not None
    assert "120 cells<br>A 60, B 60<br>" in hover
    assert name in [row[0] for row in count["customdata"]]


def test_the_line_below_says_what_is_hidden_and_why() -> None:
    graph = a_swarm(200)
    space = a_space(graph)
    whole = figure(graph, space)["layout"]["meta"]["showing"]
    assert re.match(r"Showing \d+ of 200 cells · \d+ stand too close to be told apart: \d+ groups", whole)
    assert "the two axes show 41% of how texts differ" in whole
    closer = figure(graph, space, box="0,0,0.5,0.5")["layout"]["meta"]["showing"]
    assert re.search(r"\d+ outside this closer look", closer)
    nowhere = figure(graph, Space({}))["layout"]["meta"]["showing"]
    assert nowhere.startswith("Showing 9 of 200 cells · 191 more cannot be placed")


def test_a_map_by_neighbours_says_that_its_distances_mean_nothing() -> None:
    graph, space = everything()
    said = [
        figure(graph, replace(space, projection=kind, explained=None))["layout"]["meta"]["showing"]
        for kind in ("pca", "umap")
    ]
    assert ["say nothing of δ" in one for one in said] == [False, True]


def test_the_name_below_a_diamond_is_clear_of_its_point() -> None:
    graph = a_swarm(1, 1, a0={"state": "conflict"})
    node = next(one for one in scene(graph, a_space(graph), links).nodes if one.key == "a0")
    between = abs(node.lines[0][1] - node.y) - names.HIGH / 2 - node.size * 1.3 / 2
    assert between == pytest.approx(names.AIR, abs=0.2)


def test_the_count_of_a_group_fits_into_its_circle() -> None:
    graph = a_swarm(1500)
    space = Space(
        {key: a_place((0.5 if key == "a0" else 0.001 * n / 1500, 0.0)) for n, key in enumerate(graph)}
    )
    most = max(scene(graph, space, links).groups, key=lambda one: len(one.keys))
    assert len(most.keys) > 1000
    assert most.size > len("+1,499") * names.UNIT


@pytest.mark.parametrize(
    ("velocity", "said"),
    [
        (None, "δ 0.84 of 2"),
        (0.021, "δ 0.84 of 2, moving towards its goal by 0.02 a week"),
        (-0.021, "δ 0.84 of 2, moving away from its goal by 0.02 a week"),
        (0.004, "δ 0.84 of 2, standing still"),
    ],
)
def test_delta_is_said_with_what_it_does(velocity: float | None, said: str) -> None:
    assert space_words.delta(a_place(velocity=velocity)) == said


def test_an_unknown_delta_is_never_a_number() -> None:
    assert space_words.delta(a_place(c=None)) == "δ unknown: No evidence belongs to it."
    assert space_words.delta(a_place(g=None, unknown=None)) == "δ unknown."
    assert "0.00" not in "".join(space_words.hover(a_swarm(1), Space({"a0": a_place(g=None)}), "a0"))


def test_hover_says_what_pulls_and_what_a_waiting_patch_would_do() -> None:
    graph = a_swarm(1, a0={"waiting": 5})
    ghosts = tuple(a_ghost(patch=n, title=f"Patch {n}") for n in range(5))
    said = space_words.hover(graph, Space({"a0": a_place()}, {"a0": ghosts}), "a0")
    assert said[0] == "Cell a0 · a0"
    assert "Closest to its goal: Kiln note" in said
    assert "Farthest from its goal: Cost table" in said
    assert "“Patch 0” would move δ from 0.84 to 0.80." in said
    assert "… and 2 more patches" in said
    assert "5 patches wait" in said


def test_a_goal_on_a_node_leaves_the_pointer_to_the_node() -> None:
    graph = a_swarm(3)
    space = a_space(graph)
    space.places.update(
        a0=a_place((0.5, 0.0), (-0.5, 0.0)),
        a1=a_place((-0.5, 0.0), (0.0, 0.4)),
        a2=a_place((0.0, -0.4), None),
    )
    free, under = traces(figure(graph, space), "goal")
    assert [row[0] for row in free["customdata"]] == ["a1"]
    assert [row[0] for row in under["customdata"]] == ["a0"]
    assert under["hoverinfo"] == "skip"
    assert "Where Cell a1 · a1 wants to be" in free["customdata"][0][3]


def test_a_patch_that_changes_nothing_is_said_to_leave_delta_as_it_is() -> None:
    assert space_words.after(replace(a_ghost(), after=0.841)) == "“Restate the goal” would leave δ at 0.84."
    assert "unknown" in space_words.after(replace(a_ghost(), after=None))


def test_a_ghost_leads_to_its_patch() -> None:
    (trace,) = traces(figure(*everything()), "ghost-spot")
    assert trace["customdata"][0][:2] == ["a0", "/patches/7/"]
