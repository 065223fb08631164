"""What was measured, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any

from rich.table import Table

from tests.bench.timing import Ratio


def table(ratios: Iterable[Ratio], title: str) -> Table:
    """One line per ratio, times as median (shortest to longest)."""
    shown = Table(title=title, title_justify="left")
    for name, side in (("measured", "left"), ("÷", "left"), ("ratio", "right"), ("ms", "right"), ("baseline, ms", "right")):
        shown.add_column(name, justify=side)  # type: ignore[arg-type]
    for one in ratios:
        shown.add_row(one.work, one.baseline, f"{one.ratio:.3g}", spread(one.times), spread(one.against))
    return shown


def spread(times: tuple[float, ...]) -> str:
    middle, low, high = (f"{1000 * seconds:,.1f}" for seconds in (median(times), min(times), max(times)))
    return f"{middle} ({low} to {high})"


def as_json(ratios: Iterable[Ratio]) -> list[dict[str, Any]]:
    """[{measured, baseline, ratio, seconds, baseline_seconds}], seconds as {min, median, max, turns}."""
    return [
        {
            "measured": one.work,
            "baseline": one.baseline,
            "ratio": round(one.ratio, 4),
            "seconds": _summary(one.times),
            "baseline_seconds": _summary(one.against),
        }
        for one in ratios
    ]


def _summary(times: tuple[float, ...]) -> dict[str, float]:
    return {"min": min(times), "median": median(times), "max": max(times), "turns": len(times)}
