"""A landing found again in git: by its trailer, and by what it changed, for anybody can write a trailer."""

from __future__ import annotations

from datetime import timedelta

from cells.models import Patch
from cells.ssot import commit as commits
from cells.ssot.mirror import Mirror


def patch_id(patch: Patch) -> str:
    """The trailer's value: the row and the proposal, so that a rebuilt database never takes another's commit."""
    return f"{patch.pk}-{patch.tip[:12]}"


def find(mirror: Mirror, patch: Patch, main: str) -> str:
    """The commit below `main` that landed this patch, if any worker ever made it, else ""."""
    since = int((patch.proposed_at - timedelta(days=1)).timestamp())
    named = commits.with_trailer(mirror, main, "Patch-Id", patch_id(patch), since)
    return next((commit for commit in named if is_landing(mirror, patch, commit)), "")


def is_landing(mirror: Mirror, patch: Patch, commit: str) -> bool:
    """Whether landing the patch on the commit's parent makes just this tree."""
    made = mirror.commit(commit)
    if len(made.parent_ids) != 1:
        return False
    parent = str(made.parent_ids[0])
    base = mirror.merge_base(parent, patch.tip)
    merged = mirror.merge(base, parent, patch.tip) if base else None
    if merged is None or merged.conflicts:
        return False
    return not len(made.tree.diff_to_index(merged.index))
