"""Ages turned into moments, and moments written the ways a Japanese company writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

JST = timezone(timedelta(hours=9))
DESK_HOURS = range(8, 21)


@dataclass(frozen=True, slots=True)
class Clock:
    """`now` is aware; every moment handed out is aware and cut to whole seconds."""

    now: datetime

    def ago(self, age: float) -> datetime:
        return (self.now - timedelta(days=age)).astimezone(UTC).replace(microsecond=0)

    def at_desk(self, age: float) -> datetime:
        """The last hour before that moment in which people in Japan sit at a desk (never later than asked)."""
        moment = self.ago(age).astimezone(JST)
        if moment.hour < DESK_HOURS.start:
            return (moment - timedelta(days=1)).replace(hour=13 + moment.hour)
        return moment.replace(hour=min(moment.hour, DESK_HOURS[-1]))

    def age(self, moment: datetime) -> float:
        return (self.now - moment) / timedelta(days=1)

    def day(self, age: float) -> str:
        """The date in Japan, as 2026-11-22."""
        return self.ago(age).astimezone(JST).strftime("%Y-%m-%d")


def utc_stamp(moment: datetime) -> str:
    """20261122T003000Z."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def jst_stamp(moment: datetime) -> str:
    """20261122_093000, the clock on the wall without saying so."""
    return moment.astimezone(JST).strftime("%Y%m%d_%H%M%S")


def utc_text(moment: datetime) -> str:
    """2026-11-22T00:30:00Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def jst_text(moment: datetime) -> str:
    """2026-11-22T09:30:00+09:00."""
    return moment.astimezone(JST).isoformat(timespec="seconds")


def jst_day(moment: datetime) -> str:
    return moment.astimezone(JST).strftime("%Y-%m-%d")
