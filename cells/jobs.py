"""The life of a job: queued, claimed, kept alive by its progress, and finished once, whoever delivers it how often."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone

from cells.clock import lease, wake
from cells.models import Repository
from cells.models.job import Job
from cells.sentences import Sentence, sentence

log = logging.getLogger(__name__)

KEPT = 50  # rows of one kind per repository

J = TypeVar("J", bound=Job)
Progress = Callable[[str, int, int], None]  # step, done, of how many
Work = Callable[[Progress], dict[str, Any]]


def queue(kind: type[J], repository: Repository, **said: object) -> J:
    """A new one, or the one that waits already; a worker is woken."""
    with transaction.atomic():
        job, _ = kind._default_manager.get_or_create(repository=repository, state=kind.QUEUED, defaults=said)
        wake(kind.task, run_id=job.pk)
    return job


def carry_out(job: J, work: Work, fault: Callable[[str], Sentence], watch: Progress | None = None) -> J:
    """Do a queued one; returns it finished, or still queued when another one holds the repository.

    An error that carries its own sentence (`why`) ends it with that; any other is ours, and told by `fault`.
    """
    if not _claim(job):
        return job
    began = time.monotonic()
    try:
        result = work(_recorder(job, watch))
        _finish(job, job.DONE, result=result | {"seconds": round(time.monotonic() - began, 3)})
    except Exception as error:
        why = getattr(error, "why", None)
        if not isinstance(why, Sentence):
            log.exception("%s failed", job)
            why = fault(repr(error)[:300])
        _finish(job, job.FAILED, error=why)
    waiting = _beside(job).filter(state=job.QUEUED).first()
    if waiting:
        wake(job.task, run_id=waiting.pk)
    return job


def finished(
    job: J, execute: Callable[[J], object], settle: Callable[[], object], watch: Progress | None = None
) -> J:
    """For a command line that waits: do it here unless a worker takes it; returns it finished."""
    while True:
        execute(job)
        if job.state not in (job.QUEUED, job.RUNNING):
            return job
        time.sleep(0.2)
        settle()
        job.refresh_from_db()
        if watch and job.step:  # somebody else does it
            watch(job.step, job.done, job.total)


def settle(kind: type[J], again: Callable[[J], object]) -> int:
    """Those whose worker died are failed and asked for `again`; queued ones nobody took are woken. Returns how many."""
    now = timezone.now()
    dead = kind._default_manager.filter(state=kind.RUNNING, lease_until__lt=now)
    for job in dead.select_related("repository"):
        why = sentence("The worker stopped in the middle; another one starts over.")
        if dead.filter(pk=job.pk).update(state=kind.FAILED, error=why.as_json(), finished_at=now):
            again(job)
    late = kind._default_manager.filter(state=kind.QUEUED, queued_at__lt=now - timedelta(seconds=5))
    for job in late:
        wake(kind.task, run_id=job.pk)
    return len(late)


def _beside(job: J) -> Any:
    """Jobs of its kind on its repository, itself included."""
    return type(job)._default_manager.filter(repository=job.repository)


def _claim(job: J) -> bool:
    rows = type(job)._default_manager.filter(pk=job.pk, state=job.QUEUED)
    try:
        with transaction.atomic():
            taken = rows.update(state=job.RUNNING, lease_until=lease())
    except IntegrityError:  # only one may run: another one holds the repository
        return False
    job.refresh_from_db()
    return taken == 1


def _recorder(job: J, watch: Progress | None) -> Progress:
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
        rows = type(job)._default_manager.filter(pk=job.pk, state=job.RUNNING)
        rows.update(step=step, done=done, total=total, lease_until=lease())

    return record


def _finish(
    job: J, state: str, *, result: dict[str, Any] | None = None, error: Sentence | None = None
) -> None:
    """Once: what one that was declared dead still finds changes nothing."""
    type(job)._default_manager.filter(pk=job.pk, state=job.RUNNING).update(
        state=state, result=result or {}, error=error.as_json() if error else None, finished_at=timezone.now(),
        lease_until=None,
    )  # fmt: skip
    job.refresh_from_db()
    keep = _beside(job).values_list("pk", flat=True)[:KEPT]
    _beside(job).exclude(pk__in=list(keep)).delete()
