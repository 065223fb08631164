"""A landing found again in git: by its trailer, and by what it changed, for anybody can write a trailer."""

from __future__ import annotations

from datetime import timedelta

from cells.models import Patch, Review
from cells.patches import change
from cells.ssot import commit as commits
from cells.ssot.mirror import Mirror

STEPS = 30  # commits that a rebase at GitHub made of one pull request, as far as they are looked at


def patch_id(patch: Patch) -> str:
    """The trailer's value: the row and the proposal, so that a rebuilt database never takes another's commit."""
    return f"{patch.pk}-{patch.tip[:12]}"


def find(mirror: Mirror, patch: Patch, main: str) -> str:
    """The commit below `main` that landed this patch, if any worker ever made it, else ""."""
    since = int((patch.proposed_at - timedelta(days=1)).timestamp())
    named = commits.with_trailer(mirror, main, "Patch-Id", patch_id(patch), since)
    return next((commit for commit in named if is_landing(mirror, patch, commit)), "")


def is_landing(mirror: Mirror, patch: Patch, commit: str) -> bool:
    """Whether landing the patch on the commit's first parent makes just this tree; a merge at GitHub has two."""
    made = mirror.commit(commit)
    if len(made.parent_ids) not in (1, 2):
        return False
    parent = str(made.parent_ids[0])
    base = mirror.merge_base(parent, patch.tip)
    merged = mirror.merge(base, parent, patch.tip) if base else None
    if merged is None or merged.conflicts:
        return False
    return not len(made.tree.diff_to_index(merged.index))


def before(mirror: Mirror, patch: Patch, commit: str, most: int = STEPS) -> str:
    """Where main stood before a commit (and those below it that a rebase made) brought what was approved; "" when
    none of them did.
    """
    approvals = patch.reviews.filter(decision=Review.APPROVE, void__isnull=True)
    digests, parent = set(approvals.values_list("digest", flat=True)), commit
    for _ in range(most):
        parents = mirror.commit(parent).parent_ids
        if not parents:
            break
        parent = str(parents[0])
        if change.between(mirror, parent, commit) in digests:
            return parent
    return ""
