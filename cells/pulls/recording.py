"""A merge at GitHub becomes a landing here, when main got what was approved."""

from __future__ import annotations

from django.db import transaction

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

NOT_THERE = sentence("GitHub has merged it, but its commit cannot be fetched yet.")
OTHERWISE = sentence(
    "GitHub merged it, but main got something else than what was approved. Look at what the commit changed."
)


def record(patch: Patch, connection: GitHubConnection, landed: Landed, commits: int) -> None:
    """Of a claimed patch. Raises SourceUnreadable or Unanswered, and then it stays claimed until its lease ends."""
    mirror, main = opening.fresh(patch)
    if not landed.sha or not mirror.is_ancestor(landed.sha, main):
        raise SourceUnreadable(NOT_THERE)
    follow(patch.repository, mirror)
    pull = patch.pull
    assert pull is not None
    PullRequest.objects.filter(pk=pull.pk).update(
        state=PullRequest.MERGED, merge_commit=landed.sha, closed_by=landed.by or connection.speaks_as
    )
    ours = not landed.by or landed.by == writing.login(connection)
    same = bool(traces.before(mirror, patch, landed.sha, min(max(commits, 1), traces.STEPS)))
    if not same and not ours:
        landing.give_back(patch, Stale(_otherwise(pull, landed.by)))
        return
    with transaction.atomic():
        landing.landed(patch, landed.sha, pushed=True, note=_note(pull, landed.by, ours=ours, same=same))
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
    if ours:
        return None
    return sentence("Pull request #%(number)s was merged at GitHub by %(who)s.", number=pull.number, who=by)


def _otherwise(pull: PullRequest, by: str) -> Sentence:
    return sentence(
        "%(who)s merged pull request #%(number)s at GitHub, with something else than what was approved.",
        who=by, number=pull.number,
    )  # fmt: skip
