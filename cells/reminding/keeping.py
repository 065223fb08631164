"""A person's reminders: made, paused, resumed, deleted. The address of a webhook is a secret and in no audit event."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cells import audit
from cells.models import Reminder, Repository
from cells.models.reminder import WEEK
from cells.permissions import VIEWER, require
from cells.refusals import Refused
from cells.reminding import mailing, posting
from cells.reminding.slots import next_slot
from cells.sentences import sentence

MOST = 10  # reminders of one person
LANGUAGES = ("en", "ja")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for; checked by `add`."""

    channel: str
    hour: int
    minute: int
    weekdays: Collection[int]
    zone: str
    language: str
    address: str = ""
    repository: Repository | None = None


def check(wish: Wish, user: User) -> None:
    """Refuse what could not be kept. Raises Refused."""
    if not (0 <= wish.hour <= 23 and 0 <= wish.minute <= 59):
        raise Refused(sentence("Enter a time between 00:00 and 23:59."))
    if not wish.weekdays or not set(wish.weekdays) <= set(WEEK):
        raise Refused(sentence("Choose at least one day of the week."))
    if wish.zone not in available_timezones():
        raise Refused(
            sentence(
                "There is no time zone %(zone)s; enter one like Asia/Tokyo or Europe/Berlin.",
                zone=wish.zone[:64],
            )
        )
    if wish.language not in LANGUAGES or wish.channel not in Reminder.CHANNELS:
        raise Refused(sentence("Choose mail or a webhook, and English or Japanese."))
    if wish.channel == Reminder.MAIL:
        mailing.check(user)
    elif len(wish.address) > 2000:
        raise Refused(posting.FORM)
    else:
        posting.target(wish.address)


def add(*, user: User, wish: Wish) -> Reminder:
    """A new reminder, due at the next of its times. Raises Refused."""
    require(user, VIEWER)
    check(wish, user)
    with transaction.atomic():
        # Locked, so that two forms sent at once do not both find room.
        User.objects.select_for_update().get(pk=user.pk)
        if user.reminders.count() >= MOST:
            raise Refused(sentence("You have %(most)s reminders; delete one first.", most=MOST))
        row = Reminder.objects.create(
            user=user, channel=wish.channel, address=wish.address if wish.channel == Reminder.WEBHOOK else "",
            hour=wish.hour, minute=wish.minute, weekdays=sorted(set(wish.weekdays)), zone=wish.zone,
            language=wish.language, repository=wish.repository, next_at=_next(wish),
        )  # fmt: skip
        audit.record(actor=user, verb="add_reminder", subject=row, repository=_where(row), after=_told(row))
    return row


def pause(*, reminder: Reminder, by: User) -> None:
    """Nothing is sent until it is resumed; a second pause changes nothing. Raises Refused."""
    _check_owner(reminder, by)
    with transaction.atomic():
        if Reminder.objects.filter(pk=reminder.pk, paused=False).update(
            paused=True, next_at=None, attempts=0
        ):
            audit.record(
                actor=by,
                verb="pause_reminder",
                subject=reminder,
                repository=_where(reminder),
                after={"paused": True},
            )


def resume(*, reminder: Reminder, by: User) -> None:
    """Due at the next of its times; earlier failures are forgotten. Raises Refused."""
    require(by, VIEWER)
    _check_owner(reminder, by)
    if reminder.channel == Reminder.MAIL:
        mailing.check(by)
    now = {"paused": False, "next_at": _next(reminder), "attempts": 0, "failures": 0, "failed": None}
    with transaction.atomic():
        if Reminder.objects.filter(pk=reminder.pk, paused=True).update(**now):
            audit.record(
                actor=by,
                verb="resume_reminder",
                subject=reminder,
                repository=_where(reminder),
                after={"paused": False},
            )


def delete(*, reminder: Reminder, by: User) -> None:
    """Gone, its address with it. Raises Refused."""
    _check_owner(reminder, by)
    with transaction.atomic():
        if Reminder.objects.filter(pk=reminder.pk).delete()[0]:
            audit.record(
                actor=by,
                verb="delete_reminder",
                subject=reminder,
                repository=_where(reminder),
                before=_told(reminder),
            )


def give_up(reminder: Reminder, **fields: Any) -> None:
    """Paused by the worker, because nothing arrives or nobody may read it; the account page says why."""
    with transaction.atomic():
        rows = Reminder.objects.filter(pk=reminder.pk, paused=False)
        if rows.update(paused=True, next_at=None, attempts=0, **fields):
            audit.record(
                actor="remind",
                verb="pause_reminder",
                subject=reminder,
                repository=_where(reminder),
                after={"paused": True},
            )


def _check_owner(reminder: Reminder, by: User) -> None:
    if reminder.user_id != by.pk:
        raise Refused(sentence("This reminder belongs to someone else."))


def _next(it: Reminder | Wish) -> Any:
    return next_slot(it.hour, it.minute, it.weekdays, it.zone, timezone.now())


def _told(row: Reminder) -> dict[str, Any]:
    return {
        "channel": row.channel, "at": f"{row.hour:02}:{row.minute:02}", "weekdays": row.weekdays, "zone": row.zone,
        "language": row.language,
    }  # fmt: skip


def _where(row: Reminder) -> str:
    return row.repository.key if row.repository else ""
