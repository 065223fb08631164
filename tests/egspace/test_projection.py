"""The flat map: the same twice, still when little changes, and sensible for any input."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from egspace import projection
from egspace.geometry import unit
from egspace.projection import Projection, ProjectionMissing, axis_words, fit, plane

CELLS, DIMS = 30, 48


class NoUmap:
    """A double of umap.UMAP: the interface `fit` uses, coordinates that depend on start and seed, and NaN where
    the real one (0.5.12) gave NaN, for rows that are all equal."""

    made: list[dict[str, Any]] = []

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.made.append(options)

    def fit_transform(self, rows: Any) -> Any:
        noise = np.random.default_rng(self.options["random_state"]).normal(size=(len(rows), 2))
        if not np.ptp(rows, axis=0).any():
            return np.full((len(rows), 2), np.nan, np.float32)
        return (7 * self.options["init"] + noise / 100).astype(np.float32)


@pytest.fixture
def umap(monkeypatch: pytest.MonkeyPatch) -> type[NoUmap]:
    monkeypatch.setattr(NoUmap, "made", [])
    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=NoUmap))
    return NoUmap


def a_swarm(seed: int = 7) -> tuple[Any, Any]:
    """C and G of 30 cells in three lanes; goals share a tone of their own, as short texts do."""
    rng = np.random.default_rng(seed)
    lanes = rng.normal(size=(3, DIMS))[np.arange(CELLS) % 3]
    evidence = lanes + rng.normal(size=(CELLS, DIMS)) / 2
    goals = lanes + rng.normal(size=(CELLS, DIMS)) / 2 + 12 * np.eye(DIMS)[0]
    return unit(np.vstack([evidence, goals])), np.repeat([0, 1], CELLS)


def after_a_document(points: Any, cell: int = 4) -> Any:
    """One more document, about something else, among the ten pieces of a cell."""
    moved = points.copy()
    moved[cell] = unit(9 * points[cell] + unit(np.random.default_rng(1).normal(size=DIMS)))
    return moved


def width(coordinates: Any) -> float:
    return float((coordinates.max(axis=0) - coordinates.min(axis=0)).max())


def test_two_fits_are_the_same_to_the_byte() -> None:
    points, groups = a_swarm()
    one, two = fit(points, groups), fit(points.copy(), groups.tolist())
    assert one.to_bytes() == two.to_bytes()
    assert one.place(points).tolist() == two.place(points).tolist()


@pytest.mark.parametrize("kind", [projection.PCA, projection.UMAP])
def test_a_projection_survives_its_bytes(kind: str, umap: Any) -> None:
    points, groups = a_swarm()
    made = fit(points, groups, kind=kind)
    read = Projection.from_bytes(made.to_bytes())
    assert (read.kind, read.explained, read.dims) == (kind, made.explained, DIMS)
    assert read.place(points).tolist() == made.place(points).tolist()
    assert read.to_bytes() == made.to_bytes()


@pytest.mark.parametrize(
    "garbage", [b"", b"PK\x03\x04", b"no map", fit(np.eye(3), [0, 0, 1]).to_bytes()[:-30]]
)
def test_bytes_that_are_no_projection_are_refused(garbage: bytes) -> None:
    with pytest.raises(ValueError):
        Projection.from_bytes(garbage)


def test_the_axes_do_not_tell_goals_from_evidence() -> None:
    points, groups = a_swarm()
    placed = fit(points, groups).place(points)
    between = np.abs(placed[groups == 0].mean(axis=0) - placed[groups == 1].mean(axis=0)).max()
    plain = points - points.mean(axis=0)
    first = plain @ np.linalg.svd(plain, full_matrices=False)[2][0]
    assert abs(first[groups == 0].mean() - first[groups == 1].mean()) > 0.5 * np.ptp(first)
    assert between < 0.1 * width(placed)
    lanes = placed.reshape(2, CELLS // 3, 3, 2)
    assert lanes.std(axis=1).max() < 0.5 * lanes.mean(axis=(0, 1)).std(axis=0).max()


def test_an_arrow_on_the_map_is_the_shadow_of_goal_less_position() -> None:
    points, groups = a_swarm()
    made = fit(points, groups)
    placed = made.place(points)
    gaps = points[CELLS:] - points[:CELLS]
    assert np.allclose(placed[CELLS:] - placed[:CELLS], gaps @ made.basis.axes.T, atol=1e-5)  # type: ignore[union-attr]
    assert (np.linalg.norm(placed[CELLS:] - placed[:CELLS], axis=1) <= np.linalg.norm(gaps, axis=1)).all()


def test_explained_is_the_share_the_two_axes_show() -> None:
    points, groups = a_swarm()
    shares = [fit(rows, groups).explained for rows in (points, points[:, :2], points[:, [1, 2, 3]])]
    assert shares[1] == pytest.approx(1)
    assert all(share is not None and 0 < share <= 1 for share in shares)
    inside = unit(np.vstack([part - part.mean(axis=0) for part in (points[:CELLS], points[CELLS:])]))
    values = np.linalg.svd(inside, compute_uv=False) ** 2
    assert shares[0] == pytest.approx(values[:2].sum() / values.sum(), abs=1e-6)


def test_two_cells_unlike_all_others_do_not_take_an_axis_for_themselves() -> None:
    """Plain components would: their distance squared is most of the variance."""
    points, groups = a_swarm()
    odd = points.copy()
    odd[:2] = unit(0.2 * points[:2] + 5 * np.eye(DIMS)[-1])
    usual, beside = (fit(rows, groups).place(rows)[2:CELLS] for rows in (points, odd))
    assert beside.std(axis=0).min() > 0.7 * usual.std(axis=0).min()


def test_many_points_in_few_dimensions_take_the_other_matrix() -> None:
    points, groups = a_swarm()
    few = unit(points[:, 1:9])
    inside = unit(np.vstack([part - part.mean(axis=0) for part in (few[:CELLS], few[CELLS:])]))
    expected = np.linalg.svd(inside, full_matrices=False)[2][:2]
    axes = fit(few, groups).basis.axes  # type: ignore[union-attr]
    assert np.abs(np.abs((axes * expected).sum(axis=1)) - 1).max() < 1e-9


@given(st.randoms(use_true_random=False))
def test_the_signs_do_not_hang_on_the_order_of_the_components(random: Any) -> None:
    points, groups = a_swarm()
    order = random.sample(range(DIMS), DIMS)
    shuffled = unit(points[:, order] + 1e-12 * random.random())
    assert np.allclose(fit(points, groups).place(points), fit(shuffled, groups).place(shuffled), atol=1e-5)
    largest = [axis[np.argmax(np.abs(axis))] for axis in fit(points, groups).basis.axes]  # type: ignore[union-attr]
    assert min(largest) > 0


def test_without_much_news_nothing_moves_but_what_moved() -> None:
    points, groups = a_swarm()
    was = fit(points, groups)
    now = fit(after_a_document(points), groups, previous=was)
    shift = np.linalg.norm(now.place(after_a_document(points)) - was.place(points), axis=1)
    assert shift[4] > 0
    assert np.delete(shift, 4).tolist() == [0] * (2 * CELLS - 1)
    assert fit(points, groups, previous=was).to_bytes() == was.to_bytes()


def test_also_a_map_made_anew_hardly_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plane, "WORTH_MOVING", 0)
    points, groups = a_swarm()
    # A map turned, mirrored and moved as far as it can be: the new one has to follow.
    was = Projection(
        fit(points, groups).basis.moved(np.array([[0, 1], [1, 0]]), np.zeros(2), np.array([3, -2])), None
    )
    more = np.vstack([after_a_document(points), unit(np.ones((1, DIMS)))])
    now = fit(more, [*groups, 0], previous=was)
    assert now.basis is not was.basis
    shift = np.linalg.norm(now.place(points) - was.place(points), axis=1)
    assert shift.max() < 0.02 * width(was.place(points))


def test_a_map_that_shows_much_less_than_it_could_is_made_anew() -> None:
    points, groups = a_swarm()
    first = fit(points[[0, CELLS]], [0, 1])
    now = fit(points, groups, previous=first)
    assert now.basis is not first.basis
    assert now.explained == fit(points, groups).explained
    middle = first.place(points).mean(axis=0)
    assert np.allclose(now.place(points).mean(axis=0), middle, atol=1e-5)


def test_a_model_of_another_size_starts_a_new_map() -> None:
    points, groups = a_swarm()
    was = fit(points, groups)
    narrow = unit(points[:, :20])
    assert fit(narrow, groups, previous=was).to_bytes() == fit(narrow, groups).to_bytes()


DEGENERATE = {
    "nothing": (np.empty((0, 5)), []),
    "one point": (np.eye(1, 5), [0]),
    "one cell": (np.eye(2, 5), [0, 1]),
    "two cells at one place": (np.ones((4, 5)), [0, 0, 1, 1]),
    "no directions": (np.array([[np.nan] * 5, [0] * 5, [np.inf] * 5]), [0, 1, 0]),
    "one dimension": (np.array([[1.0], [-1.0], [2.0]]), [0, 0, 1]),
    "no dimension": (np.empty((3, 0)), [0, 0, 1]),
    "equal texts": (np.ones((12, 5)), [0, 1] * 6),
    "equal texts but one": (np.vstack([np.ones((12, 5)), np.eye(1, 5)]), [0] * 13),
    "a line": (np.array([[1.0, 0.0, 0, 0, 0], [1.0, 1.0, 0, 0, 0]]), [0, 0]),
}


@pytest.mark.parametrize("kind", [projection.PCA, projection.UMAP])
@pytest.mark.parametrize("case", DEGENERATE)
def test_few_or_equal_points_have_finite_places(case: str, kind: str, umap: Any) -> None:
    points, groups = DEGENERATE[case]
    made = fit(points, groups, kind=kind)
    again = fit(points, groups, kind=kind, previous=made)
    assert again.to_bytes() == made.to_bytes()
    placed = again.place(points)
    assert placed.shape == (len(points), 2)
    assert np.isfinite(placed).all()
    elsewhere = fit(*a_swarm(), kind=kind, previous=made)
    assert np.isfinite(elsewhere.place(a_swarm()[0])).all()


def test_one_cell_is_drawn_with_its_whole_arrow() -> None:
    points = unit(np.array([[1.0, 2, 3], [3.0, 1, 0]]))
    made = fit(points, [0, 1])
    placed = made.place(points)
    assert made.explained == 1
    assert np.linalg.norm(placed[1] - placed[0]) == pytest.approx(
        np.linalg.norm(points[1] - points[0]), abs=1e-5
    )
    assert fit(np.eye(1, 5), [0]).explained is None


@pytest.mark.parametrize("kind", [projection.PCA, projection.UMAP])
def test_rows_that_are_no_directions_do_not_touch_the_map(kind: str, umap: Any) -> None:
    points, groups = a_swarm()
    dirty = np.vstack([points, np.full((1, DIMS), np.nan), np.zeros((1, DIMS))])
    made = fit(dirty, [*groups, 0, 1], kind=kind)
    assert made.to_bytes() == fit(points, groups, kind=kind).to_bytes()
    assert np.allclose(made.place(dirty)[-2:], made.place(points).mean(axis=0), atol=1e-5)


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(0, 9), st.integers(1, 6)), elements=st.floats(width=32)),
    st.randoms(use_true_random=False),
)
def test_any_rows_have_finite_places(points: Any, random: Any) -> None:
    groups = [random.randrange(2) for _ in points]
    made = fit(points, groups)
    assert np.isfinite(made.place(points)).all()
    axes = made.basis.axes  # type: ignore[union-attr]
    rank = min(2, points.shape[1])
    assert np.allclose(axes @ axes.T, np.diag([1] * rank + [0] * (2 - rank)), atol=1e-6)
    assert made.explained is None or 0 <= made.explained <= 1


def test_without_the_package_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(ProjectionMissing) as refused:
        fit(*a_swarm(), kind="umap")
    assert "umap-learn" in refused.value.message
    with pytest.raises(ValueError, match="tsne"):
        fit(*a_swarm(), kind="tsne")


def test_umap_is_asked_for_the_same_map_every_time(umap: type[NoUmap]) -> None:
    points, groups = a_swarm()
    one, two = fit(points, groups, kind="umap"), fit(points, groups, kind="umap")
    assert one.to_bytes() == two.to_bytes()
    assert one.explained is None
    first = umap.made[0]
    assert (first["n_neighbors"], first["n_components"], first["init"].shape) == (15, 2, (2 * CELLS, 2))
    fit(points[:9], groups[:9], kind="umap")
    assert umap.made[-1]["n_neighbors"] == 8


def test_an_anchor_keeps_its_spot_and_others_stand_among_their_nearest(umap: Any) -> None:
    points, groups = a_swarm()
    made = fit(points, groups, kind="umap")
    spots = made.basis.spots  # type: ignore[union-attr]
    assert np.allclose(made.place(points), spots, atol=1e-6)
    between = unit(points[3] + points[6])
    nearest = np.argsort(np.linalg.norm(points - between, axis=1))[:5]
    pull = 1 / np.linalg.norm(points[nearest] - between, axis=1)
    expected = (pull[:, None] * spots[nearest]).sum(axis=0) / pull.sum()
    assert np.allclose(made.place(between[None]), expected, atol=1e-3)


def test_a_map_by_neighbours_stays_until_a_fifth_of_it_is_new(umap: type[NoUmap]) -> None:
    points, groups = a_swarm()
    was = fit(points, groups, kind="umap")
    kept = fit(after_a_document(points), groups, kind="umap", previous=was)
    assert kept.to_bytes() == was.to_bytes()
    other = np.vstack([points[: CELLS + 10], a_swarm(8)[0][:20]])
    anew = fit(other, groups, kind="umap", previous=was)
    assert len(umap.made) == 2
    assert np.allclose(anew.place(other).mean(axis=0), was.place(other).mean(axis=0), atol=1e-5)


def test_changing_the_kind_keeps_the_map_where_it_was(umap: Any) -> None:
    points, groups = a_swarm()
    was = Projection(fit(points, groups).basis.moved(-np.eye(2), np.zeros(2), np.array([3, -2])), None)
    now = fit(points, groups, kind="umap", previous=was)
    shift = np.linalg.norm(now.place(points) - was.place(points), axis=1)
    assert now.kind == "umap"
    assert shift.max() < 0.05 * width(was.place(points))


def test_axes_are_named_by_the_words_of_the_documents_out_there() -> None:
    places = [(-2, 0), (-2, 0), (2, 0), (2, 0), (0, 3), (0, 3), (0, -3), (0, -3)]
    words = [["shop"], ["shop", "cart"], ["硬貨"], {"硬貨", "once"}, ["up"], ["up"], ["down"], ["down"]]
    with_all = [[*some, "the"] for some in words]
    assert axis_words(places, with_all) == [[["shop"], ["硬貨"]], [["down"], ["up"]]]


def test_words_are_few_and_in_a_fixed_order() -> None:
    places = [(x, 0) for x in (-3, -3, -3, -2, -2, 1, 2, 3, 3, 1)]
    words: list[list[str]] = [
        list("abcd"),
        list("abcd"),
        list("ab"),
        ["e"],
        ["e"],
        ["f"],
        ["f"],
        ["f"],
        [],
        [],
    ]
    (left, right), (below, above) = axis_words(places, words)
    assert (left, right) == (["a", "b", "c"], ["f"])
    assert (below, above) == ([], [])
    assert axis_words(places, [sorted(some, reverse=True) for some in words], most=2)[0] == [
        ["a", "b"],
        ["f"],
    ]


def test_a_word_of_many_documents_counts_more_and_one_of_most_documents_not_at_all() -> None:
    places = [(x, 0) for x in (-4, -4, -3, -3, -3, -3, 4, 4, 4, 4, 2, 2)]
    words = [["two", "most"], ["two", "most"], *[["four", "most"]] * 4, ["most"], *[["far"]] * 3, [], []]
    assert axis_words(places, words)[0] == [["four", "two"], ["far"]]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_documents_name_nothing(count: int) -> None:
    assert axis_words([(1, 2)] * count, [["word"]] * count) == [[[], []], [[], []]]
    assert axis_words([(np.nan, 0)] * count, [["word"]] * count) == [[[], []], [[], []]]
