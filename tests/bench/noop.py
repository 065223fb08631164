"""The task that asks are measured against: a message that comes, and nothing to do."""

from __future__ import annotations

from celery import shared_task


@shared_task(name="bench.nothing")
def nothing() -> None:
    pass
