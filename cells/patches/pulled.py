"""What it means for deciding that a patch is a pull request: where it comes from, who wrote it, whether it is ready."""

from __future__ import annotations

import re

from django.contrib.auth.models import User

from cells import people
from cells.models import Patch, PullRequest
from cells.refusals import Refused
from cells.sentences import sentence

FORK = re.compile(
    r"pull/[1-9][0-9]*"
)  # the name of what a fork proposes; no branch of the repository has one
DRAFT = sentence("It is a draft at GitHub; mark it ready for review there first.")


def fork_branch(number: int) -> str:
    """The name under which the head of a fork's pull request is a proposal."""
    return f"pull/{number}"


def proposing(patch: Patch) -> PullRequest | None:
    """The pull request that proposes it; not the one that landing it made."""
    return patch.pull if patch.pull and not patch.pull.ours else None


def from_fork(patch: Patch) -> bool:
    """By its name as well: it stays a stranger's when nobody knows the pull request any more."""
    found = proposing(patch)
    return bool(FORK.fullmatch(patch.branch)) or bool(found and found.fork)


def is_draft(patch: Patch) -> bool:
    found = proposing(patch)
    return bool(found and found.draft and found.state == PullRequest.OPEN)


def check_ready(patch: Patch) -> None:
    """Refuse to approve what its author does not call ready."""
    if is_draft(patch):
        raise Refused(DRAFT)


def opened_by(patch: Patch, user: User) -> bool:
    """Whether the user is who opened the pull request, by GitHub's own number."""
    found = proposing(patch)
    if found is None or found.author_number is None:
        return False
    return people.user_of(found.connection, found.author_number) == user
