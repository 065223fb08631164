"""What was measured, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.table import Table

from tests.bench.timing import Ratio

if TYPE_CHECKING:
    from tests.bench.clicking import Weight


def table(ratios: Iterable[Ratio], title: str) -> Table:
    """One line per ratio with the times behind it in milliseconds, `base` the baseline's median; fits 80 columns."""
    shown = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    shown.add_column("measured ÷")
    shown.add_column("baseline")
    for name in ("ratio", "min", "median", "max", "base"):
        shown.add_column(name, justify="right")
    for one in ratios:
        times = (milliseconds(pick(one.times)) for pick in (min, median, max))
        shown.add_row(one.work, one.baseline, f"{one.ratio:.3g}", *times, milliseconds(median(one.against)))
    return shown


def weights(pages: Iterable[Weight]) -> Table:
    """What a page loads in kB, as it travels and unpacked."""
    shown = Table(title="Bytes of a page, in kB.", title_justify="left", box=None, padding=(0, 1, 0, 0))
    for name in ("page", "scripts", "unpacked", "styles", "unpacked", "plotly"):
        shown.add_column(name, justify="left" if name == "page" else "right")
    for one in pages:
        sizes = (one.scripts, one.scripts_raw, one.styles, one.styles_raw)
        shown.add_row(one.page, *(f"{size / 1000:.1f}" for size in sizes), "yes" if one.plotly else "no")
    return shown


def rates(ratios: Iterable[Ratio]) -> str:
    """ "ask with rules: 30 a second (no-op task: 700)", one line each."""
    return "\n".join(
        f"{one.work}: {_rounded(one.per_second)} a second ({one.baseline}: {_rounded(1 / median(one.against))})"
        for one in ratios
    )


def _rounded(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def milliseconds(seconds: float) -> str:
    if seconds < 0.001:
        return f"{1000 * seconds:.3f}"
    return f"{1000 * seconds:.1f}" if seconds < 1 else f"{1000 * seconds:.0f}"


def as_json(ratios: Iterable[Ratio]) -> list[dict[str, Any]]:
    """[{measured, baseline, ratio, per_second, seconds, baseline_seconds}], seconds as {min, median, max, turns}."""
    return [
        {
            "measured": one.work,
            "baseline": one.baseline,
            "ratio": round(one.ratio, 4),
            "per_second": round(one.per_second, 3),
            "seconds": _summary(one.times),
            "baseline_seconds": _summary(one.against),
        }
        for one in ratios
    ]


def _summary(times: tuple[float, ...]) -> dict[str, float]:
    return {"min": min(times), "median": median(times), "max": max(times), "turns": len(times)}
