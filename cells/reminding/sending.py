"""Sending what is due: at most once for each time.

The next time is written before anything is sent. A worker that dies in between loses one digest and never sends one twice;
what it would have said still waits and is in the next one.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone, translation

from cells.clock import wake
from cells.models import Reminder
from cells.permissions import VIEWER, may, require
from cells.refusals import Refused
from cells.reminding import keeping, mailing, posting, telling
from cells.reminding.digest import Digest, content
from cells.reminding.slots import next_slot
from cells.reminding.unsent import Unsent
from cells.sentences import sentence

log = logging.getLogger(__name__)

BACKOFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))  # between tries of one digest
LATE = timedelta(hours=3)  # later than this a digest is nobody's morning any more; the next one comes
FAILURES = 5  # digests in a row until it pauses
PAUSE = timedelta(minutes=1)  # between two that one person has sent at once
BLIND = sentence("Paused, because you may not see the swarm any more; an operator can give you the right.")
FAULT = sentence("It could not be sent by a fault of ours; an operator finds more in the log.")


def wake_due(now: datetime | None = None) -> int:
    """Start a job for each reminder that is due; returns how many. Started twice, one is sent."""
    due = Reminder.objects.filter(next_at__lte=now or timezone.now()).order_by("next_at")
    keys = list(due.values_list("pk", flat=True))
    for key in keys:
        wake("cells.send_reminder", reminder_id=key)
    return len(keys)


def send(reminder: Reminder, now: datetime | None = None) -> bool:
    """Send what a due reminder has to say; True when something went out."""
    now = now or timezone.now()
    slot = reminder.next_at
    if slot is None or slot > now or not _claim(reminder, slot, now) or now - slot > LATE:
        return False
    if not may(reminder.user, VIEWER):
        keeping.give_up(reminder, failed=BLIND.as_json())
        return False
    try:
        said = content(reminder)
        if said:
            deliver(reminder, said)
    except Unsent as unsent:
        _failed(reminder, unsent, now)
        return False
    except Exception as error:
        # Without the traceback: a text in it may hold the address.
        log.error("%s failed: %s", reminder, type(error).__name__)
        _failed(reminder, Unsent(FAULT), now)
        return False
    _done(reminder, said, now)
    return bool(said)


def deliver(reminder: Reminder, said: Digest) -> None:
    """Hand a digest to its channel, in its language. Raises Unsent."""
    with translation.override(reminder.language):
        if reminder.channel == Reminder.MAIL:
            mailing.post(reminder.user, telling.subject(said), telling.mail(said, reminder.zone))
        else:
            posting.post(reminder.address, telling.chat(said, reminder.zone))


def send_one_now(reminder: Reminder, now: datetime | None = None) -> None:
    """Its owner wants to see that it arrives; the regular ones take no notice. Raises Refused with why it does not."""
    now = now or timezone.now()
    require(reminder.user, VIEWER)
    mine, long_ago = Reminder.objects.filter(user=reminder.user), now - PAUSE
    free = mine.filter(pk=reminder.pk).filter(Q(tested_at=None) | Q(tested_at__lt=long_ago))
    if mine.filter(tested_at__gte=long_ago).exists() or free.update(tested_at=now) != 1:
        raise Refused(sentence("One was sent less than a minute ago; wait a little."))
    try:
        deliver(reminder, content(reminder))
    except Unsent as unsent:
        raise Refused(unsent.why) from unsent


def _claim(reminder: Reminder, slot: datetime, now: datetime) -> bool:
    """Move the next time on; False when somebody else did, or it was paused or deleted."""
    reminder.next_at = next_slot(reminder.hour, reminder.minute, reminder.weekdays, reminder.zone, now)
    return Reminder.objects.filter(pk=reminder.pk, next_at=slot).update(next_at=reminder.next_at) == 1


def _done(reminder: Reminder, said: Digest, now: datetime) -> None:
    fresh: dict[str, object] = {"attempts": 0, "failures": 0, "failed": None}
    if said:
        fresh |= {"last_sent_at": now, "last_digest": said.hash}
    Reminder.objects.filter(pk=reminder.pk).update(**fresh)


def _failed(reminder: Reminder, unsent: Unsent, now: datetime) -> None:
    """Tried again a little later while that can help and comes before the next time; then this digest has failed."""
    attempts = reminder.attempts
    again = now + BACKOFF[attempts] if unsent.again and attempts < len(BACKOFF) else None
    row = Reminder.objects.filter(pk=reminder.pk, next_at=reminder.next_at)
    if again and reminder.next_at and again < reminder.next_at:
        row.update(next_at=again, attempts=attempts + 1, failed=unsent.why.as_json())
        return
    failures = reminder.failures + 1
    if failures < FAILURES:
        row.update(attempts=0, failures=failures, failed=unsent.why.as_json())
        return
    why = sentence(
        "Paused, because %(times)s digests in a row did not arrive: %(why)s", times=failures, why=unsent.why
    )
    keeping.give_up(reminder, failures=failures, failed=why.as_json())
