"""Asking by itself: a cell whose cadence has passed is asked again, when there is something new to ask about."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from cells.asks import asking, life, modes
from cells.models import Ask, Cell, Evidence, Patch
from cells.patches import life as patch_life
from cells.refusals import Refused

WORDS = {
    "hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30), "quarterly": timedelta(days=91),
    "毎時": timedelta(hours=1), "毎日": timedelta(days=1), "毎週": timedelta(weeks=1), "毎月": timedelta(days=30),
}  # fmt: skip
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
EVERY = re.compile(r"(?:every )?(\d{1,4}) ?(m|h|d|w)(?:in(?:ute)?s?|ours?|ays?|eeks?)?")
SHORTEST = timedelta(minutes=5)


def interval(cadence: str) -> timedelta | None:
    """ "daily", "weekly", "every 6 hours", "30m", "毎日": as a time; None for a word nobody can keep."""
    word = " ".join(cadence.casefold().split())
    if word in WORDS:
        return WORDS[word]
    found = EVERY.fullmatch(word)
    if not found or not int(found[1]):
        return None
    return max(SHORTEST, timedelta(**{UNITS[found[2]]: int(found[1])}))


def start_due(now: datetime | None = None) -> list[Ask]:
    """Start an ask for every active cell that is due; returns them."""
    now = now or timezone.now()
    cells = Cell.objects.filter(stage=Cell.ACTIVE).exclude(cadence="").exclude(ask_modes=[])
    rows = cells.select_related("repository", "lane", "project").annotate(last=Max("asks__created_at"))
    started = []
    for cell in rows:
        if due(cell, cell.last, now):
            try:
                mode = cell.ask_modes[0]
                about = subject(cell, mode)
                started.append(asking.start(cell=cell, mode=mode, by=None, door="schedule", subject=about))
            except Refused:
                continue  # the page of the cell shows why it cannot be asked
    return started


def subject(cell: Cell, mode: str) -> Patch | None:
    """For a mode that asks about patches: the cell's newest waiting one that nobody asked about yet."""
    waiting = cell.patches.filter(state=patch_life.PROPOSED).exclude(asks_about__mode=mode)
    return waiting.first() if mode in modes.modes() and modes.mode(mode).about_patch else None


def due(cell: Cell, last: datetime | None, now: datetime) -> bool:
    """Its cadence has passed since the last ask (or since we know it), nothing is under way, evidence is newer."""
    every = interval(cell.cadence)
    if every is None or now - (last or cell.repository.created_at) < every:
        return False
    if cell.asks.filter(state__in=life.OPEN).exists():
        return False
    # What an ask lands comes back from GitHub as merged: that is no news to ask about.
    own = cell.evidence.filter(source=Evidence.SSOT, current=True)
    return last is None or own.filter(read_at__gt=last).exists()
