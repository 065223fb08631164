"""The mirror's own main: it follows the source, and keeps what landed here and is not there yet."""

from __future__ import annotations

from django.utils import timezone

from cells import audit
from cells.hosts.source import SOURCE_REFS, fetch
from cells.models import Patch, Repository
from cells.patches import life, pushing
from cells.patches.reviews import shift, void
from cells.sentences import sentence
from cells.ssot import commit as commits
from cells.ssot.commands import swap
from cells.ssot.mirror import Mirror

DISPLACED = sentence(
    "It had landed here, but the source changed the same lines before it was pushed. Please look again."
)


def bring(repository: Repository) -> Mirror:
    """Fetch, then move our branch to where the source's is, landings on top. Raises SourceUnreadable."""
    branch = fetch(repository)
    if branch and branch != repository.branch and not repository.head:
        repository.branch = branch
        repository.save(update_fields=["branch"])
    mirror = Mirror(repository.mirror)
    follow(repository, mirror)
    pushing.notice(repository, mirror)
    return mirror


def follow(repository: Repository, mirror: Mirror) -> None:
    """Fast-forward, keep, or replay our landings onto a source that moved on."""
    ref = f"refs/heads/{repository.branch}"
    theirs, ours = mirror.tip(SOURCE_REFS + repository.branch), mirror.tip(ref)
    if not theirs or mirror.is_ancestor(theirs, ours):
        return
    if not ours or mirror.is_ancestor(ours, theirs):
        swap(repository.mirror, ref, theirs, ours)
        return
    replay(repository, mirror, ref, theirs, ours)


def replay(repository: Repository, mirror: Mirror, ref: str, theirs: str, ours: str) -> None:
    """Put the landed commits the source does not have on top of what it has now.

    A commit that no longer applies stays out: its patch waits for a decision again. A source that was
    rewritten (no landing of ours in between) is simply followed.
    """
    base = mirror.merge_base(theirs, ours)
    mine = Patch.objects.filter(repository=repository, state=life.LANDED).exclude(push_state="pushed")
    by_commit = {patch.commit: patch for patch in mine}
    tip, moved, lost = theirs, {}, []
    for step in mirror.history(base, ours):
        patch = by_commit.get(step.commit)
        if patch is None:
            continue
        merged = mirror.merge(str(mirror.commit(step.commit).parent_ids[0]), tip, step.commit)
        if merged.conflicts:
            lost.append(patch)
            continue
        tip = moved[patch.pk] = _again(mirror, step.commit, tip, merged.tree)
    if not swap(repository.mirror, ref, tip, ours):
        return
    for patch in mine:
        if patch.pk in moved:
            _moved(patch, moved[patch.pk])
    for patch in lost:
        void(patch, DISPLACED)
        shift(
            patch,
            "displace",
            actor="sync",
            note=DISPLACED,
            commit="",
            landed_at=None,
            push_state="",
            push_note=None,
        )


def _again(mirror: Mirror, commit: str, parent: str, tree: str) -> str:
    old = mirror.commit(commit)
    author = commits.Author(old.author.name, old.author.email, old.author.time, old.author.offset)
    now = int(timezone.now().timestamp())
    return commits.build(mirror, tree=tree, parent=parent, author=author, message=old.message, now=now)


def _moved(patch: Patch, commit: str) -> None:
    before = patch.commit
    if Patch.objects.filter(pk=patch.pk, commit=before).update(commit=commit, push_state="pending"):
        audit.record(
            actor="sync", verb="replay", subject=patch, repository=patch.repository.key,
            before={"commit": before}, after={"commit": commit},
        )  # fmt: skip
