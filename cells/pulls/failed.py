"""A landing that failed, and went on at GitHub: somebody merged the pull request there, closed it, or pushed to it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F, Q
from django.utils import timezone

from cells.clock import wake
from cells.hosts.github import merging
from cells.hosts.github.places import by_pull
from cells.models import GitHubConnection, Patch, PullRequest
from cells.patches import life
from cells.patches.agreed import Stale
from cells.pulls import opening, recording, steps, waiting
from cells.pulls.rows import renew

AT_ONCE = 100


def look(patch: Patch, connection: GitHubConnection) -> None:
    """Ask GitHub what became of it, and let the patch follow. While it is open there, a person decides here."""
    row = patch.pull
    if row is None or waiting.limited(connection):
        return
    # First of all: nobody asks again and again, whatever happens.
    at = timezone.now() + timedelta(seconds=waiting.AWAY)
    PullRequest.objects.filter(pk=row.pk).update(look_at=at)
    row.look_at = at
    if not opening.stands(patch, row):
        return
    with waiting.stopping(patch):
        seen = merging.look(connection, row.number)
        renew(row, seen.pull, closed_by=seen.by)
        step = steps.next_step(seen, opening.expected(patch, row), required=False)
        if isinstance(step, steps.Landed):
            recording.record(patch, connection, step, seen.commits)
        elif isinstance(step, steps.Stale):
            raise Stale(step.why)


def settle() -> int:
    """Wake those whose pull request is not what it was when landing it failed. Returns how many."""
    theirs = Q(pull__made="") & ~Q(pull__head=F("tip"))
    ours = ~Q(pull__made="") & ~Q(pull__head=F("pull__made"))
    rows = Patch.objects.filter(~Q(pull__state=PullRequest.OPEN) | theirs | ours, state=life.FAILED)
    rows = rows.filter(Q(pull__look_at=None) | Q(pull__look_at__lte=timezone.now()), pull__isnull=False)
    rows = rows.select_related("repository__github", "pull").order_by("state_at")
    due = [patch for patch in rows[:AT_ONCE] if by_pull(patch.repository)]
    for patch in due:
        wake("cells.land", patch_id=patch.pk)
    return len(due)
