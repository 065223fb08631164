"""The sync job: one reading of a repository, asked for by a person, the beat or a landing."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from cells import audit, jobs
from cells.jobs import Progress
from cells.models import Repository, SyncRun
from cells.permissions import OPERATOR, require
from cells.sentences import Sentence, sentence
from cells.sync.reading import read


def ask(repository: Repository, by: User) -> SyncRun:
    """A person presses *Sync*: needs the right, leaves an audit event. Raises Forbidden."""
    require(by, OPERATOR)
    with transaction.atomic():
        audit.record(actor=by, verb="sync", subject=repository, repository=repository.key)
        return request(repository, asked_by=by.get_username())


def request(repository: Repository, asked_by: str = "") -> SyncRun:
    """Queue a run, or return the one already waiting, and wake a worker."""
    return jobs.queue(SyncRun, repository, asked_by=asked_by)


def execute(run: SyncRun, watch: Progress | None = None) -> SyncRun:
    """Do a queued run; returns it finished, or still queued when another one is running."""
    return jobs.carry_out(run, lambda progress: read(run.repository, progress), _fault, watch)


def execute_now(repository: Repository, asked_by: str, watch: Progress | None = None) -> SyncRun:
    """For a command line that waits: queue, then run here unless a worker takes the run; returns it finished."""
    run, _ = SyncRun.objects.get_or_create(
        repository=repository, state=SyncRun.QUEUED, defaults={"asked_by": asked_by}
    )
    return jobs.finished(run, lambda run: execute(run, watch), settle, watch)


def settle() -> int:
    """Runs whose worker died are queued again; queued ones nobody took are woken. Returns how many."""
    return jobs.settle(SyncRun, lambda run: request(run.repository, run.asked_by))


def _fault(error: str) -> Sentence:
    return sentence("Sync stopped by a fault of ours (%(error)s). What was read before stands.", error=error)
