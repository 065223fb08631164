"""When a reminder is due next, in its own time zone, over daylight-saving changes. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_slot(hour: int, minute: int, weekdays: Collection[int], zone: str, after: datetime) -> datetime:
    """The first moment after `after` at which the clock of the zone shows the time, on one of the weekdays (1 to 7).

    A time that a change of clocks skips is kept an hour later by the new clock; of one that comes twice, the first counts.
    """
    there = ZoneInfo(zone)
    today = after.astimezone(there).date()
    # From yesterday on: a zone can be set back over midnight. Eight days hold every weekday after today.
    for days in range(-1, 9):
        day = today + timedelta(days=days)
        found = datetime.combine(day, time(hour, minute), there).astimezone(UTC)
        if day.isoweekday() in weekdays and found > after:
            return found
    raise ValueError(f"no weekday in {sorted(weekdays)}")
