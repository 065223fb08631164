"""The sync job: a row that is queued, claimed, kept alive by its progress, and finished once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from cells import audit
from cells.clock import lease, wake
from cells.hosts.source import SourceUnreadable
from cells.models import Repository, SyncRun
from cells.permissions import OPERATOR, require
from cells.sentences import sentence
from cells.sync.reading import read

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]


def ask(repository: Repository, by: User) -> SyncRun:
    """A person presses *Sync*: needs the right, leaves an audit event. Raises Forbidden."""
    require(by, OPERATOR)
    with transaction.atomic():
        audit.record(actor=by, verb="sync", subject=repository, repository=repository.key)
        return request(repository, asked_by=by.get_username())


def request(repository: Repository, asked_by: str = "") -> SyncRun:
    """Queue a run, or return the one already waiting, and wake a worker."""
    with transaction.atomic():
        run, _ = SyncRun.objects.get_or_create(
            repository=repository, state=SyncRun.QUEUED, defaults={"asked_by": asked_by}
        )
        wake("cells.run_sync", run_id=run.pk)
    return run


def execute(run: SyncRun, watch: Progress | None = None) -> SyncRun:
    """Do a queued run; returns it finished, or still queued when another one is running."""
    if not _claim(run):
        return run
    began = time.monotonic()
    try:
        result = read(run.repository, _recorder(run, watch))
        _finish(run, SyncRun.DONE, result=result | {"seconds": round(time.monotonic() - began, 3)})
    except SourceUnreadable as unreadable:
        _finish(run, SyncRun.FAILED, error=unreadable.why.as_json())
    except Exception as error:
        log.exception("sync of %s failed", run.repository)
        why = sentence(
            "Sync stopped by a fault of ours (%(error)s). What was read before stands.",
            error=repr(error)[:300],
        )
        _finish(run, SyncRun.FAILED, error=why.as_json())
    queued = SyncRun.objects.filter(repository=run.repository, state=SyncRun.QUEUED).first()
    if queued:
        wake("cells.run_sync", run_id=queued.pk)
    return run


def execute_now(repository: Repository, asked_by: str, watch: Progress | None = None) -> SyncRun:
    """For a command line that waits: queue, then run here unless a worker takes the run; returns it finished."""
    run, _ = SyncRun.objects.get_or_create(
        repository=repository, state=SyncRun.QUEUED, defaults={"asked_by": asked_by}
    )
    while execute(run, watch).state in (SyncRun.QUEUED, SyncRun.RUNNING):
        time.sleep(0.2)
        settle()
        run.refresh_from_db()
        if watch and run.step:  # somebody else runs it
            watch(run.step, run.done, run.total)
    return run


def settle() -> int:
    """Runs whose worker died are failed and queued again; queued ones nobody took are woken. Returns how many."""
    now = timezone.now()
    dead = SyncRun.objects.filter(state=SyncRun.RUNNING, lease_until__lt=now)
    for run in dead.select_related("repository"):
        why = sentence("The worker stopped in the middle; another one starts over.")
        if dead.filter(pk=run.pk).update(state=SyncRun.FAILED, error=why.as_json(), finished_at=now):
            request(run.repository, run.asked_by)
    late = SyncRun.objects.filter(state=SyncRun.QUEUED, queued_at__lt=now - timedelta(seconds=5))
    for run in late:
        wake("cells.run_sync", run_id=run.pk)
    return len(late)


def _claim(run: SyncRun) -> bool:
    try:
        with transaction.atomic():
            taken = SyncRun.objects.filter(pk=run.pk, state=SyncRun.QUEUED).update(
                state=SyncRun.RUNNING, lease_until=lease()
            )
    except IntegrityError:  # one_running_sync: another run holds the repository
        return False
    run.refresh_from_db()
    return taken == 1


def _recorder(run: SyncRun, watch: Progress | None) -> Progress:
    """Progress goes to the row (at most four times a second) and to whoever watches."""
    last_at, last_step = 0.0, ""

    def record(step: str, done: int, total: int) -> None:
        nonlocal last_at, last_step
        if watch:
            watch(step, done, total)
        now = time.monotonic()
        if step == last_step and done < total and now - last_at < 0.25:
            return
        last_at, last_step = now, step
        rows = SyncRun.objects.filter(pk=run.pk, state=SyncRun.RUNNING)
        rows.update(step=step, done=done, total=total, lease_until=lease())

    return record


def _finish(
    run: SyncRun, state: str, *, result: dict[str, Any] | None = None, error: dict[str, Any] | None = None
) -> None:
    """Once: what a run that was declared dead still finds changes nothing."""
    SyncRun.objects.filter(pk=run.pk, state=SyncRun.RUNNING).update(
        state=state, result=result or {}, error=error, finished_at=timezone.now(), lease_until=None
    )
    run.refresh_from_db()
    keep = SyncRun.objects.filter(repository=run.repository).values_list("pk", flat=True)[:50]
    SyncRun.objects.filter(repository=run.repository).exclude(pk__in=list(keep)).delete()
