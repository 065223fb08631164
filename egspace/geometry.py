"""Where a subject stands among meanings: C, G, δ, direction, velocity, and what pulls which way.

The vector formula this product started from (domain.md 3.1, first entry), with weights added:

    v_i  unit vector of the i-th piece of evidence                        row of (n, d)
    w_i  ∝ trust_i · 2^((at_i − newest) / half-life), Σ w_i = 1           (n,)
    C    = Σ w_i v_i / ‖Σ w_i v_i‖, where the subject is                  (d,)
    G    = unit vector of the text of its goal, where it wants to be      (d,)
    δ    = ‖G − C‖ = sqrt(2 − 2·cos(G, C)), 0 (there) … 2 (opposite)
    d    = (G − C) / δ, the direction it has to go                        (d,)
    velocity = (C_now − C_before)·d / weeks, above zero: towards the goal. d is seen from M, the middle of the way:
               d = (G − M)/‖G − M‖, which makes it (δ_before² − δ_now²) / (2·‖G − M‖·weeks)
    c_i  = v_i·G − v_i·C, what the i-th piece pulls: above zero, closer

With trust 1 and no half-life C is the plain mean the first version took. Cells, lanes, projects and
the swarm differ only in which evidence and which goal go in. Beside δ stand two readings of the task
list: the checklist δ (open / all) and ICR (domain.md 3, fifth entry).

"Unknown" is None and never zero, and no input gives NaN: a row that is no direction (zero, NaN,
infinite) counts as evidence that says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# A mean of unit vectors shorter than this is rounding, and so is a way to the goal.
NO_LENGTH = 1e-6
MIDDLE = 0.5  # of the way that C went
_DONE_WORDS = {"true", "yes", "done", "x", "1", "完了", "済"}


def unit(v: npt.ArrayLike) -> Array:
    """(n, d) or (d,) → rows of length 1; a row that is zero or not finite becomes zeros."""
    given = _floats(v)
    rows = np.atleast_2d(given)
    peak = np.abs(rows).max(axis=1, keepdims=True, initial=0)
    sound = np.isfinite(peak) & (peak > 0)
    # Divided by its peak first, the square of no component overflows or vanishes.
    scaled = np.divide(rows, peak, out=np.zeros_like(rows), where=sound)
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.divide(scaled, length, out=scaled, where=sound).reshape(given.shape)


def weights(at: npt.ArrayLike, trust: npt.ArrayLike, half_life: float | None) -> Array:
    """What each piece weighs (n,): non-negative, Σ = 1, or all zero when no piece is trusted.

    `at` are unix seconds, `trust` is 0…1, `half_life` is in seconds, None for no decay.

    Because the decay is exponential, the ratio of two weights depends only on the time between the
    two pieces: "now" cancels out. So C moves when evidence moves and never by waiting, and a moment
    of the past can be computed again at any time. The exponents are counted from the newest
    trusted piece, which weighs its whole trust; decades of evidence cannot underflow to no weight
    at all. A piece without a time is taken to be as old as the oldest that has one.
    """
    if half_life is not None and not half_life > 0:
        raise ValueError(f"A half-life is a time above zero, not {half_life}.")
    when, share = np.asarray(at, np.float64), np.asarray(trust, np.float64)
    share = np.clip(np.where(np.isfinite(share), share, 0), 0, 1)
    raw = share if half_life is None else share * _decay(when, share > 0, half_life)
    return _normalised(raw)


def centre(vectors: Array, w: npt.ArrayLike) -> Array | None:
    """C = unit(Σ w_i v_i) of unit rows (n, d) as float64 (d,).

    None when there is no evidence, none of it has weight, or the pieces cancel each other out.
    """
    rows, share = _floats(vectors), _normalised(np.asarray(w, np.float64))
    total = _weighed(rows, share)
    if total is None:
        # The rare way: without the rows that say nothing, the others may still have a direction.
        rows = unit(rows)
        kept = rows.any(axis=1)
        total = _weighed(rows[kept], _normalised(share[kept]))
    return None if total is None else unit(total)


def delta(c: Array | None, g: Array | None) -> float | None:
    """δ = ‖G − C‖, 0…2; None when either is unknown.

    Taken from the difference: in sqrt(2 − 2·cos) the digits of a small δ cancel out.
    """
    gap = _gap(c, g)
    return None if gap is None else min(2.0, float(np.linalg.norm(gap)))


def direction(c: Array | None, g: Array | None) -> Array | None:
    """d = (G − C) / δ as (d,); None when either is unknown or C is at its goal."""
    gap = _gap(c, g)
    if gap is None or np.linalg.norm(gap) < NO_LENGTH:
        return None
    return unit(gap)


def velocity(
    before: Array | None, now: Array | None, g: Array | None, weeks: float, *, seen_from: float = MIDDLE
) -> float | None:
    """How far C moved along the direction it had to go, per week; above zero: towards the goal.

    `seen_from` is where on the way that direction is taken: 0 where C was, 1 where it is now (the d of today's map,
    as `direction` gives it), ½ in the middle. The space is round: seen from its start a step that keeps its distance
    to the goal counts as one towards it, seen from its end as one away from it, by ‖step‖² / 2 before the division
    by the distance. Only from the middle is it above zero exactly where δ to this goal shrank. As steps become
    short the three become one: −dδ/dt.

    None when one of the three vectors or the direction (at the goal there is none) is unknown, or no time passed.
    """
    moved, start, goal = _gap(before, now), _known(before), _known(g)
    if moved is None or start is None or goal is None or not 0 < weeks < math.inf:
        return None
    if np.linalg.norm(moved) < NO_LENGTH:
        return 0.0
    way = goal - (start + seen_from * moved)
    if np.linalg.norm(way) < NO_LENGTH:
        return None
    speed = float(moved @ unit(way)) / weeks
    return speed if math.isfinite(speed) else None


def contributions(vectors: Array, c: Array | None, g: Array | None) -> Array | None:
    """What each piece (n, d) pulls: v·G − v·C = v·(G − C), (n,); None when C or G is unknown.

    Above zero when the piece lies nearer to the goal than to the present mean, so that more like it
    would bring C closer; a piece that says nothing pulls 0.
    """
    gap = _gap(c, g)
    if gap is None:
        return None
    rows = _floats(vectors)
    with np.errstate(all="ignore"):
        pulls = np.asarray(rows @ gap.astype(rows.dtype))
    # One product over everything; rows that are no vectors are looked for only when it shows.
    return pulls if np.isfinite(pulls).all() else unit(rows) @ gap.astype(rows.dtype)


def extremes(values: npt.ArrayLike | None, k: int = 3) -> tuple[list[int], list[int]]:
    """Indices of the k largest (descending) and the k smallest (ascending), equal ones by index.

    With fewer than 2k values each side gets its half, the larger the odd one: no index is in both.
    """
    numbers = np.asarray([] if values is None else values, np.float64)
    count = int(np.isfinite(numbers).sum())
    high = _largest(np.where(np.isfinite(numbers), numbers, -np.inf), min(k, (count + 1) // 2))
    low = np.where(np.isfinite(numbers), -numbers, -np.inf)
    low[high] = -np.inf
    return high, _largest(low, min(k, count // 2))


def checklist(open_: int, all_: int) -> float | None:
    """The checklist δ: open / all tasks, 0 (all done) … 1; None without tasks."""
    return open_ / all_ if all_ > 0 else None


@dataclass(frozen=True, slots=True)
class Task:
    """A task as ICR reads it: `progress` (None: not told) and `uncertainty` are 0…1."""

    done: bool
    progress: float | None = None
    weight: float = 1.0
    uncertainty: float = 0.0


def icr(tasks: Iterable[Task]) -> float | None:
    """ICR = round(100 · Σ ew_i p_i / Σ ew_i, 1), 0…100; None when nothing has weight.

    ew_i = weight_i · (1 − uncertainty_i); p_i = 1 when done, else the progress told, else 0.
    """
    total = reached = 0.0
    for task in tasks:
        effective = max(0.0, task.weight) * (1 - min(1.0, max(0.0, task.uncertainty)))
        total += effective
        reached += effective * (1.0 if task.done else min(1.0, max(0.0, task.progress or 0.0)))
    if not 0 < total < math.inf or not math.isfinite(reached):
        return None
    return round(100 * reached / total, 1)


def tasks_from(data: Iterable[Mapping[str, Any]]) -> list[Task]:
    """Tasks from what a STATE file says of them (`Fact.data`): numbers, "0.4", "40 %" or nothing.

    What is not told or cannot be read: weight 1, uncertainty 0, no progress.
    """
    return [
        Task(
            done=_done(one.get("done")),
            progress=_share(one.get("progress")),
            weight=_or(_number(one.get("weight")), 1.0),
            uncertainty=_or(_share(one.get("uncertainty")), 0.0),
        )
        for one in data
    ]


def _floats(values: npt.ArrayLike) -> Array:
    given = np.asarray(values)
    return given if given.dtype in (np.float32, np.float64) else given.astype(np.float64)


def _known(v: Array | None) -> Array | None:
    """The vector with length 1 in float64, None when it is no direction."""
    if v is None:
        return None
    one = unit(np.asarray(v, np.float64))
    return one if one.any() else None


def _gap(start: Array | None, end: Array | None) -> Array | None:
    here, there = _known(start), _known(end)
    return None if here is None or there is None else there - here


def _normalised(raw: Array) -> Array:
    raw = np.where(np.isfinite(raw) & (raw > 0), raw, 0)
    peak = raw.max(initial=0)
    if peak == 0:
        return raw
    # By the peak first: the sum of huge numbers overflows.
    return raw / peak / (raw / peak).sum()


def _decay(at: Array, trusted: Array, half_life: float) -> Array:
    told = np.isfinite(at)
    known = at[told & trusted]
    if not known.size:
        return np.ones_like(at)
    newest, oldest = known.max(), known.min()
    with np.errstate(all="ignore"):
        return np.exp2((np.clip(np.where(told, at, oldest), None, newest) - newest) / half_life)


def _weighed(rows: Array, share: Array) -> Array | None:
    """Σ w_i v_i in float64, None when it is no direction."""
    if not share.all():
        rows, share = rows[share > 0], share[share > 0]
    with np.errstate(all="ignore"):
        total = (share.astype(rows.dtype) @ rows).astype(np.float64)
        return total if np.isfinite(total).all() and np.linalg.norm(total) >= NO_LENGTH else None


def _largest(values: Array, k: int) -> list[int]:
    """A partition instead of a sort: three of a hundred thousand are wanted."""
    if k <= 0:
        return []
    least = np.partition(values, len(values) - k)[len(values) - k]
    found = np.flatnonzero(values >= least)
    return [int(index) for index in found[np.argsort(-values[found], kind="stable")][:k]]


def _done(value: Any) -> bool:
    return value.strip().lower() in _DONE_WORDS if isinstance(value, str) else bool(value)


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _number(value: Any) -> float | None:
    """A finite, non-negative number from a number or its text."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number < math.inf else None


def _share(value: Any) -> float | None:
    """0…1 from "0.4", "40 %" or 40; None when it says none of these."""
    text = value.strip() if isinstance(value, str) else value
    percent = isinstance(text, str) and text.endswith(("%", "％"))
    number = _number(text[:-1] if percent else text)
    if number is None or number > 100:
        return None
    return number / 100 if percent or number > 1 else number
