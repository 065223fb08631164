"""The EG-Space view: everybody stands somewhere, nobody on somebody else, and one more cell shuffles nobody."""

from __future__ import annotations

from itertools import combinations
from math import dist

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from egspace.drawing.crowds import BETWEEN, CROWD, GRID, ROOM, apart
from egspace.drawing.drafting import scene
from egspace.drawing.frame import FARTHEST, SMALLEST, frame_of, read_box
from egspace.drawing.hulls import hull, together
from egspace.drawing.labels import units
from egspace.drawing.layout import MOST
from egspace.drawing.names import HIGH, UNIT, Board
from egspace.drawing.scene import Scene
from egspace.drawing.space import Point, Space
from egspace.graph import Swarm
from tests.egspace.spaces import a_ghost, a_place, a_space
from tests.egspace.swarms import a_swarm, add

BOTH = pytest.mark.parametrize("narrow", [False, True])
untimed = settings(deadline=None, max_examples=25)
SIDE = st.floats(-1, 1)
POINTS = st.lists(st.tuples(SIDE, SIDE), min_size=1, max_size=40)


def links(key: str) -> tuple[str, str]:
    return f"/cells/{key}/", f"/cells/{key}/panel/"


def drawn(graph: Swarm, space: Space, narrow: bool = False, box: str = "") -> Scene:
    return scene(graph, space, links, narrow=narrow, box=read_box(box))


def spots(found: Scene) -> dict[str, Point]:
    return {one.key: (one.x, one.y) for one in found.nodes}


def at(points: list[Point], cells: Swarm | None = None) -> tuple[Swarm, Space]:
    graph = cells or a_swarm(len(points))
    return graph, Space({key: a_place(c, None) for key, c in zip(graph, points, strict=True)})


@untimed
@given(POINTS, st.booleans())
def test_the_same_space_gives_the_same_picture_in_whatever_order(points: list[Point], narrow: bool) -> None:
    graph, space = at(points)
    turned = Swarm(**graph.graph)
    turned.add_nodes_from(reversed(list(graph.nodes(data=True))))
    assert drawn(graph, space, narrow) == drawn(turned, space, narrow)


@BOTH
@untimed
@given(points=POINTS)
def test_one_unit_is_the_same_length_in_both_directions(points: list[Point], narrow: bool) -> None:
    frame = frame_of(at(points)[1], narrow=narrow)
    x0, y0, x1, y1 = frame.box
    left, top = frame.spot((x0, y1))
    right, bottom = frame.spot((x1, y0))
    assert (right - left) / (x1 - x0) == pytest.approx((bottom - top) / (y1 - y0), rel=0.01)
    assert (left, top) == (frame.rim, frame.rim)
    assert (right, bottom) == pytest.approx((frame.width - frame.rim, frame.height - frame.rim), abs=0.3)


@untimed
@given(POINTS)
def test_every_c_and_every_g_is_on_the_whole_map(points: list[Point]) -> None:
    graph = a_swarm(len(points))
    space = Space({key: a_place(c, (c[1], c[0])) for key, c in zip(graph, points, strict=True)})
    frame = frame_of(space)
    assert all(frame.holds(point) for place in space.places.values() for point in (place.c, place.g) if point)


def test_a_cell_that_moves_a_little_moves_no_other() -> None:
    graph, space = at([(0.51, 0.32), (-0.44, -0.13), (0.02, 0.05)])
    before = spots(drawn(graph, space))
    _, after = at([(0.53, 0.34), (-0.44, -0.13), (0.02, 0.05)])
    now = spots(drawn(graph, after))
    assert (now["a1"], now["a2"]) == (before["a1"], before["a2"])
    assert now["a0"] != before["a0"]


def test_who_stood_still_stands_still_while_time_goes_by() -> None:
    graph, now = at([(0.9, 0.9), (-0.9, -0.9), (0.1, 0.1)])
    _, then = at([(0.3, 0.3), (-0.2, -0.2), (0.1, 0.1)])
    past = scene(graph, then, links, today=now)
    assert spots(past)["a2"] == spots(drawn(graph, now))["a2"]
    assert past.frame == drawn(graph, now).frame


def test_up_on_the_map_is_up_on_the_picture() -> None:
    found = spots(drawn(*at([(0.0, 0.5), (0.0, -0.5), (0.5, 0.0)])))
    assert found["a0"][1] < found["a2"][1] < found["a1"][1]
    assert found["a0"][0] == found["a1"][0] < found["a2"][0]


@untimed
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 500)), min_size=1, max_size=30))
def test_nodes_are_moved_aside_by_a_diameter_at_most(points: list[tuple[int, int]]) -> None:
    keys, sizes = [f"c{n}" for n in range(len(points))], [20.0 + n % 3 * 5 for n in range(len(points))]
    moved = apart(keys, points, sizes)
    for start, end, size in zip(points, moved, sizes, strict=True):
        assert dist(start, end) <= size + 0.1


def test_two_cells_of_one_spot_stand_beside_each_other_and_who_stands_free_stays() -> None:
    points = [(100.0, 100.0), (100.0, 100.0), (400.0, 100.0)]
    one, other, free = apart(["a", "b", "c"], points, [20.0, 30.0, 20.0])
    assert dist(one, other) == pytest.approx(25 + BETWEEN, abs=1)
    assert free == (400.0, 100.0)


@untimed
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=2, max_size=20), st.data())
def test_one_more_cell_moves_nobody_far_from_it(points: list[tuple[int, int]], data: st.DataObject) -> None:
    keys = [f"c{n}" for n in range(len(points))]
    before = apart(keys, points, [20.0] * len(points))
    after = apart([*keys, "new"], [*points, (1000, 1000)], [20.0] * (len(points) + 1))
    assert after[:-1] == before


@BOTH
def test_cells_stand_singly_until_there_are_too_many(narrow: bool) -> None:
    graph = a_swarm(ROOM[narrow])
    assert len(drawn(graph, a_space(graph), narrow).nodes) == ROOM[narrow]


@BOTH
@pytest.mark.parametrize("count", [81, 300, 1000])
def test_what_is_drawn_is_bounded_and_everybody_is_counted(narrow: bool, count: int) -> None:
    graph = a_swarm(count, count)
    found = drawn(graph, a_space(graph), narrow)
    assert len(found.nodes) + len(found.groups) <= GRID[narrow][0] * GRID[narrow][1] * CROWD <= MOST
    grouped = [key for group in found.groups for key in group.keys]
    assert sorted([*grouped, *(one.key for one in found.nodes)]) == sorted(graph)
    assert len(found.groups) > 0


def crowd(**cells: dict[str, object]) -> tuple[Swarm, Space]:
    """A hundred cells of one place and one far away."""
    graph = a_swarm(101, **cells)
    places = {key: a_place((0.001 * number, 0.0), None) for number, key in enumerate(graph)}
    places["a100"] = a_place((1.0, 1.0), None)
    return graph, Space(places)


def test_who_needs_a_person_stands_in_front_of_the_crowd() -> None:
    urgent = {"a7": {"waiting": 2}, "a50": {"state": "conflict"}, "a60": {"state": "shelved"}}
    found = drawn(*crowd(**urgent))
    assert {"a7", "a50", "a100"} <= set(spots(found))
    worst = [group.state for group in found.groups if "a60" in group.keys]
    assert worst == ["shelved"]


def test_a_closer_look_at_a_group_unfolds_it_until_cells_stand_singly() -> None:
    graph, space = crowd()
    found, looks = drawn(graph, space), 0
    while found.groups:
        group = max(found.groups, key=lambda one: len(one.keys))
        closer = scene(graph, space, links, box=group.box)
        assert len(closer.nodes) + len(closer.groups) > 1
        assert closer.outside + len(closer.nodes) + sum(len(one.keys) for one in closer.groups) == len(graph)
        found, looks = closer, looks + 1
    assert looks <= 3
    assert len(found.nodes) > 1


def test_cells_of_one_point_stay_a_group_however_close_one_looks() -> None:
    graph, space = at([(0.2, 0.2)] * 120)
    (group,) = drawn(graph, space, box="0.19,0.19,0.21,0.21").groups
    assert len(group.keys) == 120
    assert group.box[2] > group.box[0]


@pytest.mark.parametrize(
    "written",
    [
        "",
        "1,2,3",
        "a,b,c,d",
        "nan,0,1,1",
        "0,0,inf,1",
        "1,0,0,1",
        "0,0,0,0",
        f"0,0,1,{FARTHEST * 2}",
        "0," * 9999,
    ],
)
def test_what_is_no_box_shows_the_whole_map(written: str) -> None:
    assert read_box(written) is None


def test_no_look_is_closer_than_the_closest() -> None:
    frame = frame_of(a_space(["a"]), box=(0.0, 0.0, 1e-9, 1e-9))
    assert frame.box[2] - frame.box[0] == pytest.approx(SMALLEST)


def test_a_box_as_large_as_the_map_is_the_whole_map() -> None:
    space = a_space(a_swarm(9))
    assert frame_of(space, box=(-9.0, -9.0, 9.0, 9.0)) == frame_of(space)


@BOTH
def test_names_cover_no_mark_and_no_other_name(narrow: bool) -> None:
    graph = a_swarm(6, 6, 6, 6, 6, **{f"a{n}": {"waiting": n, "title": "生豆倉庫の温湿度"} for n in range(6)})
    found = drawn(graph, a_space(graph), narrow)
    rects = []
    for one in found.nodes:
        for line, y in one.lines:
            wide = units(line) * UNIT
            left = {"middle": one.text_x - wide / 2, "start": one.text_x, "end": one.text_x - wide}[
                one.anchor
            ]
            rects.append((one.key, (left, y - HIGH / 2, left + wide, y + HIGH / 2)))
    assert len({key for key, _ in rects}) > (8 if narrow else 24)
    for (key, a), (other, b) in combinations(rects, 2):
        assert key == other or a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for one in found.nodes:
        assert not any(
            left < one.x < right and top < one.y < bottom for _, (left, top, right, bottom) in rects
        )


def test_a_name_that_fits_nowhere_is_left_out() -> None:
    board = Board((0, 0, 100, 100), [(0, 0, 100, 100)])
    assert board.place(50, 50, 5, ("name",)) is None


def test_without_a_goal_there_is_no_ring_and_no_arrow() -> None:
    graph = a_swarm(2)
    found = drawn(graph, Space({"a0": a_place(g=None), "a1": a_place(c=(0.3, 0.0))}))
    assert [ring.key for ring in found.rings] == ["a1"]
    assert [arrow.key for arrow in found.arrows] == ["a1"]


@BOTH
def test_who_cannot_be_placed_stands_in_the_tray(narrow: bool) -> None:
    graph = a_swarm(3)
    found = drawn(graph, Space({"a0": a_place(), "a1": a_place(c=None)}), narrow)
    assert [one.key for one in found.tray.nodes] == ["a1", "a2"]
    assert all(found.frame.height < one.y < found.height for one in found.tray.nodes)
    assert found.tray.rest == 0


def test_a_full_tray_counts_the_rest_and_keeps_who_needs_a_person() -> None:
    graph = a_swarm(500, a499={"waiting": 1})
    tray = drawn(graph, Space({})).tray
    assert tray.nodes[0].key == "a499"
    assert tray.rest == 500 - len(tray.nodes)
    assert tray.more is not None


def test_an_empty_swarm_has_a_picture() -> None:
    found = drawn(a_swarm(), Space({}))
    assert (found.nodes, found.tray.height, found.frame.whole) == ((), 0, True)


def test_the_way_ends_at_the_cell_and_its_early_part_is_told_apart() -> None:
    graph = a_swarm(1)
    found = drawn(graph, Space({"a0": a_place((0.4, 0.1))}))
    (late,), (early,) = found.trails, found.early
    assert late.points[-1] == spots(found)["a0"]
    assert early.points[-1] == late.points[0]


def test_a_waiting_patch_is_drawn_where_it_would_leave_the_cell_and_only_the_newest_few() -> None:
    graph = a_swarm(1)
    ghosts = tuple(a_ghost((0.3, 0.01 * n), patch=n) for n in range(9))
    found = drawn(graph, Space({"a0": a_place()}, {"a0": ghosts}))
    assert [spirit.ghost.patch for spirit in found.spirits] == [0, 1, 2]
    assert (found.spirits[0].x, found.spirits[0].y) == found.frame.spot((0.3, 0.0))
    assert all(spirit.clear for spirit in found.spirits)


def test_a_patch_that_moves_nothing_has_no_ghost_and_one_that_moves_little_does_not_hide_the_cell() -> None:
    graph = a_swarm(1)
    ghosts = (a_ghost((0.0, 0.0), patch=1), a_ghost((0.008, 0.0), patch=2))
    (spirit,) = drawn(graph, Space({"a0": a_place()}, {"a0": ghosts})).spirits
    assert (spirit.ghost.patch, spirit.clear) == (2, False)


def test_a_ghost_is_as_far_from_the_node_as_its_place_is_from_the_cells() -> None:
    graph = a_swarm(2)
    found = drawn(graph, Space({"a0": a_place(), "a1": a_place()}, {"a0": (a_ghost((0.2, 0.0)),)}))
    (spirit,) = found.spirits
    assert spots(found)["a0"] != found.frame.spot((0.0, 0.0))
    assert spirit.x - spots(found)["a0"][0] == pytest.approx(0.2 * found.frame.scale, abs=0.2)


def test_a_hull_encloses_its_lane_but_not_the_one_far_away() -> None:
    near = [(100.0, 100.0), (130.0, 120.0), (110.0, 140.0)]
    assert together([*near, (900.0, 500.0)]) == [True, True, True, False]
    corners = hull([(x, y, 10.0) for x, y in near])
    assert min(x for x, _ in corners) == 90.0
    assert max(y for _, y in corners) == 150.0


@untimed
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=12))
def test_a_hull_turns_one_way_only(points: list[tuple[int, int]]) -> None:
    corners = hull([(x, y, 12.0) for x, y in points])
    assert len(corners) >= 12
    for a, b, c in zip(corners, corners[1:] + corners[:1], corners[2:] + corners[:2], strict=True):
        assert (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0


@untimed
@given(POINTS)
def test_relations_are_drawn_between_drawn_cells_only(points: list[Point]) -> None:
    graph, space = at(points)
    graph.add_edge("a0", "nobody", key="feeds")
    graph.remove_node("nobody")
    add(graph, "a", 900)
    graph.add_edge("a0", "a900", key="feeds", type="feeds")
    found = drawn(graph, space)
    ends = {end for edge in found.edges for end in (edge.source, edge.target)}
    assert ends <= {one.key for one in (*found.nodes, *found.tray.nodes)}
