"""Doors for Celery: each task loads its row and calls one verb. Delivered twice, nothing happens twice."""

from __future__ import annotations

from celery import shared_task

from egspace import refresh as refreshing
from egspace.models import Refresh


@shared_task(name="egspace.refresh")
def refresh(*, run_id: int, **_: object) -> None:
    row = Refresh.objects.select_related("repository").filter(pk=run_id).first()
    if row and row.state == Refresh.QUEUED:
        refreshing.execute(row)


@shared_task(name="egspace.refresh_all")
def refresh_all(**_: object) -> None:
    refreshing.settle()
    refreshing.request_stale()
