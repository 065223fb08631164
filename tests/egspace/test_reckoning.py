"""The ledger: whatever came and went, C is the mean of what stands."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from egspace import geometry
from egspace.reckoning.ledger import Ledger, Piece

CELL, OTHER, LANE = ("cell", "a"), ("cell", "b"), ("lane", "l")
VECTORS = geometry.unit(np.random.default_rng(7).normal(size=(12, 8)))
WEEK = 7 * 86_400.0

steps = st.lists(
    st.tuples(
        st.sampled_from("pqrst"), st.integers(-1, 11), st.floats(0, 1e9), st.sampled_from([0.25, 0.5, 1.0])
    ),
    max_size=30,
)


def a_ledger(half_life: float | None = WEEK) -> Ledger:
    return Ledger(VECTORS, half_life)


@given(steps)
def test_the_way_something_came_to_stand_does_not_matter(
    history: list[tuple[str, int, float, float]],
) -> None:
    lived, last = a_ledger(), {}
    for path, row, at, trust in history:
        if row < 0:
            lived.drop(path, [CELL])
            last.pop(path, None)
        else:
            last[path] = Piece(path, at, trust, row)
            lived.place(last[path], {CELL: 1.0})
    told = a_ledger()
    for piece in last.values():
        told.place(piece, {CELL: 1.0})
    one, other = lived.stand(CELL), told.stand(CELL)
    assert one.pieces == other.pieces == len(last)
    assert (one.c is None) == (other.c is None)
    if one.c is not None and other.c is not None:
        assert np.array_equal(one.c, other.c)


def test_without_a_goal_or_evidence_delta_is_unknown_and_never_zero() -> None:
    ledger = a_ledger()
    assert ledger.stand(CELL).delta is None
    ledger.place(Piece("p", 0, 1, 3), {CELL: 1.0})
    assert ledger.stand(CELL).delta is None
    ledger.goals[CELL] = VECTORS[4]
    known = ledger.stand(CELL)
    assert known.delta == geometry.delta(VECTORS[3], VECTORS[4])


def test_evidence_without_a_vector_is_held_and_weighs_nothing() -> None:
    ledger = a_ledger()
    ledger.place(Piece("picture", 0, 1, -1), {CELL: 1.0})
    stand = ledger.stand(CELL)
    assert (stand.c, stand.pieces, stand.held) == (None, 0, 1)


def test_a_doubtful_placing_pulls_less() -> None:
    sure, doubtful = a_ledger(None), a_ledger(None)
    for ledger, trust in ((sure, 1.0), (doubtful, 0.25)):
        ledger.place(Piece("p", 0, 1, 0), {CELL: 1.0})
        ledger.place(Piece("q", 0, 1, 1), {CELL: trust})
    near = [geometry.delta(ledger.stand(CELL).c, VECTORS[0]) for ledger in (sure, doubtful)]
    assert near[0] is not None
    assert near[1] is not None
    assert near[0] > near[1]


def test_the_goal_of_a_lane_is_the_mean_of_its_cells() -> None:
    ledger = a_ledger()
    ledger.members[LANE] = [CELL, OTHER]
    assert ledger.goal(LANE) is None
    ledger.goals[CELL] = VECTORS[0]
    assert np.allclose(ledger.goal(LANE), VECTORS[0])
    ledger.goals[OTHER] = VECTORS[1]
    assert np.allclose(ledger.goal(LANE), geometry.unit(VECTORS[0] + VECTORS[1]))


def test_what_a_copy_is_told_does_not_reach_the_first() -> None:
    ledger = a_ledger()
    ledger.place(Piece("p", 0, 1, 0), {CELL: 1.0})
    ledger.goals[CELL] = VECTORS[5]
    before = ledger.stand(CELL).delta
    other = ledger.copy()
    other.place(Piece("q", 0, 1, 5), {CELL: 1.0})
    other.drop("p", [CELL])
    other.goals[CELL] = None
    assert ledger.stand(CELL).delta == before
