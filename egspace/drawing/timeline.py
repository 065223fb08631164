"""The evidence timeline of a cell: time × kind, with proposals, decisions and landings on the same axis.

At most 2,000 points, the newest; what is older is counted per day and kind (per month, where days would be too many).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q
from django.db.models.functions import TruncDay
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext

from cells.models import Cell, Evidence, Patch, Review
from cells.refusals import say
from egspace.drawing.labels import folded
from egspace.drawing.words import HOVER_UNITS, number, plain

MOST = 2000
ROW_HEIGHT, FRAME_HEIGHT = 30, 76
PROPOSALS, DECISIONS, LANDINGS = LOOP = ("proposals", "decisions", "landings")
LOOP_WORDS = {
    PROPOSALS: gettext_lazy("proposals"),
    DECISIONS: gettext_lazy("decisions"),
    LANDINGS: gettext_lazy("landings"),
}
DECISION_WORDS = {
    Review.APPROVE: gettext_lazy("Approved"),
    Review.REJECT: gettext_lazy("Rejected"),
    Review.SEND_BACK: gettext_lazy("Sent back"),
    Review.ARCHIVE: gettext_lazy("Archived"),
}
READ_FROM = {
    "name": gettext_lazy("time read from the file name"),
    "text": gettext_lazy("time read from the text"),
    "commit": gettext_lazy("time of the adding commit"),
}
DAY = 86_400_000  # milliseconds, as plotly counts
# Numbers only: plotly knows the names of months in English alone.
TICKS = [
    {"dtickrange": [None, DAY], "value": "%H:%M\n%m-%d"},
    {"dtickrange": [DAY, "M1"], "value": "%m-%d\n%Y"},
    {"dtickrange": ["M1", None], "value": "%Y-%m"},
]
SYMBOL = {
    "evidence": "circle",
    "flagged": "x",
    PROPOSALS: "triangle-up",
    DECISIONS: "square",
    LANDINGS: "star",
}


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when (None: open), in which time zone dates are shown."""

    start: datetime | None
    end: datetime | None
    zone: tzinfo

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Window:
        """Of ?from=&to=&tz=; what cannot be read counts as not given."""
        zone = _zone(query.get("tz", ""))
        return cls(_moment(query.get("from", ""), zone), _moment(query.get("to", ""), zone), zone)

    def on(self, field: str) -> Q:
        found = Q(**{f"{field}__isnull": False})
        if self.start:
            found &= Q(**{f"{field}__gte": self.start})
        return found & Q(**{f"{field}__lte": self.end}) if self.end else found


@dataclass(frozen=True, slots=True)
class Dot:
    """One thing that happened: `row` is where it stands, `look` its symbol, `lines` its hover."""

    at: datetime
    row: str
    look: str
    lines: tuple[str, ...]
    url: str
    exact: bool = True  # False: only the day is known


Source = tuple[Any, str, Callable[..., Dot]]  # rows, the field that dates them, row to dot


@dataclass(frozen=True, slots=True)
class Bin:
    """`count` pieces of one row between a day or month's start and its end."""

    at: datetime
    row: str
    count: int


def timeline_figure(cell: Cell, window: Window) -> dict[str, Any]:
    """{data, layout} for plotly; `layout.meta` says the height in pixels and "showing N of M". Twelve queries at most."""
    dots, total, older = _gather(cell, window)
    kinds = {dot.row for dot in dots} | {one.row for one in older}
    rows = [*LOOP, *sorted(kinds - set(LOOP))]
    place = {row: number for number, row in enumerate(rows)}
    looks = [look for look in SYMBOL if any(dot.look == look for dot in dots)]
    data = [_points(look, [dot for dot in dots if dot.look == look], place, window.zone) for look in looks]
    if older:
        data.append(_bins(older, place, window.zone))
    return {"data": data, "layout": _layout(rows, place, len(dots), total, window)}


def _gather(cell: Cell, window: Window) -> tuple[list[Dot], int, list[Bin]]:
    """The newest dots, how many there are in all, and the older ones counted."""
    sources: list[Source] = [
        (
            Evidence.objects.filter(window.on("observed_at"), cells=cell, current=True),
            "observed_at",
            _evidence,
        ),
        (Patch.objects.filter(window.on("authored_at"), cells=cell), "authored_at", _proposal),
        (
            Review.objects.filter(window.on("at"), patch__cells=cell).select_related("patch", "by"),
            "at",
            _decision,
        ),
        (Patch.objects.filter(window.on("landed_at"), cells=cell), "landed_at", _landing),
    ]
    found: list[Dot] = []
    total = 0
    for rows, field, dot in sources:
        newest = [dot(row) for row in rows.order_by(f"-{field}", "-pk")[: MOST + 1]]
        found += newest
        total += len(newest) if len(newest) <= MOST else rows.count()
    found.sort(key=lambda dot: dot.at, reverse=True)
    older = _older(sources, found[:MOST], window) if len(found) > MOST else []
    return found[:MOST], total, older


def _older(sources: Iterable[Source], shown: list[Dot], window: Window) -> list[Bin]:
    """What the newest 2,000 leave out, counted in the database."""
    before = shown[-1].at
    # Those of the very last moment that are shown as dots are not counted again.
    counted: Counter[tuple[datetime, str]] = Counter()
    counted.subtract((_day(dot.at, window.zone), dot.row) for dot in shown if dot.at == before)
    for rows, field, _ in sources:
        kind = "kind" if rows.model is Evidence else None
        days = rows.filter(**{f"{field}__lte": before}).order_by()
        days = days.annotate(day=TruncDay(field, tzinfo=window.zone))
        for row in days.values(*filter(None, ["day", kind])).annotate(n=Count("pk")):
            name = (
                row["kind"]
                if kind
                else {"authored_at": PROPOSALS, "at": DECISIONS, "landed_at": LANDINGS}[field]
            )
            counted[row["day"], name] += row["n"]
    if len(counted) > MOST:
        by_month: Counter[tuple[datetime, str]] = Counter()
        for (day, name), number in counted.items():
            by_month[day.replace(day=1), name] += number
        counted = by_month
    return [Bin(at, row, number) for (at, row), number in sorted(counted.items()) if number]


def _day(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _evidence(row: Evidence) -> Dot:
    how = str(READ_FROM.get(row.observed_from, row.observed_from))
    if row.observed_written:
        how = pgettext("how a time was read, and its words", "%(how)s: %(written)s") % {
            "how": how, "written": row.observed_written,
        }  # fmt: skip
    flags = tuple(say(flag) for flag in row.flags)
    if row.source == Evidence.GITHUB:
        how = f"GitHub · {how}"
    look = "flagged" if flags else "evidence"
    return Dot(
        row.observed_at,
        row.kind,
        look,
        (row.title, how, *flags),
        reverse("evidence", args=[row.pk]),
        row.exact,
    )


def _proposal(patch: Patch) -> Dot:
    return Dot(
        patch.authored_at,
        PROPOSALS,
        PROPOSALS,
        (patch.title, patch.author_name),
        reverse("patch", args=[patch.pk]),
    )


def _decision(review: Review) -> Dot:
    said = gettext("%(decision)s by %(who)s") % {
        "decision": DECISION_WORDS[review.decision],
        "who": review.who,
    }
    lines = (said, review.patch.title, *([review.reason] if review.reason else []))
    return Dot(review.at, DECISIONS, DECISIONS, lines, reverse("patch", args=[review.patch_id]))


def _landing(patch: Patch) -> Dot:
    assert patch.landed_at is not None
    lines = (gettext("Landed as %(commit)s") % {"commit": patch.commit[:10]}, patch.title)
    return Dot(patch.landed_at, LANDINGS, LANDINGS, lines, reverse("patch", args=[patch.pk]))


def _points(look: str, dots: list[Dot], place: dict[str, int], zone: tzinfo) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers", "name": look, "meta": {"role": look},
        "x": [local(dot.at, zone) for dot in dots], "y": [place[dot.row] for dot in dots],
        "marker": {"symbol": SYMBOL[look], "size": 9 if look == "evidence" else 11, "line": {"width": 1}},
        "customdata": [[dot.url, _hover(dot, zone)] for dot in dots],
        "hovertemplate": "%{customdata[1]}<extra></extra>",
    }  # fmt: skip


def _bins(bins: list[Bin], place: dict[str, int], zone: tzinfo) -> dict[str, Any]:
    said = [
        ngettext("%(n)s older piece", "%(n)s older pieces", one.count) % {"n": number(one.count)}
        for one in bins
    ]
    return {
        "type": "scatter", "mode": "markers", "name": gettext("older, counted"), "meta": {"role": "counted"},
        "x": [local(one.at, zone) for one in bins], "y": [place[one.row] for one in bins],
        "marker": {"symbol": "circle-open", "size": [round(min(26.0, 7 + one.count**0.5), 1) for one in bins]},
        "customdata": [["", f"{local(one.at, zone)[:10]}<br>{text}"] for one, text in zip(bins, said, strict=True)],
        "hovertemplate": "%{customdata[1]}<extra></extra>",
    }  # fmt: skip


def _layout(rows: list[str], place: dict[str, int], shown: int, total: int, window: Window) -> dict[str, Any]:
    said = gettext("Showing %(shown)s of %(total)s") % {"shown": number(shown), "total": number(total)}
    return {
        "margin": {"l": 96, "r": 12, "t": 8, "b": 40, "pad": 4},
        "xaxis": {"type": "date", "tickformatstops": TICKS},
        "yaxis": {
            "tickvals": list(place.values()), "ticktext": [_row_word(row) for row in rows],
            "range": [len(rows) - 0.4, -0.6], "fixedrange": True, "zeroline": False,
        },
        "showlegend": False, "hovermode": "closest", "dragmode": "zoom", "uirevision": "timeline",
        "meta": {"height": FRAME_HEIGHT + ROW_HEIGHT * len(rows), "showing": f"{plain(str(window.zone))} · {said}"},
    }  # fmt: skip


def _row_word(row: str) -> str:
    return plain(str(LOOP_WORDS[row]) if row in LOOP_WORDS else pgettext("word", row).replace("_", " "))


def _hover(dot: Dot, zone: tzinfo) -> str:
    title, *rest = (
        "<br>".join(map(plain, folded(line, HOVER_UNITS))) for line in dot.lines
    )  # no bold, see words
    when = dot.at.astimezone(zone).strftime("%Y-%m-%d %H:%M" if dot.exact else "%Y-%m-%d")
    return "<br>".join([title, when, *rest])


def local(at: datetime, zone: tzinfo) -> str:
    """Plotly shows a date as it is written: so it is written in the reader's zone."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else timezone.get_current_timezone()
    except (ValueError, OSError, KeyError):  # an unknown name, or one that is no name at all
        return timezone.get_current_timezone()


def _moment(written: str, zone: tzinfo) -> datetime | None:
    try:
        day = parse_date(written)
        found = datetime(day.year, day.month, day.day, tzinfo=zone) if day else parse_datetime(written)
    except ValueError:
        return None
    if found is None:
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone).astimezone(UTC)
