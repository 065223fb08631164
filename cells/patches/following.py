"""The mirror's own main follows the source, and keeps what landed here and is not there yet.

Git is the truth: which commits are our landings is read from their trailers, because a worker may have
died, or still be at work, between a commit and its row.
"""

from __future__ import annotations

from django.utils import timezone

from cells.hosts.source import SOURCE_REFS
from cells.models import Patch, Repository
from cells.patches import traces
from cells.ssot import commit as commits
from cells.ssot.commands import swap
from cells.ssot.mirror import Mirror, Step, decoded


def follow(repository: Repository, mirror: Mirror) -> None:
    """Fast-forward, keep, or replay our unpushed landings onto a source that moved on or was rewritten."""
    ref = f"refs/heads/{repository.branch}"
    theirs, ours = mirror.tip(SOURCE_REFS + repository.branch), mirror.tip(ref)
    if not theirs or theirs == ours:
        return
    if not ours or mirror.is_ancestor(ours, theirs):
        swap(repository.mirror, ref, theirs, ours)
        return
    steps = list(mirror.history(mirror.merge_base(theirs, ours), ours))
    mine = [step for step in steps if _is_unpushed_landing(repository, mirror, step)]
    if not mirror.is_ancestor(theirs, ours) or len(mine) < len(steps):
        swap(repository.mirror, ref, _replay(mirror, mine, theirs), ours)


def _is_unpushed_landing(repository: Repository, mirror: Mirror, step: Step) -> bool:
    """Whether a commit of ours is what landing a patch made, and the source never had it.

    What the source had and dropped is not brought back.
    """
    value = commits.trailer(mirror, step.commit, "Patch-Id")
    number = value.partition("-")[0]
    rows = Patch.objects.filter(repository=repository).exclude(push_state="pushed")
    patch = rows.filter(pk=number).first() if number.isdecimal() else None
    return patch is not None and traces.patch_id(patch) == value


def _replay(mirror: Mirror, steps: list[Step], onto: str) -> str:
    """The steps again on top of `onto`; one that no longer applies, or adds nothing, stays out."""
    tip = onto
    for step in steps:
        old = mirror.commit(step.commit)
        merged = mirror.merge(str(old.parent_ids[0]), tip, step.commit)
        tree = "" if merged.conflicts else mirror.write(merged)
        if tree and tree != str(mirror.commit(tip).tree.id):
            author, message = commits.author_of(old), decoded(old, old.raw_message)
            now = int(timezone.now().timestamp())
            tip = commits.build(mirror, tree=tree, parent=tip, author=author, message=message, now=now)
    return tip
