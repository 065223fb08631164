"""Landing at GitHub: an approved patch is merged there as a pull request, when GitHub's own rules let it.

Waiting takes no claim: each look asks GitHub how the pull request stands, `next_step` decides, and only merging is
claimed. Then everything is checked again on a main that was just fetched, and GitHub merges exactly the head that was
looked at. A worker may die anywhere; whoever comes next asks GitHub what became of it.
"""

from __future__ import annotations

import logging
import math
from datetime import datetime, timedelta

from django.utils import timezone

from cells.chain.landings import claims
from cells.clock import lease, wake
from cells.hosts.github import merging
from cells.hosts.github.client import Unanswered
from cells.hosts.github.merging import NotMerged, Seen
from cells.hosts.github.places import by_pull
from cells.hosts.source import SOURCE_REFS, SourceUnreadable
from cells.models import GitHubConnection, Patch, PullRequest
from cells.patches import landing, life
from cells.patches.agreed import Stale
from cells.patches.following import follow
from cells.patches.outdated import CONTAINED, GONE, MOVED_ON
from cells.pulls import failed, opening, recording, waiting
from cells.pulls.opening import Later
from cells.pulls.rows import renew
from cells.pulls.steps import SOON, Landed, Merge, Rebuild, Wait, next_step
from cells.pulls.steps import Stale as NoLonger
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror

log = logging.getLogger(__name__)

TRIES = 8  # times that GitHub may refuse to merge what it says can be merged
AT_ONCE = 100  # woken by one delivery
HELD = timedelta(hours=1)  # as long GitHub may say nothing of a merge that was begun
OVER = (CONTAINED, GONE, MOVED_ON)

ANEW = sentence("It was put on top of the newest commit of main; its checks begin anew.")
MAY_NOT_MERGE = sentence(
    "GitHub does not let us merge it. Give the token or App Contents and Pull requests: read and write, or let its rules allow it to merge; then try again."
)


def land(patch: Patch) -> None:
    """Look how its pull request stands, and do the next step. Called twice it lands once."""
    connection = patch.repository.github
    if patch.state == life.LANDING:
        _resume(patch, connection)
    elif (
        patch.state == life.APPROVED
        and not landing.waits_for_undo(patch)
        and not waiting.rests(patch, connection)
        and waiting.takes(patch)
    ):
        with waiting.stopping(patch):
            row = opening.pull_of(patch, connection)
            try:
                _step(patch, connection, row)
            except Stale as stale:  # merged since the look, it looks the same from here
                if stale.why not in OVER or not _taken(patch, connection, row):
                    raise
    elif patch.state == life.FAILED:
        failed.look(patch, connection)


def _step(patch: Patch, connection: GitHubConnection, row: PullRequest) -> None:
    """Raises what `stopping` knows."""
    seen = _looked(patch, connection, row)
    branch = patch.repository.branch
    asked = seen.pull.mergeable == "unstable" and merging.required(connection, branch)
    step = next_step(seen, opening.expected(patch, row), asked)
    if isinstance(step, Merge | Wait) and row.ours and not opening.is_for(patch, row):
        step = Rebuild(ANEW)  # its commit names who took the approval back
    if isinstance(step, Landed):
        if landing.claim(patch):
            recording.record(patch, connection, step, seen.commits)
    elif isinstance(step, Merge):
        _merge(patch, connection, row, seen)
    elif isinstance(step, Rebuild):
        made = row.made
        raise Later(ANEW if opening.open_for(patch, connection).made != made else step.why, SOON)
    elif isinstance(step, Wait):
        mirror = Mirror(patch.repository.mirror)  # the approval may end while it waits
        landing.carried(patch, mirror, mirror.tip(SOURCE_REFS + branch), patch.tip)
        raise Later(step.why, step.seconds)
    else:
        raise Stale(step.why)


def _looked(patch: Patch, connection: GitHubConnection, row: PullRequest) -> Seen:
    """How it stands; the row follows. Another head may be ours as well: whoever pushed it died before the row."""
    seen = merging.look(connection, row.number)
    head = seen.pull.head
    if row.ours and seen.pull.state == PullRequest.OPEN and head != row.made:
        mirror, _main = opening.fresh(patch)
        reviews = list(opening.approved(patch).order_by("pk"))
        if opening.made_here(mirror, patch, head) and opening.names(mirror, head, reviews):
            PullRequest.objects.filter(pk=row.pk).update(made=head)
            row.made = head
    renew(row, seen.pull, closed_by=seen.by)
    return seen


def _merge(patch: Patch, connection: GitHubConnection, row: PullRequest, seen: Seen) -> None:
    """Claim it, check everything again, and let GitHub merge exactly what was seen."""
    if not landing.claim(patch):
        return
    try:
        sha = _merged(patch, connection, row, seen.pull.head)
    except NotMerged as refused:
        _refused(patch, refused.why)
    except Unanswered as refused:
        if refused.answered == 403 and not waiting.limited(connection):
            landing.fail(patch, MAY_NOT_MERGE)
        else:  # it may be merged all the same: the next look finds out
            landing.release(patch)
            waiting.wait(patch, refused.why, waiting.AWAY if refused.answered else SOON)
    except SourceUnreadable as trouble:
        landing.release(patch)
        waiting.wait(patch, trouble.why, waiting.AWAY)
    except Later as later:
        landing.release(patch)
        waiting.wait(patch, later.why, later.seconds)
    except (Stale, Refused):  # Refused: the claim ran out, and it is another worker's
        raise
    except Exception as error:
        landing.stopped(patch, error)
    else:
        landed = Landed(sha, "", approved=True, at=timezone.now())
        recording.record(patch, connection, landed, seen.commits)


def _merged(patch: Patch, connection: GitHubConnection, row: PullRequest, head: str) -> str:
    """The commit of GitHub's merge. Raises Stale when main, fetched just now, would get other bytes than approved."""
    mirror, main = opening.fresh(patch)
    follow(patch.repository, mirror)
    reviews, _ = landing.carried(patch, mirror, main, head)
    if row.ours and not opening.names(mirror, head, reviews):  # approved anew since the look
        raise Later(ANEW, SOON)
    title, _, message = landing.message(patch, reviews).partition("\n\n")
    title = f"{title} (#{row.number})"
    order = merging.OURS if row.ours else _order(mirror, main, head)
    return merging.merge(
        connection, row.number, head, order=order, title=title, message=message,
        before=lambda: landing.hold(patch),
    )  # fmt: skip


def _order(mirror: Mirror, main: str, head: str) -> tuple[str, ...]:
    """Theirs may say of itself what only a landing says; then no commit of theirs comes to main."""
    return merging.RENAMED if claims(mirror.path, head, main) else merging.THEIRS


def _taken(patch: Patch, connection: GitHubConnection, row: PullRequest) -> bool:
    """Whether somebody merged it since the look, or a worker that died: then that is its landing. Raises Stale where
    it was merged into another branch.
    """
    seen = merging.look(connection, row.number)
    if seen.pull.state != PullRequest.MERGED:
        return False
    step = next_step(seen, opening.expected(patch, row), required=False)
    if isinstance(step, NoLonger):
        raise Stale(step.why)
    if isinstance(step, Landed) and (patch.state == life.LANDING or landing.claim(patch)):
        recording.record(patch, connection, step, seen.commits)
    return True


def _refused(patch: Patch, why: Sentence) -> None:
    """GitHub reckons in the background, so what it called clean may not be; again and again it is a person's."""
    if landing.refusals(patch) + 1 >= TRIES:
        landing.fail(patch, why)
        return
    landing.release(patch, str(why))
    waiting.wait(patch, why, SOON)


def _resume(patch: Patch, connection: GitHubConnection) -> None:
    """A dead worker's: merged, or to be looked at again. Only when its lease has ended, and by one."""
    dead = Patch.objects.filter(pk=patch.pk, state=life.LANDING, lease_until__lt=timezone.now())
    dead = dead.filter(attempts=patch.attempts)
    patch.attempts += 1  # should it live after all, it merges nothing any more
    if not dead.update(lease_until=lease(), attempts=patch.attempts) or waiting.limited(connection):
        return
    with waiting.stopping(patch):
        try:
            taken = patch.pull is not None and _taken(patch, connection, patch.pull)
        except (Unanswered, SourceUnreadable) as trouble:
            if not _hopeless(patch, connection, trouble):
                raise
            landing.fail(patch, trouble.why)
            return
        if not taken:
            landing.release(patch)
            wake("cells.land", patch_id=patch.pk)


def _hopeless(patch: Patch, connection: GitHubConnection, trouble: Unanswered | SourceUnreadable) -> bool:
    """Whether only a person can help: GitHub shows it to us no longer, or what became of it is unknown for long."""
    if isinstance(trouble, Unanswered) and trouble.answered in waiting.UNSEEN:
        return not waiting.limited(connection)
    return timezone.now() - patch.state_at > HELD


def look_soon(connection: GitHubConnection, *, after: int = 0, **which: str | int) -> None:
    """GitHub said that something happened (to these): what waits there is looked at, once for many words. `after` so many
    seconds: for what moves all of them each time one lands.
    """
    rows = PullRequest.objects.filter(connection=connection, patches__state=life.APPROVED, **which)
    now = timezone.now()
    at = now + timedelta(seconds=after)
    for pk, patch, held in list(rows.values_list("pk", "patches", "patches__lease_until")[:AT_ONCE]):
        # One that is due already was woken, or the sweeper comes.
        if PullRequest.objects.filter(pk=pk).exclude(look_at__lte=at).update(look_at=at) and not after:
            pause = (held - now).total_seconds() if held else 0
            wake("cells.land", after=max(0, math.ceil(pause)), patch_id=patch)


def settle() -> int:
    """Wake what is due: approved patches, and landings whose worker died. Returns how many."""
    now = timezone.now()
    due = [patch for patch in landing.stuck(now) if by_pull(patch.repository) and _is_due(patch, now)]
    for patch in due:
        wake("cells.land", patch_id=patch.pk)
    return len(due)


def _is_due(patch: Patch, now: datetime) -> bool:
    return patch.state == life.LANDING or waiting.due(patch, now)
