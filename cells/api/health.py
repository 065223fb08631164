"""What is up: for load balancers, for `docker compose`, and for a person who wonders why nothing moves."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.models import Max
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from kombu import Connection
from ninja import Router
from ninja.responses import Status

from cells.api.schemas import ReadingOut, UpOut
from cells.models import Patch, Repository, SyncRun

router = Router(tags=["health"])
log = logging.getLogger(__name__)

PATIENCE = 2  # seconds until a silent broker counts as down
MISSED = 5  # beats a worker may miss


@router.get("/health", auth=None, response={200: UpOut, 503: UpOut})
def of_the_api(request: HttpRequest) -> Status[UpOut]:
    """What is up; 503 when the database is down. Needs no token."""
    return Status(*answer())


@login_not_required
def page(request: HttpRequest) -> JsonResponse:
    """/health: the same for whoever knows no API."""
    status, found = answer()
    return JsonResponse(found.dict(), status=status)


def answer() -> tuple[int, UpOut]:
    """The HTTP status and what is up."""
    broker = reach_broker()
    try:
        connection.ensure_connection()
        worker, reading = last_job(), readings()
    except DatabaseError as error:
        log.warning("the database is down: %s", error)
        return 503, UpOut(status="down", database="down", broker=broker, worker=None, repositories=None)
    silent = reading.known > 0 and (worker is None or worker > MISSED * settings.VPM_SYNC_EVERY)
    well = broker == "up" and not silent and not reading.failing
    return 200, UpOut(
        status="ok" if well else "degraded", database="up", broker=broker, worker=worker, repositories=reading
    )  # fmt: skip


def reach_broker() -> str:
    """Ask the broker for its queue; a queue that is not there yet is an answer too."""
    url = settings.CELERY_BROKER_URL
    options = (
        {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE} if url.startswith("redis") else {}
    )
    broker = Connection(url, connect_timeout=PATIENCE, transport_options=options)
    try:
        with broker:
            broker.default_channel.queue_declare("celery", passive=True)
    except broker.channel_errors:
        return "up"
    except Exception as error:  # any transport fails in its own way
        log.warning("the broker is down: %s", error)
        return "down"
    return "up"


def last_job() -> float | None:
    """Seconds since a worker last finished something; beat sees to it that there is always something to do."""
    read: datetime | None = SyncRun.objects.aggregate(at=Max("finished_at"))["at"]
    landed: datetime | None = Patch.objects.aggregate(at=Max("landed_at"))["at"]
    times = [at for at in (read, landed) if at]
    return round((timezone.now() - max(times)).total_seconds(), 1) if times else None


def readings() -> ReadingOut:
    """How the last finished reading of each repository ended."""
    ended = SyncRun.objects.filter(state__in=(SyncRun.DONE, SyncRun.FAILED)).values("repository")
    last = SyncRun.objects.filter(pk__in=ended.annotate(last=Max("pk")).values("last"))
    return ReadingOut(known=Repository.objects.count(), failing=last.filter(state=SyncRun.FAILED).count())
