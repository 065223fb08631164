"""Timing by turns: every repetition runs each work once, so that a busy moment of the machine hits all alike."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter


def nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Work:
    """Something to time; `before` makes ready what `run` needs and is not timed. Times are of one of its `things`."""

    name: str
    run: Callable[[], object]
    before: Callable[[], object] = nothing
    things: int = 1


@dataclass(frozen=True, slots=True)
class Ratio:
    """A work's times and its baseline's from the same turns, in seconds."""

    work: str
    baseline: str
    times: tuple[float, ...]
    against: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return median(self.times) / median(self.against)

    @property
    def per_second(self) -> float:
        return 1 / median(self.times)


def by_turns(baseline: Work, *works: Work, turns: int) -> list[Ratio]:
    """Each work against the baseline, after one turn that nobody counts."""
    everything = (baseline, *works)
    times: dict[str, list[float]] = {work.name: [] for work in everything}
    for work in everything:
        _time(work)
    for _ in range(turns):
        for work in everything:
            times[work.name].append(_time(work))
    against = tuple(times[baseline.name])
    return [Ratio(work.name, baseline.name, tuple(times[work.name]), against) for work in works]


def _time(work: Work) -> float:
    work.before()
    gc.collect()
    began = perf_counter()
    work.run()
    return (perf_counter() - began) / work.things
