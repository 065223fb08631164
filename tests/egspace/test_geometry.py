"""C, G, δ and what follows from them: the formulas, their edges, and that unknown stays unknown."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from egspace import geometry
from egspace.geometry import Task

WEEK = 7 * 86400.0
EAST, NORTH = np.array([1.0, 0.0]), np.array([0.0, 1.0])
NOTHING = np.zeros(2)

dtypes = st.sampled_from([np.float32, np.float64])
wild = st.floats(width=32)
tame = st.floats(-10, 10)


def anything(*shape: int) -> st.SearchStrategy[Any]:
    """Rows of any floats, infinite and NaN among them."""
    return dtypes.flatmap(lambda dtype: hnp.arrays(dtype, shape, elements=wild))


def directions(*shape: int) -> st.SearchStrategy[Any]:
    """Unit rows."""
    return hnp.arrays(np.float64, shape, elements=tame).map(geometry.unit).filter(lambda v: v.any(-1).all())


def at_angle(degrees: float) -> Any:
    return np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])


def no_nan(*values: Any) -> bool:
    return all(np.isfinite(np.asarray(value, float)).all() for value in values if value is not None)


def test_a_row_that_is_no_direction_becomes_zeros() -> None:
    rows = geometry.unit([[3, 4], [0, 0], [math.nan, 1], [math.inf, 1], [1e-300, 0], [1e300, 1e300]])
    assert rows.tolist() == [
        pytest.approx(row) for row in ([0.6, 0.8], [0, 0], [0, 0], [0, 0], [1, 0], [0.5**0.5, 0.5**0.5])
    ]
    assert geometry.unit(np.array([0, 5], np.float32)).dtype == np.float32


def test_a_half_life_halves_and_trust_multiplies() -> None:
    w = geometry.weights([0, WEEK, WEEK], [1, 1, 0.5], WEEK)
    assert w.tolist() == pytest.approx([0.25, 0.5, 0.25])


def test_without_decay_and_with_full_trust_c_is_the_plain_mean() -> None:
    vectors = geometry.unit([[1, 0], [1, 2], [0, 1]])
    w = geometry.weights([5, 1e9, 3], [1, 1, 1], None)
    assert geometry.centre(vectors, w) == pytest.approx(geometry.unit(vectors.mean(axis=0)))


def test_decades_of_evidence_keep_finite_weights() -> None:
    at = np.arange(0, 60 * 365) * 86400.0
    w = geometry.weights(at, np.ones(len(at)), 3600.0)
    assert w.sum() == pytest.approx(1)
    assert w[-1] == pytest.approx(1, abs=1e-6)
    assert np.isfinite(w).all()


def test_a_piece_without_a_time_is_as_old_as_the_oldest() -> None:
    w = geometry.weights([math.nan, 0, WEEK], [1, 1, 1], WEEK)
    assert w.tolist() == pytest.approx([0.25, 0.25, 0.5])
    assert geometry.weights([math.nan, math.inf], [1, 1], WEEK).tolist() == [0.5, 0.5]


def test_without_trust_nothing_weighs() -> None:
    assert geometry.weights([1, 2], [0, 0], WEEK).tolist() == [0, 0]
    assert geometry.weights([], [], WEEK).size == 0


@pytest.mark.parametrize("half_life", [0, -1, math.nan])
def test_a_half_life_that_is_no_time_is_refused(half_life: float) -> None:
    with pytest.raises(ValueError, match="half-life"):
        geometry.weights([1], [1], half_life)


@pytest.mark.parametrize(
    ("vectors", "w"),
    [
        (np.empty((0, 2)), []),
        (np.array([EAST, NORTH]), [0, 0]),
        (np.array([EAST, -EAST]), [0.5, 0.5]),
        (np.array([NOTHING, [math.nan, 1]]), [0.5, 0.5]),
        (np.array([EAST]), [math.nan]),
    ],
    ids=["no evidence", "no weight", "cancelled", "says nothing", "weight unknown"],
)
def test_where_there_is_no_mean_c_is_unknown(vectors: Any, w: list[float]) -> None:
    assert geometry.centre(vectors, w) is None


def test_empty_documents_do_not_hide_the_direction_of_the_others() -> None:
    vectors = np.array([NOTHING, [math.inf, 0], EAST], np.float32)
    assert geometry.centre(vectors, [1, 1, 1e-9]) == pytest.approx(EAST)


def test_lengths_are_the_formula_s() -> None:
    assert geometry.delta(EAST, EAST) == 0
    assert geometry.delta(EAST, NORTH) == pytest.approx(2**0.5)
    assert geometry.delta(EAST, -EAST) == 2
    cosine = 1 - 1.1643**2 / 2  # domain.md 3, the one recorded run
    assert geometry.delta(EAST, at_angle(math.degrees(math.acos(cosine)))) == pytest.approx(1.1643)


def test_a_tiny_distance_is_not_rounded_away() -> None:
    near = geometry.unit([1, 1e-9])
    assert geometry.delta(EAST, near) == pytest.approx(1e-9)
    assert math.sqrt(2 - 2 * float(EAST @ near)) == 0


@pytest.mark.parametrize("nowhere", [None, NOTHING, np.array([math.nan, 1])], ids=["none", "zero", "nan"])
def test_unknown_stays_unknown_and_never_becomes_zero(nowhere: Any) -> None:
    for c, g in ((nowhere, EAST), (EAST, nowhere), (nowhere, nowhere)):
        assert geometry.delta(c, g) is None
        assert geometry.direction(c, g) is None
        assert geometry.contributions(np.array([EAST]), c, g) is None
        assert geometry.velocity(c, EAST, g, 1) is None
        assert geometry.velocity(EAST, c, g, 1) is None or c is not nowhere
    assert geometry.extremes(None) == ([], [])
    assert geometry.checklist(0, 0) is None
    assert geometry.icr([]) is None


def test_moving_towards_the_goal_is_a_positive_velocity() -> None:
    before, towards, away = EAST, at_angle(10), at_angle(-10)
    speed = geometry.velocity(before, towards, NORTH, 2)
    assert speed == pytest.approx(
        float((towards - before) @ geometry.unit(NORTH - (before + towards) / 2)) / 2
    )
    assert speed is not None
    assert speed > 0
    assert (geometry.velocity(before, away, NORTH, 2) or 0) < 0


def test_a_subject_that_did_not_move_has_velocity_zero_also_at_its_goal() -> None:
    assert geometry.velocity(EAST, EAST, NORTH, 1) == 0
    assert geometry.velocity(EAST, EAST, EAST, 1) == 0


def test_velocity_is_unknown_without_time() -> None:
    for weeks in (0, -1, math.nan, math.inf):
        assert geometry.velocity(EAST, NORTH, -EAST, weeks) is None
    assert (geometry.velocity(EAST, NORTH, EAST, 1) or 0) < 0  # it left its goal


@given(directions(4), directions(4), directions(4))
def test_a_step_sideways_is_none_towards_the_goal(before: Any, now: Any, g: Any) -> None:
    speed = geometry.velocity(before, now, g, 1)
    was, is_now = geometry.delta(before, g) or 0, geometry.delta(now, g) or 0
    nearer = was - is_now
    if speed is None:
        assert max(was, is_now) < 1e-5  # it went about at its goal
        return
    assert abs(nearer) < 1e-6 or math.copysign(1, speed) == math.copysign(1, nearer)


@given(directions(4), directions(4), directions(4))
def test_velocity_from_the_middle_is_what_the_squares_of_delta_lost(before: Any, now: Any, g: Any) -> None:
    speed = geometry.velocity(before, now, g, 2)
    way = float(np.linalg.norm(g - (before + now) / 2))
    if speed and way > 0.01:
        lost = (geometry.delta(before, g) or 0) ** 2 - (geometry.delta(now, g) or 0) ** 2
        assert speed == pytest.approx(lost / (2 * way * 2), abs=1e-6)


@pytest.mark.parametrize("seen_from", [0, 1])
def test_velocity_can_be_told_along_the_direction_at_either_end_of_the_way(seen_from: int) -> None:
    before, now, weeks = EAST, at_angle(10), 4
    d = geometry.direction((before, now)[seen_from], NORTH)
    speed = geometry.velocity(before, now, NORTH, weeks, seen_from=seen_from)
    assert d is not None
    assert speed == pytest.approx(float((now - before) @ d) / weeks)


def test_of_a_step_around_the_goal_only_the_middle_says_that_it_came_no_nearer() -> None:
    before, now, goal = (np.array(v) for v in ([0.8, 0.6, 0], [0.8, 0, 0.6], [1.0, 0, 0]))
    speeds = [geometry.velocity(before, now, goal, 1, seen_from=share) or 0 for share in (0, 0.5, 1)]
    assert speeds == [
        pytest.approx(0.5692, abs=1e-4),
        pytest.approx(0, abs=1e-9),
        pytest.approx(-0.5692, abs=1e-4),
    ]


def test_of_a_short_step_it_is_the_same_from_everywhere_and_what_delta_lost() -> None:
    before, now = EAST, at_angle(0.01)
    lost = (geometry.delta(before, NORTH) or 0) - (geometry.delta(now, NORTH) or 0)
    for share in (0, 0.5, 1):
        assert geometry.velocity(before, now, NORTH, 1, seen_from=share) == pytest.approx(lost, rel=1e-3)


def test_at_the_goal_there_is_no_direction_to_have_a_velocity_along() -> None:
    assert geometry.velocity(EAST, NORTH, NORTH, 1, seen_from=1) is None
    assert (geometry.velocity(EAST, NORTH, NORTH, 1) or 0) > 0


def test_a_piece_nearer_to_the_goal_than_to_the_mean_pulls_closer() -> None:
    pulls = geometry.contributions(np.array([NORTH, EAST, NOTHING, [math.nan, 0]]), EAST, NORTH)
    assert pulls is not None
    assert pulls.tolist() == [1, -1, 0, 0]


@given(directions(7, 4), directions(4), directions(4))
def test_contributions_match_the_loop(vectors: Any, c: Any, g: Any) -> None:
    got = geometry.contributions(vectors, c, g)
    assert got is not None
    assert got.tolist() == pytest.approx([sum(v * g) - sum(v * c) for v in vectors], abs=1e-12)


def test_closest_descend_farthest_ascend_and_ties_go_by_index() -> None:
    assert geometry.extremes([5, 1, 9, 5, 0, 7, 1]) == ([2, 5, 0], [4, 1, 6])
    assert geometry.extremes([3, 3, 3, 3], k=1) == ([0], [1])


def test_few_values_are_shared_between_the_ends() -> None:
    assert geometry.extremes([2, 1]) == ([0], [1])
    assert geometry.extremes([1, 2, 3]) == ([2, 1], [0])
    assert geometry.extremes([math.nan, 4, math.inf]) == ([1], [])
    assert geometry.extremes([]) == ([], [])


@given(st.lists(st.integers(-3, 3) | st.floats(), max_size=30), st.integers(0, 5))
def test_extremes_are_the_ends_of_the_sorted_list(values: list[float], k: int) -> None:
    closest, farthest = geometry.extremes(values, k)
    finite = [index for index, value in enumerate(values) if math.isfinite(value)]
    assert closest == sorted(finite, key=lambda i: (-values[i], i))[: len(closest)]
    rest = sorted(set(finite) - set(closest), key=lambda i: (values[i], i))
    assert farthest == rest[: len(farthest)]
    assert len(closest) + len(farthest) == min(2 * k, len(finite))


@given(directions(3), directions(3))
def test_delta_is_a_symmetric_distance_from_zero_to_two(c: Any, g: Any) -> None:
    there, back = geometry.delta(c, g), geometry.delta(g, c)
    assert there == back
    assert there is not None
    assert 0 <= there <= 2
    assert there == pytest.approx(math.sqrt(max(0, 2 - 2 * float(c @ g))), abs=1e-7)
    assert geometry.delta(c, c) == 0


@given(
    directions(6, 3),
    st.lists(st.integers(0, 10**9), min_size=6, max_size=6),
    st.lists(st.floats(0.1, 1), min_size=6, max_size=6),
    st.integers(-(10**9), 10**9),
)
def test_c_does_not_move_by_waiting(vectors: Any, at: list[int], trust: list[float], later: int) -> None:
    now = geometry.weights(at, trust, 30 * WEEK)
    then = geometry.weights([moment + later for moment in at], trust, 30 * WEEK)
    assert then.tolist() == now.tolist()
    c = geometry.centre(vectors, now)
    again = geometry.centre(vectors, then)
    assert (again is None) == (c is None)
    assert c is None or np.array_equal(c, again)


@given(directions(5, 3), anything(2, 3), st.lists(st.floats(0, 2e9), min_size=5, max_size=5), wild)
def test_evidence_without_trust_changes_nothing(
    vectors: Any, more: Any, at: list[float], when: float
) -> None:
    alone = geometry.centre(vectors, geometry.weights(at, [1] * 5, WEEK))
    w = geometry.weights([*at, when, 4e9], [1] * 5 + [0, 0], WEEK)
    beside = geometry.centre(np.vstack([vectors, more]), w)
    assert w[5:].tolist() == [0, 0]
    assert (beside is None) == (alone is None)
    assert alone is None or np.array_equal(alone, beside)


@given(
    anything(4, 3),
    hnp.arrays(np.float64, 4, elements=st.floats()),
    hnp.arrays(np.float64, 4, elements=st.floats()),
    st.floats(min_value=0, exclude_min=True),
    anything(2, 3),
    st.floats(),
)
def test_no_input_gives_nan(vectors: Any, at: Any, trust: Any, half: float, two: Any, weeks: float) -> None:
    w = geometry.weights(at, trust, half)
    assert (w >= 0).all()
    assert w.sum() == pytest.approx(1) or not w.any()
    c, g = geometry.centre(vectors, w), two[0]
    known = [each for each in (c, geometry.centre(vectors, at)) if each is not None]
    assert all(np.linalg.norm(each) == pytest.approx(1) for each in known)
    pulls = geometry.contributions(vectors, two[1], g)
    assert no_nan(geometry.unit(vectors), w, c, pulls, geometry.delta(c, g), geometry.direction(c, g))
    assert no_nan(geometry.velocity(two[1], c, g, weeks), geometry.velocity(c, two[1], g, weeks))
    numbers = [float(number) for number in (*at, *trust)]
    assert no_nan(geometry.icr([Task(False, numbers[0], numbers[1], numbers[2])]))


def test_checklist_delta_is_what_is_open_of_all() -> None:
    assert geometry.checklist(3, 4) == 0.75
    assert geometry.checklist(0, 4) == 0


def test_icr_weighs_progress_by_weight_and_certainty() -> None:
    tasks = [Task(True, 0.2, 2, 0.5), Task(False, 0.5, 1, 0), Task(False, None, 1, 0.5)]
    assert geometry.icr(tasks) == 60.0
    assert geometry.icr([Task(False)]) == 0.0
    assert geometry.icr([Task(True, None, 0), Task(True, None, 3, 1)]) is None


def test_tasks_are_read_from_whatever_a_file_says() -> None:
    said = [
        {"done": True, "progress": None, "weight": None, "uncertainty": None},
        {"done": False, "progress": "40 %", "weight": "2", "uncertainty": "0.25"},
        {"done": "done", "progress": 40, "weight": 0, "uncertainty": "２０％"},
        {"progress": "soon", "weight": -1, "uncertainty": "nan"},
        {"done": "no", "progress": 250, "weight": math.inf, "uncertainty": []},
    ]
    assert geometry.tasks_from(said) == [
        Task(True, None, 1, 0),
        Task(False, 0.4, 2, 0.25),
        Task(True, 0.4, 0, 0.2),
        Task(False, None, 1, 0),
        Task(False, None, 1, 0),
    ]
