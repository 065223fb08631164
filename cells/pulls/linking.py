"""Which patch is which pull request, and what GitHub's word about it means for the patch."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

from cells.hosts.source import PULL_REFS
from cells.models import GitHubConnection, Patch, PullRequest, Repository
from cells.patches import life, traces
from cells.patches.change import clean
from cells.patches.pulled import fork_branch
from cells.sentences import Sentence, sentence
from cells.ssot.commit import trailer
from cells.ssot.mirror import Mirror

HEAVY = ("body", "reviews", "checks", "labels")
OURS = re.compile(r"vpm/patch-([1-9][0-9]{0,17})")


class Pulls:
    """The pull requests of one repository that go to its branch, looked up once for a reading."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        rows = PullRequest.objects.filter(connection__repository=repository)
        self.made = {
            (clean(row.head_ref), row.made) for row in rows.exclude(made="").only("head_ref", "made")
        }
        rows = rows.filter(base_ref=repository.branch)
        self.by_head: dict[tuple[str, str], PullRequest] = {}
        # Of several with one head the newest counts, and one that is open before those that ended.
        ended = rows.exclude(state=PullRequest.OPEN).defer(*HEAVY).order_by("number")
        for row in (*ended, *rows.filter(state=PullRequest.OPEN).order_by("number")):
            self.by_head[branch_of(row), row.head] = row

    def of(self, branch: str, tip: str) -> PullRequest | None:
        """The pull request that proposes this version of the branch, other than one that landing made."""
        found = self.by_head.get((branch, tip)) if branch else None
        return None if found is None or found.made == tip else found

    def ended(self, patch: Patch) -> Sentence | None:
        """Why nothing is left to decide: it was closed or merged at GitHub. None while it is open, or there is none."""
        found = self.of(patch.branch, patch.tip)
        return None if found is None or found.state == PullRequest.OPEN else why_ended(found)

    def is_ours(self, mirror: Mirror, branch: str, tip: str) -> bool:
        """Whether landing a patch made this version of the branch: it is no proposal of its own."""
        if (branch, tip) in self.made:
            return True
        # Pushed, and its pull request is not known yet: the commit itself names what it lands, and is just that.
        patch = self.lands(branch)
        if patch is None or trailer(mirror, tip, "Patch-Id") != traces.patch_id(patch):
            return False
        return patch.state in (life.APPROVED, life.LANDING) and traces.is_landing(mirror, patch, tip)

    def lands(self, branch: str) -> Patch | None:
        """The patch that landing makes a branch of this name for."""
        named = OURS.fullmatch(branch)
        return Patch.objects.filter(repository=self.repository, pk=int(named[1])).first() if named else None

    def told(self, patch: Patch) -> dict[str, Any]:
        """What the row of a patch says otherwise because of its pull request."""
        if patch.pull and patch.pull.ours:
            return {}
        found = self.of(patch.branch, patch.tip)
        fields: dict[str, Any] = {"pull": found} if patch.pull_id != (found and found.pk) else {}
        return fields | _words(patch, found) if found else fields


def branch_of(row: PullRequest) -> str:
    """The name of the branch under which its patch is known."""
    return fork_branch(row.number) if row.fork else clean(row.head_ref)


def _words(patch: Patch, found: PullRequest) -> dict[str, str]:
    """Its title and description say more than a commit's message; empty ones say nothing."""
    said = {"title": found.title.strip(), "rationale": found.body.strip()}
    return {name: text for name, text in said.items() if text and getattr(patch, name) != text}


def why_ended(row: PullRequest) -> Sentence:
    merged = row.state == PullRequest.MERGED
    if row.closed_by and merged:
        return sentence(
            "Pull request #%(number)s was merged at GitHub by %(who)s.", number=row.number, who=row.closed_by
        )
    if row.closed_by:
        return sentence(
            "Its pull request #%(number)s was closed at GitHub by %(who)s.",
            number=row.number,
            who=row.closed_by,
        )
    if merged:
        return sentence("Pull request #%(number)s was merged at GitHub.", number=row.number)
    return sentence("Its pull request #%(number)s was closed at GitHub.", number=row.number)  # fmt: skip


def heads_of_forks(mirror: Mirror) -> dict[str, str]:
    """Branch name, as patches know it, to tip of what came from forks."""
    return {fork_branch(int(number)): tip for number, tip in mirror.branches(PULL_REFS).items()}


def digest(repository: Repository) -> str:
    """Names what a reading depends on here: the pull requests as they are known, and whether asking for them failed."""
    # By key: a row that was forgotten and made again is another one to its patch.
    rows = PullRequest.objects.filter(connection__repository=repository).order_by("pk")
    ended = rows.exclude(state=PullRequest.OPEN).values_list(
        "pk", "state", "head", "base_ref", "closed_by", "made"
    )
    there = rows.filter(state=PullRequest.OPEN)
    still = there.values_list("pk", "head", "base_ref", "draft", "fork", "made", "updated_there")
    trouble = GitHubConnection.objects.filter(repository=repository).values_list("trouble", flat=True).first()
    known, failed = [*ended, *still], (trouble or {}).get("text", "")
    return sha256(repr((known, failed)).encode()).hexdigest() if known or failed else ""
