"""An approved patch that cannot land now waits, ends, or fails: each with its sentence, and a time for the next look."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from django.utils import timezone

from cells.clock import lease, wake
from cells.hosts.github.client import Unanswered
from cells.hosts.source import SourceUnreadable
from cells.models import GitHubConnection, Patch, PullRequest
from cells.patches import landing, life
from cells.patches.agreed import Stale
from cells.pulls.opening import Impossible, Later
from cells.pulls.steps import LATER, RARELY, SOON
from cells.refusals import Refused
from cells.sentences import Sentence, sentence

log = logging.getLogger(__name__)

AWAY = 60  # seconds until GitHub, which did not answer, is asked again
EACH = 6  # seconds for each that waits here: at four requests a look, half of what GitHub allows in an hour
SLOWER = 6  # the next look comes after a sixth of the time that was waited already
IN_A_ROW = 5  # looks that come soon; the one after them comes later
APART = timedelta(seconds=10)  # between two looks, however many deliveries ask for one
UNSEEN = (401, 403, 404, 410)  # a right is missing: that changes when a person changes it

FAULT = sentence("A fault of ours; the log says which.")


def rests(patch: Patch, connection: GitHubConnection) -> bool:
    """Whether GitHub wants to be left alone; then nobody looks before."""
    until = connection.rest_until
    if until is None or until <= timezone.now():
        return False
    time = timezone.localtime(until).strftime("%Y-%m-%d %H:%M")
    why = sentence("GitHub takes no requests from us until %(time)s.", time=time)
    wait(patch, why, int((until - timezone.now()).total_seconds()) + 1)
    return True


def limited(connection: GitHubConnection) -> bool:
    connection.refresh_from_db(fields=["rest_until"])
    return connection.rest_until is not None and connection.rest_until > timezone.now()


def due(patch: Patch, now: datetime) -> bool:
    """Whether it is time for a look: the first one after the approval, or the next one that was asked for."""
    held, pull = patch.lease_until, patch.pull
    return held is None or (held <= now and (pull is None or pull.look_at is None or pull.look_at <= now))


def takes(patch: Patch) -> bool:
    """Whether this worker looks now: nobody else does. The look of one that dies comes back when its lease has ended."""
    now = timezone.now()
    if not due(patch, now):
        return False
    mine = Patch.objects.filter(pk=patch.pk, state=life.APPROVED, lease_until=patch.lease_until)
    held = now + APART if patch.pull else lease()
    if not mine.update(lease_until=held):
        return False
    patch.lease_until = held
    if patch.pull:
        patch.pull.look_at = lease()
        PullRequest.objects.filter(pk=patch.pull.pk).update(look_at=patch.pull.look_at)
    return True


@contextmanager
def stopping(patch: Patch) -> Iterator[None]:
    """What becomes of an approved patch whose next step was not to be done. Who came too late does nothing."""
    try:
        try:
            yield
        except Stale as stale:
            landing.give_back(patch, stale)
        except landing.Unread:
            wake("cells.sync", repository_id=patch.repository_id)
            wait(patch, None, SOON)
        except Later as later:
            wait(patch, later.why, later.seconds)
        except SourceUnreadable as trouble:
            wait(patch, trouble.why, AWAY)
        except Unanswered as refused:
            wait(patch, refused.why, RARELY if refused.answered in UNSEEN else AWAY)
        except Impossible as impossible:
            give_up(patch, impossible.why)
    except Refused:
        log.info("patch %s was settled by another worker", patch.pk)
    except Exception:
        log.exception("landing patch %s failed", patch.pk)
        with suppress(Refused):
            give_up(patch, FAULT)


def give_up(patch: Patch, why: Sentence) -> None:
    if patch.state == life.LANDING or landing.claim(patch):
        landing.fail(patch, why)


def wait(patch: Patch, why: Sentence | None, seconds: int) -> None:
    """The page says why; the sweeper, or a delivery about it, comes back."""
    now, pull = timezone.now(), patch.pull
    looks, pause = _pause(patch, seconds, now)
    at = now + timedelta(seconds=pause)
    # Before there is a pull request nothing but the patch itself says when.
    held = min(at, now + APART) if pull else at
    note = {"state_note": why.as_json()} if why else {}
    Patch.objects.filter(pk=patch.pk, state=life.APPROVED).update(lease_until=held, **note)
    if pull:  # what was told during the look may not have been seen by it: then it comes sooner
        PullRequest.objects.filter(pk=pull.pk, look_at=pull.look_at).update(look_at=at, looks=looks)


def _pause(patch: Patch, seconds: int, now: datetime) -> tuple[int, float]:
    """How many looks in a row come soon by now, and the seconds until the next: soon is soon, also after days."""
    pull = patch.pull
    if pull and seconds <= SOON and pull.looks < IN_A_ROW:
        return pull.looks + 1, seconds
    pause: float = max(seconds, LATER) if pull else seconds
    if pause != AWAY:
        pause = max(pause, (now - patch.state_at).total_seconds() / SLOWER, EACH * _waiting(patch))
    return 0, min(pause, RARELY)


def _waiting(patch: Patch) -> int:
    """How many wait at this repository's GitHub: all of them are looked at from one limit."""
    rows = Patch.objects.filter(repository=patch.repository_id, state=life.APPROVED, pull__isnull=False)
    return rows.count()
