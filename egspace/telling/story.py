"""The story of a δ: a line over the commits of the repository, marked where evidence, a goal or a landing moved it.

Before the repository described a subject the line is dotted; where δ was unknown it has a gap. Below it, as a second
line, the share of its tasks that was open. Both stand on the time axis of the evidence timeline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from cells.models import Repository
from egspace.drawing.labels import folded
from egspace.drawing.timeline import TICKS, Window, local
from egspace.drawing.words import HOVER_UNITS, number, plain
from egspace.models import Position
from egspace.reckoning.ledger import Subject
from egspace.telling.readings import SAME
from egspace.telling.turns import Turn, turns

CROWD = 60  # marks; more of them are drawn smaller
MOST = 1000  # positions that are drawn, the newest
HEIGHT, SHORT, TASKS = 176, 128, 54  # px: of the chart, of the one beside the map, of the tasks below it
LEAST_SPAN = 0.1  # of the δ axis: a tremble is no mountain
SYMBOL = {"closer": "triangle-down", "farther": "triangle-up", "moved": "circle", "landed": "star"}
SIZE = {"closer": 10, "farther": 10, "moved": 7, "landed": 13}

Value = Callable[[Position], float | None]


@dataclass(frozen=True, slots=True)
class Story:
    """The positions of a subject, oldest first, how many there are in all, and until when the last one holds."""

    subject: Subject
    rows: Sequence[Position]
    total: int
    until: datetime
    zone: Any
    short: bool = False
    turns: Sequence[Turn] = field(default_factory=tuple)


def story_of(
    repository: Repository, subject: Subject, window: Window, *, short: bool = False
) -> Story | None:
    """None where the map never held the subject."""
    kind, key = subject
    every = Position.objects.filter(repository=repository, kind=kind, key=key).defer("c", "g")
    rows = list(every.order_by("-seq", "-pk")[:MOST])[::-1]
    if not rows:
        return None
    total = len(rows) if len(rows) < MOST else every.count()
    last = rows[-1]
    until = max(last.at, repository.head_at or last.at) if last.present else last.at
    return Story(subject, rows, total, until, window.zone, short, turns(repository, subject, rows))


def story_figure(story: Story) -> dict[str, Any]:
    """{data, layout} for plotly, as plain dictionaries; `layout.meta` says height and "showing N of M"."""
    told = [row for row in story.rows if row.described]
    early = [row for row in story.rows if not row.described]
    data = [_line(story, told, "delta", lambda row: row.delta, story.until)]
    if early:
        data.insert(
            0, _line(story, early, "early", lambda row: row.delta, told[0].at if told else story.until)
        )
    tasks = not story.short and any(row.all_tasks for row in story.rows)
    if tasks:
        data.append(_line(story, told, "tasks", _open_share, story.until) | _tasks(told))
    data += [_points(story, look) for look in SYMBOL if any(turn.look == look for turn in story.turns)]
    return {"data": data, "layout": _layout(story, tasks)}


def _open_share(row: Position) -> float | None:
    return row.open_tasks / row.all_tasks if row.all_tasks and row.present else None


def _tasks(rows: Sequence[Position]) -> dict[str, Any]:
    """What makes a line the one of the tasks."""
    said = [
        gettext("%(open)s of %(all)s tasks open") % {"open": row.open_tasks, "all": row.all_tasks}
        for row in rows
    ]
    return {
        "yaxis": "y2", "hoverinfo": "text", "hovertemplate": "%{customdata[1]}<extra></extra>",
        "customdata": [["", text] for text in said for _ in range(2)],
    }  # fmt: skip


def _line(story: Story, rows: Sequence[Position], role: str, value: Value, until: datetime) -> dict[str, Any]:
    """Steps: each value holds until the next position; what is unknown is a gap."""
    x: list[str] = []
    y: list[float | None] = []
    ends = [*(row.at for row in rows[1:]), until]
    for row, end in zip(rows, ends, strict=True):
        known = value(row)
        x += [local(row.at, story.zone), local(max(row.at, end), story.zone)]
        y += [None if known is None else round(known, 4)] * 2
    return {
        "type": "scatter", "mode": "lines", "name": role, "meta": {"role": role}, "x": x, "y": y, "hoverinfo": "skip",
        "connectgaps": False, "line": {"width": 1.4 if role == "tasks" else 2, "dash": "dot" if role == "early" else "solid"},
    }  # fmt: skip


def _points(story: Story, look: str) -> dict[str, Any]:
    here = [turn for turn in story.turns if turn.look == look]
    return {
        "type": "scatter", "mode": "markers", "name": look, "meta": {"role": look},
        "x": [local(turn.at, story.zone) for turn in here], "y": [round(turn.delta, 4) for turn in here],
        "marker": {"symbol": SYMBOL[look], "size": SIZE[look] * (0.75 if story.short or len(story.turns) > CROWD else 1), "line": {"width": 1}},
        "customdata": [[turn.url, _hover(story, turn)] for turn in here],
        "hovertemplate": "%{customdata[1]}<extra></extra>",
    }  # fmt: skip


def _hover(story: Story, turn: Turn) -> str:
    """The sentence, when and at which commit, then the rest; escaped, since titles come from a repository."""
    when = f"{turn.at.astimezone(story.zone):%Y-%m-%d %H:%M} · {turn.commit[:10]}"
    first, *rest = turn.lines
    if turn.early:
        rest.append(gettext("from before the repository described it; told with its first description"))
    return "<br>".join(plain(part) for line in (first, when, *rest) for part in folded(line, HOVER_UNITS))


def _layout(story: Story, tasks: bool) -> dict[str, Any]:
    said = gettext("Showing %(shown)s of %(total)s") % {
        "shown": number(len(story.rows)),
        "total": number(story.total),
    }
    height = SHORT if story.short else HEIGHT + TASKS if tasks else HEIGHT
    found: dict[str, Any] = {
        "margin": {"l": 44 if story.short else 96, "r": 12, "t": 8, "b": 40, "pad": 4},
        "xaxis": {"type": "date", "tickformatstops": TICKS},
        "yaxis": {
            "range": _range([row.delta for row in story.rows if row.delta is not None]), "nticks": 4, "tickformat": ".2f",
            "fixedrange": True, "zeroline": False, "domain": [0.36, 1] if tasks else [0, 1], "title": {"text": "δ"},
        },
        "showlegend": False, "hovermode": "closest", "dragmode": "zoom", "uirevision": "timeline",
        "meta": {"height": height, "showing": "" if story.short else f"{plain(str(story.zone))} · {said}"},
    }  # fmt: skip
    if tasks:
        found["xaxis"]["anchor"] = "y2"
        found["yaxis2"] = {
            "range": [-0.12, 1.12], "tickvals": [0, 1], "ticktext": [gettext("all done"), gettext("all open")],
            "fixedrange": True, "zeroline": False, "domain": [0, 0.2],
        }  # fmt: skip
    return found


def _range(known: Sequence[float]) -> list[float]:
    """A little more than what was seen; nothing known: all that can be."""
    if not known:
        return [0, 2]
    low, high = min(known), max(known)
    air = max((high - low) * 0.15, (LEAST_SPAN - (high - low)) / 2, SAME)
    return [round(max(-0.05, low - air), 4), round(min(2.05, high + air), 4)]
