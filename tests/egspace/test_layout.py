"""The lanes layout: same data, same picture; one new cell moves nobody beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egspace.drawing.layout import MOST, Layout, lanes_layout, need, shares
from tests.egspace.swarms import a_swarm, add

SIZES = st.lists(st.integers(0, 14), min_size=1, max_size=8)
BOTH = pytest.mark.parametrize("narrow", [False, True])


def boxes(layout: Layout) -> dict[str, tuple[float, float, float, float]]:
    return {each.key: (each.x, each.y, each.x + each.width, each.y + each.height) for each in layout.regions}


@given(SIZES, st.booleans())
def test_the_same_swarm_gives_the_same_picture(sizes: list[int], narrow: bool) -> None:
    assert lanes_layout(a_swarm(*sizes), narrow=narrow) == lanes_layout(a_swarm(*sizes), narrow=narrow)


@given(SIZES, st.booleans())
def test_every_cell_stands_inside_its_lane_and_on_nobody_elses_place(sizes: list[int], narrow: bool) -> None:
    graph = a_swarm(*sizes)
    layout = lanes_layout(graph, narrow=narrow)
    assert len(set(layout.spots.values())) == len(graph)
    for key, (x, y) in layout.spots.items():
        left, top, right, bottom = boxes(layout)[graph.nodes[key]["lane"]]
        assert left < x - layout.slot / 2 + 0.2
        assert x + layout.slot / 2 < right + 0.2
        assert top < y < bottom


@given(SIZES, st.booleans())
def test_regions_do_not_overlap_and_fill_the_width(sizes: list[int], narrow: bool) -> None:
    layout = lanes_layout(a_swarm(*sizes), narrow=narrow)
    found = list(boxes(layout).values())
    for index, (_, _, right, bottom) in enumerate(found):
        assert right <= layout.width
        assert bottom <= layout.height
        for other in found[index + 1 :]:
            assert other[0] >= right or other[1] >= bottom


@given(SIZES, st.data())
def test_a_new_cell_moves_no_other_in_its_lane_and_nobody_sideways(
    sizes: list[int], data: st.DataObject
) -> None:
    graph = a_swarm(*sizes)
    narrow = data.draw(st.booleans())
    before = lanes_layout(graph, narrow=narrow)
    grown = data.draw(st.integers(0, len(sizes) - 1))
    add(graph, chr(ord("a") + grown), sizes[grown])
    after = lanes_layout(graph, narrow=narrow)
    for key, (x, y) in before.spots.items():
        assert after.spots[key][0] == x
        if graph.nodes[key]["lane"] == chr(ord("a") + grown):
            assert after.spots[key] == (x, y)
    new_top, old_top = boxes(after)[chr(ord("a") + grown)][1], boxes(before)[chr(ord("a") + grown)][1]
    assert new_top == old_top


@BOTH
def test_a_full_row_pushes_down_only_what_lies_below(narrow: bool) -> None:
    graph = a_swarm(3, 3, 3, 3, 3, 3)
    before = lanes_layout(graph, narrow=narrow)
    add(graph, "d", 3)
    after = lanes_layout(graph, narrow=narrow)
    moved = {key for key in before.spots if before.spots[key] != after.spots[key]}
    assert {graph.nodes[key]["lane"] for key in moved} == ({"e", "f"} if narrow else set())


def test_a_cell_that_leaves_keeps_its_hole_and_an_empty_row_closes() -> None:
    graph = a_swarm(9)
    add(graph, "b", 0)
    graph.graph["lanes"] += [{"key": "b", "title": "B"}, {"key": "c", "title": "C"}]
    before = lanes_layout(graph)
    graph.remove_node("a1")
    assert all(before.spots[key] == spot for key, spot in lanes_layout(graph).spots.items())
    graph.remove_nodes_from(["a3", "a4", "a5"])
    after = lanes_layout(graph)
    assert after.spots["a6"] == before.spots["a3"]


def test_two_cells_that_claim_one_slot_stand_beside_each_other() -> None:
    graph = a_swarm(3, a1={"position": 0}, a2={"position": 0})
    assert len(set(lanes_layout(graph).spots.values())) == 3


def test_a_large_swarm_draws_what_needs_a_person_and_folds_the_rest() -> None:
    urgent = {f"a{place}": {"state": "conflict"} for place in (1999, 1500)} | {"a1700": {"waiting": 2}}
    layout = lanes_layout(a_swarm(2000, 5, 400, **urgent))
    assert len(layout.spots) == MOST
    assert {"a1999", "a1500", "a1700"} <= set(layout.spots)
    assert [(each.shown, each.total) for each in layout.regions] == [(148, 2000), (5, 5), (147, 400)]
    assert set(layout.folds) == {"a", "c"}


@given(st.lists(st.integers(0, 500), min_size=1, max_size=20), st.integers(1, 300))
def test_shares_are_fair(sizes: list[int], most: int) -> None:
    given = shares(sizes, most)
    assert all(part <= size for part, size in zip(given, sizes, strict=True))
    assert sum(given) == min(most, sum(sizes))


def test_waiting_decisions_come_before_conflicts_and_those_before_the_rest() -> None:
    graph = a_swarm(4, a1={"state": "conflict"}, a2={"state": "moving-away"}, a3={"waiting": 1})
    assert sorted(graph, key=lambda key: need(graph.nodes[key])) == ["a3", "a1", "a2", "a0"]


def test_an_empty_swarm_has_a_layout() -> None:
    assert lanes_layout(a_swarm()).height == 0
