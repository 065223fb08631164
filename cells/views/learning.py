"""How well are we deciding: a quiet page of figures to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.timesince import timesince

from cells import learning as reckoning
from cells.learning.shapes import Figures, Spread, Week
from cells.patches import planting
from cells.permissions import OPERATOR, may
from cells.views.chosen import Asked, chosen_or_404, viewer

HEIGHT, STEP = 60, 10  # of the drawing of the weeks, and of one week in it
ZERO = datetime(2001, 1, 1, tzinfo=UTC)
OWN = 10  # test proposals that are listed for whoever planted them


@dataclass(frozen=True, slots=True)
class Bar:
    """One week of the drawing."""

    x: int
    y: int
    height: int
    week: Week


@dataclass(frozen=True, slots=True)
class Said:
    """How long it took, in words: of half of them, and of nine in ten."""

    name: str
    count: int
    median: str
    ninth: str


@viewer
def learning(request: Asked) -> HttpResponse:
    """/learning/?repo=&weeks= — nothing of it is about anybody but the reader."""
    repository = chosen_or_404(request)
    asked = request.GET.get("weeks", "")
    weeks = int(asked) if asked in map(str, reckoning.WEEKS) else reckoning.USUAL
    found = reckoning.figures(repository, weeks)
    context = {
        "repository": repository, "of": found, "windows": reckoning.WEEKS, "bars": bars(found),
        "yours": reckoning.yours(repository, request.user, found), "all_times": said("", found.times.all),
        "lane_times": [said(name, spread) for name, spread in found.times.lanes],
        "week_times": [(week.begins, said("", week.spread)) for week in reversed(found.times.weeks)],
        "width": STEP * weeks, "height": HEIGHT,
    }  # fmt: skip
    if may(request.user, OPERATOR):
        context |= {
            "planted_waiting": planting.waiting(repository),
            "planted": planting.planted_by(repository, request.user)[:OWN],
        }
    return render(request, "cells/learning.html", context)


def bars(found: Figures) -> list[Bar]:
    """Decisions per week, the oldest left; as high as their number beside the highest."""
    highest = max((week.spread.count for week in found.times.weeks), default=0) or 1
    drawn = []
    for number, week in enumerate(found.times.weeks):
        height = -(-HEIGHT * week.spread.count // highest)
        drawn.append(Bar(number * STEP, HEIGHT - height, height, week))
    return drawn


def said(name: str, spread: Spread) -> Said:
    return Said(name, spread.count, length(spread.median), length(spread.ninth))


def length(seconds: int | None) -> str:
    """A time span in words, in its two largest units; nothing where there is none."""
    if seconds is None:
        return "–"
    return str(timesince(ZERO, ZERO + timedelta(seconds=max(seconds, 60)), depth=2))
