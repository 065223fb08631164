"""The figure is one plotly accepts, names roles instead of colours, and stands where the first picture stands."""

from __future__ import annotations

import json
import re
from typing import Any

import plotly.graph_objects as go
import pytest

from egspace.drawing.figures import map_figure
from egspace.drawing.layout import STATES, lanes_layout
from egspace.drawing.marks import MOST_EDGES, marks, size
from egspace.drawing.picture import picture, shape
from egspace.graph import Swarm
from tests.egspace.swarms import a_swarm

RELATIONS = (
    ("a0", "b0", "feeds"),
    ("b0", "a0", "watches"),
    ("a0", "b0", "watches"),
    ("a1", "a0", "invented"),
)


def links(key: str) -> tuple[str, str]:
    return f"/cells/{key}/", f"/cells/{key}/panel/"


def figure(graph: Swarm, narrow: bool = False) -> dict[str, Any]:
    layout = lanes_layout(graph, narrow=narrow)
    return map_figure(
        graph, layout, marks(graph, layout, links), {lane: f"/?lane={lane}" for lane in layout.folds}
    )


def swarm_of_every_state() -> Swarm:
    cells = {f"a{place}": {"state": state, "waiting": place % 3} for place, state in enumerate(STATES)}
    return a_swarm(6, 2, relations=RELATIONS, **cells)


def traces(found: dict[str, Any], role: str) -> list[dict[str, Any]]:
    return [trace for trace in found["data"] if trace["meta"]["role"] == role]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("graph", [swarm_of_every_state(), a_swarm(), a_swarm(1), a_swarm(900, 3)])
def test_plotly_accepts_the_figure(graph: Swarm, narrow: bool) -> None:
    found = figure(graph, narrow)
    go.Figure(found)
    json.dumps(found)


def test_colours_come_from_the_page_and_never_from_the_server() -> None:
    written = json.dumps(figure(swarm_of_every_state()))
    assert "color" not in written
    assert "#" not in written


def test_each_state_has_a_sign_of_its_own() -> None:
    signs = [
        (t["marker"]["symbol"], t["meta"]["hollow"]) for t in traces(figure(swarm_of_every_state()), "cell")
    ]
    assert len(signs) == len(set(signs)) == len(STATES)


def test_there_is_one_line_trace_per_relation_type_and_every_run_can_be_found() -> None:
    found = traces(figure(swarm_of_every_state()), "relation")
    assert [trace["meta"]["type"] for trace in found] == [
        "feeds",
        "feeds",
        "invented",
        "invented",
        "watches",
        "watches",
    ]
    for trace in found:
        assert trace["legendgroup"] == "relations"
        assert len(trace["x"]) == trace["meta"]["run"] * len(trace["meta"]["pairs"])
        assert trace["x"][trace["meta"]["run"] - 1] is None


def test_two_relations_between_the_same_cells_are_two_lines() -> None:
    layout = lanes_layout(swarm_of_every_state())
    curves = {edge.curve for edge in marks(swarm_of_every_state(), layout, links).edges}
    assert len(curves) >= 3


def test_every_trace_has_a_name_of_its_own_or_plotly_mixes_them_up() -> None:
    names = [trace["uid"] for trace in figure(swarm_of_every_state())["data"]]
    assert len(names) == len(set(names))


def test_badges_count_what_waits() -> None:
    (text,) = traces(figure(swarm_of_every_state()), "badge-text")
    assert text["text"] == ["1", "2", "1", "2"]


def test_titles_from_a_repository_cannot_become_markup_or_templates() -> None:
    graph = a_swarm(1, a0={"title": "<a href='x'>%{x}</a>"})
    (cell,) = traces(figure(graph), "cell")
    words = cell["customdata"][0][3]
    assert "<a" not in words
    assert "%{" not in words
    assert "&lt;a" in words


def test_size_grows_with_fresh_evidence_within_limits() -> None:
    sizes = [size(fresh) for fresh in (0, 1, 4, 25, 10_000)]
    assert sizes == [14.0, 18.0, 22.0, 34.0, 34.0]


def test_a_folded_lane_says_how_many_it_hides_and_where_they_are() -> None:
    found = figure(a_swarm(900, 3))
    (fold,) = traces(found, "fold")
    assert fold["text"] == ["+603"]
    assert fold["customdata"] == [["a", "/?lane=a"]]
    assert found["layout"]["meta"]["showing"] == "Showing 300 of 903 cells"


def test_relations_beyond_the_bound_are_counted() -> None:
    ends = [f"a{place}" for place in range(40)]
    dense = tuple((one, other, "feeds") for one in ends for other in ends if one != other)
    found = figure(a_swarm(40, relations=dense))
    assert len(traces(found, "relation")[0]["meta"]["pairs"]) == MOST_EDGES
    assert found["layout"]["meta"]["showing"] == "Showing 40 of 40 cells · 960 more relations are not drawn"


def test_the_first_picture_stands_exactly_where_plotly_draws() -> None:
    graph = swarm_of_every_state()
    layout = lanes_layout(graph)
    drawn = picture(graph, layout, marks(graph, layout, links), {})
    found = figure(graph)
    spots = {
        row[0]: (x, y)
        for t in traces(found, "cell")
        for row, x, y in zip(t["customdata"], t["x"], t["y"], strict=True)
    }
    assert {node["key"]: (float(node["x"]), float(node["y"])) for node in drawn["nodes"]} == spots
    assert [region["path"] for region in drawn["regions"]] == [
        each["path"] for each in found["layout"]["shapes"]
    ]
    assert drawn["width"] == f"{found['layout']['meta']['width']:g}"


@pytest.mark.parametrize("symbol", ["circle", "square", "diamond", "triangle-up"])
def test_shapes_are_closed_paths_around_their_place(symbol: str) -> None:
    path = shape(symbol, 100, 50, 20)
    assert path.endswith("Z")
    assert all(30 < float(number) < 120 for number in re.findall(r"(?<=[MLH])[\d.]+", path))
