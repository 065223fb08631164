"""A merge at GitHub becomes a landing here, when main got what was approved."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from cells import audit
from cells.hosts.github import writing
from cells.hosts.source import SourceUnreadable
from cells.models import GitHubConnection, OutsideCommit, Patch, PullRequest
from cells.patches import landing, traces
from cells.patches.agreed import Stale
from cells.patches.following import follow
from cells.pulls import opening
from cells.pulls.steps import Landed
from cells.sentences import Sentence, sentence

LATE = timedelta(minutes=10)  # by then a fetched main holds what GitHub merged into it

NOT_THERE = sentence("GitHub has merged it, but its commit cannot be fetched yet.")
NEVER_THERE = sentence(
    "GitHub says that it was merged, but main does not hold the commit. Please look again."
)
OTHERWISE = sentence(
    "GitHub merged it, but main got something else than what was approved. Look at what the commit changed."
)


def record(patch: Patch, connection: GitHubConnection, landed: Landed, commits: int) -> None:
    """Of a claimed patch, or one whose landing failed. Raises Stale when main does not hold it long afterwards;
    SourceUnreadable or Unanswered, and then it stays as it is until the next look.
    """
    mirror, main = opening.fresh(patch)
    if not landed.sha or not mirror.is_ancestor(landed.sha, main):
        if landed.at and timezone.now() - landed.at > LATE:
            raise Stale(NEVER_THERE)
        raise SourceUnreadable(NOT_THERE)
    follow(patch.repository, mirror)
    pull = patch.pull
    assert pull is not None
    PullRequest.objects.filter(pk=pull.pk).update(
        state=PullRequest.MERGED, merge_commit=landed.sha,
        closed_by=landed.by or (connection.speaks_as if landed.approved else ""),
    )  # fmt: skip
    # The token may be a person's own, so the name alone does not tell our merge from theirs.
    ours = landed.approved and (not landed.by or landed.by == writing.login(connection))
    same = bool(traces.before(mirror, patch, landed.sha, min(max(commits, 1), traces.STEPS)))
    if not same and not ours:
        landing.give_back(patch, Stale(_otherwise(pull, landed.by)))
        return
    with transaction.atomic():
        landing.landed(patch, landed.sha, pushed=True, note=_note(pull, landed.by, ours=ours, same=same))
        if same:
            _passed_here(patch, landed.sha)


def _passed_here(patch: Patch, sha: str) -> None:
    """A reading may have been faster, and have taken the merge for something that nobody here approved."""
    for row in OutsideCommit.objects.filter(repository=patch.repository, commit=sha, read_at__isnull=True):
        audit.record(
            actor=landing.WORKER, verb="drop", subject=row, repository=patch.repository.key,
            before={"commit": row.commit, "subject": row.subject},
        )  # fmt: skip
        row.delete()


def _note(pull: PullRequest, by: str, *, ours: bool, same: bool) -> Sentence | None:
    if not same:
        return OTHERWISE
    if ours or not by:
        return None
    return sentence("Pull request #%(number)s was merged at GitHub by %(who)s.", number=pull.number, who=by)


def _otherwise(pull: PullRequest, by: str) -> Sentence:
    if not by:
        return sentence(
            "Pull request #%(number)s was merged at GitHub, with something else than what was approved.",
            number=pull.number,
        )
    return sentence(
        "%(who)s merged pull request #%(number)s at GitHub, with something else than what was approved.",
        who=by, number=pull.number,
    )  # fmt: skip
