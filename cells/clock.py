"""Waking workers up. The row is the job: when the broker is away, the sweeper finds the row."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from celery import Task, current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone

log = logging.getLogger(__name__)


def lease() -> datetime:
    """Until when a job that is claimed or shows progress now counts as alive."""
    return timezone.now() + timedelta(seconds=settings.VPM_LEASE)


def wake(task: str, *, after: int = 0, **arguments: object) -> None:
    """Send a task once the transaction is committed, to start `after` seconds later; a dead broker is logged, never raised."""
    transaction.on_commit(lambda: _send(current_app.tasks[task], arguments, after))


def _send(task: Task, arguments: dict[str, object], after: int) -> None:
    try:
        task.apply_async(kwargs=arguments, retry=False, countdown=after or None)
    except Exception as error:  # any transport fails in its own way; the row waits for the sweeper
        log.warning("the broker is away (%s); %s waits for the sweeper", error, task.name)
