"""The job that makes a repository's map and its figures: asked for by signals, and by the beat for what they missed."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.utils import timezone

from cells import jobs
from cells.jobs import Progress
from cells.models import Repository
from cells.sentences import Sentence, sentence
from egspace.drawing import served
from egspace.embedding import EmbedderBroken, embedder
from egspace.models import Atlas, Refresh
from egspace.reckoning.making import digest_of, make

log = logging.getLogger(__name__)

AGAIN = timedelta(minutes=1)  # after it failed


def request(repository: Repository) -> Refresh:
    """Queue one, or return the one that waits already, and wake a worker."""
    return jobs.queue(Refresh, repository)


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
    return jobs.carry_out(row, lambda progress: _work(row.repository, progress), _fault, watch)


def execute_now(repository: Repository, watch: Progress | None = None) -> Refresh:
    """For a command line that waits: queue, then do it here unless a worker takes it; returns it finished."""
    row, _ = Refresh.objects.get_or_create(repository=repository, state=Refresh.QUEUED)
    return jobs.finished(row, lambda row: execute(row, watch), settle, watch)


def last(repository: Repository) -> int:
    """The one that ended last, 0 before the first: when it is another one, open pages show the map anew."""
    ended = Refresh.objects.filter(repository=repository, state__in=(Refresh.DONE, Refresh.FAILED))
    return ended.order_by("-pk").values_list("pk", flat=True).first() or 0


def settle() -> int:
    """Those whose worker died are queued again; queued ones nobody took are woken. Returns how many."""
    return jobs.settle(Refresh, lambda row: request(row.repository))


def _work(repository: Repository, progress: Progress) -> dict[str, Any]:
    result = make(repository, progress)
    progress("draw", 0, 1)
    return result | {"figures": served.prepare(repository)}


def _fault(error: str) -> Sentence:
    return sentence(
        "Making the map stopped by a fault of ours (%(error)s). The map before it stands.", error=error
    )


def _just_failed(repository: Repository) -> bool:
    """A failure is not repeated every half minute: the same thing would fail again."""
    last = Refresh.objects.filter(repository=repository).first()
    if last is None or last.state != Refresh.FAILED or last.finished_at is None:
        return False
    return last.finished_at > timezone.now() - AGAIN
