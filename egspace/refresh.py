"""The making of a map as a job: a row that is queued, claimed, kept alive by its progress, and finished once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from cells.clock import lease, wake
from cells.models import Repository
from cells.sentences import Sentence, sentence
from egspace.drawing import served
from egspace.embedding import EmbedderAway, EmbedderBroken, embedder
from egspace.models import Atlas, Refresh
from egspace.projection import ProjectionMissing
from egspace.reckoning.making import digest_of, make

log = logging.getLogger(__name__)

KEPT = 20  # rows per repository
AGAIN = timedelta(minutes=1)  # after an embedder was away

Progress = Callable[[str, int, int], None]


def request(repository: Repository) -> Refresh:
    """Queue one, or return the one that waits already, and wake a worker."""
    with transaction.atomic():
        row, made = Refresh.objects.get_or_create(repository=repository, state=Refresh.QUEUED)
        if made:
            wake("egspace.refresh", refresh_id=row.pk)
    return row


def request_stale() -> int:
    """For the beat: maps and figures of which something changed, whatever signal was lost. Returns how many."""
    found = 0
    for repository in Repository.objects.exclude(head="").select_related("atlas"):
        try:
            digest = digest_of(repository, embedder())
        except EmbedderBroken as broken:
            log.warning("no map of %s: %s", repository, broken)
            continue
        atlas = Atlas.objects.filter(repository=repository).first()
        stale = atlas is None or atlas.digest != digest or served.behind(repository)
        if stale and not _just_failed(repository):
            request(repository)
            found += 1
    return found


def execute(row: Refresh, watch: Progress | None = None) -> Refresh:
    """Do a queued one; returns it finished, or still queued when another one is running."""
    if not _claim(row):
        return row
    began = time.monotonic()
    try:
        progress = _recorder(row, watch)
        result = make(row.repository, progress)
        progress("draw", 0, 1)
        figures = served.prepare(row.repository)
        seconds = round(time.monotonic() - began, 3)
        _finish(row, Refresh.DONE, result=result | {"figures": figures, "seconds": seconds})
    except (EmbedderAway, EmbedderBroken) as refused:
        _finish(row, Refresh.FAILED, error=refused.why)
    except ProjectionMissing as missing:
        why = sentence("The map was not made: %(why)s", why=str(missing))
        _finish(row, Refresh.FAILED, error=why)
    except Exception as error:
        log.exception("%s failed", row)
        why = sentence(
            "Making the map stopped by a fault of ours (%(error)s). The map before it stands.",
            error=repr(error)[:300],
        )
        _finish(row, Refresh.FAILED, error=why)
    queued = Refresh.objects.filter(repository=row.repository, state=Refresh.QUEUED).first()
    if queued:
        wake("egspace.refresh", refresh_id=queued.pk)
    return row


def execute_now(repository: Repository, watch: Progress | None = None) -> Refresh:
    """For a command line that waits: queue, then do it here unless a worker takes it; returns it finished."""
    row, _ = Refresh.objects.get_or_create(repository=repository, state=Refresh.QUEUED)
    while execute(row, watch).state in (Refresh.QUEUED, Refresh.RUNNING):
        time.sleep(0.2)
        settle()
        row.refresh_from_db()
    return row


def settle() -> int:
    """Those whose worker died are failed and queued again; queued ones nobody took are woken. Returns how many."""
    now = timezone.now()
    dead = Refresh.objects.filter(state=Refresh.RUNNING, lease_until__lt=now)
    for row in dead.select_related("repository"):
        why = sentence("The worker stopped in the middle; another one starts over.")
        if dead.filter(pk=row.pk).update(state=Refresh.FAILED, error=why.as_json(), finished_at=now):
            request(row.repository)
    late = Refresh.objects.filter(state=Refresh.QUEUED, queued_at__lt=now - timedelta(seconds=5))
    for row in late:
        wake("egspace.refresh", refresh_id=row.pk)
    return len(late)


def _just_failed(repository: Repository) -> bool:
    """A failure is not repeated every half minute: the same thing would fail again."""
    last = Refresh.objects.filter(repository=repository).first()
    if last is None or last.state != Refresh.FAILED or last.finished_at is None:
        return False
    return last.finished_at > timezone.now() - AGAIN


def _claim(row: Refresh) -> bool:
    try:
        with transaction.atomic():
            taken = Refresh.objects.filter(pk=row.pk, state=Refresh.QUEUED).update(
                state=Refresh.RUNNING, lease_until=lease()
            )
    except IntegrityError:  # one_running_refresh: another one makes this map
        return False
    row.refresh_from_db()
    return taken == 1


def _recorder(row: Refresh, watch: Progress | None) -> Progress:
    """Progress goes to the row (at most four times a second) and to whoever watches."""
    last = 0.0

    def record(step: str, done: int, total: int) -> None:
        nonlocal last
        if watch:
            watch(step, done, total)
        now = time.monotonic()
        if done and done < total and now - last < 0.25:
            return
        last = now
        Refresh.objects.filter(pk=row.pk, state=Refresh.RUNNING).update(
            step=step, done=done, total=total, lease_until=lease()
        )

    return record


def _finish(
    row: Refresh, state: str, *, result: dict[str, Any] | None = None, error: Sentence | None = None
) -> None:
    """Once: what one that was declared dead still finds changes nothing."""
    Refresh.objects.filter(pk=row.pk, state=Refresh.RUNNING).update(
        state=state, result=result or {}, error=error.as_json() if error else None, finished_at=timezone.now(),
        lease_until=None,
    )  # fmt: skip
    row.refresh_from_db()
    keep = Refresh.objects.filter(repository=row.repository).values_list("pk", flat=True)[:KEPT]
    Refresh.objects.filter(repository=row.repository).exclude(pk__in=list(keep)).delete()
