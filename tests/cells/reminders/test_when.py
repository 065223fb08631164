"""When a reminder is sent: once, at its time, to whoever still may see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cells.models import Reminder, Repository
from cells.refusals import say
from cells.reminding import keeping, sending
from cells.reminding.slots import next_slot
from tests.cells.reminders.sent import EVERY_DAY, at_its_time, due, tick

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("zone", "hour", "after", "expected"),
    [
        ("Asia/Tokyo", 8, "2026-11-26T23:29:00+00:00", "2026-11-26T23:30:00+00:00"),
        ("Asia/Tokyo", 8, "2026-11-26T23:30:00+00:00", "2026-11-27T23:30:00+00:00"),
        # Clocks go forward on 29 March: 02:30 does not exist and is kept at 03:30 summer time.
        ("Europe/Berlin", 2, "2026-03-28T12:00:00+00:00", "2026-03-29T01:30:00+00:00"),
        ("Europe/Berlin", 2, "2026-03-29T01:30:00+00:00", "2026-03-30T00:30:00+00:00"),
        # Clocks go back on 25 October: 02:30 comes twice and is used once.
        ("Europe/Berlin", 2, "2026-10-24T12:00:00+00:00", "2026-10-25T00:30:00+00:00"),
        ("Europe/Berlin", 2, "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"),
        ("Europe/Berlin", 8, "2026-10-24T12:00:00+00:00", "2026-10-25T07:30:00+00:00"),
        # A whole day that never was.
        ("Pacific/Apia", 8, "2011-12-29T20:00:00+00:00", "2011-12-30T18:30:00+00:00"),
    ],
)
def test_the_next_time_is_told_by_the_clock_of_the_zone(
    zone: str, hour: int, after: str, expected: str
) -> None:
    found = next_slot(hour, 30, EVERY_DAY, zone, datetime.fromisoformat(after))
    assert found == datetime.fromisoformat(expected)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.integers(0, 23),
    st.sets(st.integers(1, 7), min_size=1),
    st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_a_next_time_is_later_on_a_chosen_day_and_within_a_week(
    after: datetime, hour: int, weekdays: set[int], zone: str
) -> None:
    now = after.replace(tzinfo=UTC)
    found = next_slot(hour, 15, weekdays, zone, now)
    assert now < found <= now + timedelta(days=7, hours=2)
    assert next_slot(hour, 15, weekdays, zone, found) > found + timedelta(hours=20)


def test_a_time_is_used_once_however_many_workers_come(bakery: Repository, rin: User) -> None:
    row = due(rin)
    twin = Reminder.objects.select_related("user", "repository").get(pk=row.pk)
    assert sending.send(row)
    assert not sending.send(twin)
    assert len(mail.outbox) == 1


def test_a_worker_that_dies_in_between_never_says_it_twice(
    bakery: Repository, rin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = due(rin)

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(sending, "deliver", killed)
        with pytest.raises(SystemExit):
            sending.send(row)
    tick()
    assert mail.outbox == []
    at_its_time(row)
    tick()
    assert len(mail.outbox) == 1


def test_what_is_hours_late_waits_for_its_next_time(bakery: Repository, rin: User) -> None:
    row = due(rin)
    Reminder.objects.filter(pk=row.pk).update(next_at=timezone.now() - timedelta(hours=4))
    tick()
    row.refresh_from_db()
    assert mail.outbox == []
    assert row.next_at
    assert row.next_at > timezone.now()
    assert row.failures == 0


def test_a_paused_one_is_not_sent_and_comes_back_at_its_next_time(bakery: Repository, rin: User) -> None:
    row = due(rin)
    keeping.pause(reminder=row, by=rin)
    tick()
    assert mail.outbox == []
    keeping.resume(reminder=row, by=rin)
    row.refresh_from_db()
    assert row.next_at
    assert row.next_at > timezone.now()


def test_who_lost_the_right_is_told_nothing(bakery: Repository, rin: User) -> None:
    row = due(rin)
    rin.groups.clear()
    tick()
    row.refresh_from_db()
    assert mail.outbox == []
    assert row.paused
    assert "may not see the swarm any more" in say(row.failed)
