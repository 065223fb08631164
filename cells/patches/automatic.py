"""Landing without a person: off until an operator switches it on for a lane, and it stops by itself.

Only what the contract calls AUTO_MERGE_OK lands so, and only where any one person could approve it: the contract is no
person, so it is none of two, and no owner. When more than a set share of a lane's last such landings
was reverted on main, the lane goes back to people.
"""

from __future__ import annotations

import re

import pygit2
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cells import audit
from cells.clock import wake
from cells.models import Lane, Patch, Repository, Review
from cells.patches import life, planting
from cells.patches.moves import shift
from cells.patches.needs import needed, proposed_by
from cells.permissions import OPERATOR, require
from cells.placing import Placer
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.commands import git
from cells.ssot.mirror import Mirror

OK = "AUTO_MERGE_OK"
LAST = 20  # so many of a lane's automatic landings are looked at
REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{7,40})", re.MULTILINE)
NOT_ANY_MORE = sentence("Landing without a person was switched off, so a person decides.")


def switch(*, lane: Lane, on: bool, by: User) -> None:
    """Let a lane's AUTO_MERGE_OK patches land by themselves, or not any more. Raises Forbidden."""
    require(by, OPERATOR)
    with transaction.atomic():
        since = timezone.now() if on else lane.auto_since
        Lane.objects.filter(pk=lane.pk).update(auto_merge=on, auto_since=since, auto_stopped=None)
        audit.record(
            actor=by, verb="auto_merge_on" if on else "auto_merge_off", subject=lane, repository=lane.repository.key,
            before={"auto_merge": lane.auto_merge}, after={"lane": lane.key, "auto_merge": on},
        )  # fmt: skip
        if on:
            wake("cells.auto_merge", repository_id=lane.repository_id)
    lane.auto_merge, lane.auto_stopped = on, None


def consider(repository: Repository, mirror: Mirror) -> int:
    """Approve what waits and lies wholly in lanes that are switched on; returns how many patches were."""
    lanes = {lane.pk for lane in repository.lanes.filter(auto_merge=True) if not stop(lane, mirror)}
    if not lanes:
        return 0
    placer = Placer(repository)
    waiting = Patch.objects.filter(repository=repository, state=life.PROPOSED, applies=True, decision=OK)
    rows = waiting.select_related("repository", "lane", "checks_by")
    return sum(approve(patch) for patch in rows if (placer.lanes_of(patch.files) or {0}) <= lanes)


def approve(patch: Patch) -> bool:
    """The contract's approval of exactly what waits now; False when someone was faster."""
    if not patch.verdict or patch.verdict["decision"] != OK:
        return False
    # What a person decided about this very change, whoever proposed it, is not overruled by a rule; nor is what
    # ended the contract's own approval of it.
    said = Review.objects.filter(patch__repository=patch.repository, digest=patch.digest)
    if said.filter(Q(by__isnull=False) | Q(void__isnull=False)).exists():
        return False
    if patch.checks_by and proposed_by(patch, patch.checks_by):
        return False
    if needed(patch).more:
        return False
    if patch.planted_by_id:
        planting.missed_by_contract(patch)
        return False
    try:
        with transaction.atomic():
            shift(patch, "approve", actor="contract", seen=patch.digest)
            Review.objects.create(
                patch=patch, by=None, decision=Review.APPROVE, digest=patch.digest, verdict=patch.verdict
            )
            wake("cells.land", patch_id=patch.pk)
    except Refused:
        return False
    return True


def holds(patch: Patch, verdict: dict[str, object]) -> Sentence | None:
    """Why the contract's own approval does not carry the landing any more, None while it does."""
    lanes = Placer(patch.repository).lanes_of(patch.files)
    on = set(Lane.objects.filter(repository=patch.repository, auto_merge=True).values_list("pk", flat=True))
    if not lanes or not lanes <= on:
        return NOT_ANY_MORE
    if verdict["decision"] != OK:
        return sentence("The contract does not call it AUTO_MERGE_OK any more, so a person decides.")
    if (need := needed(patch)).more:
        return need.missing(()) or NOT_ANY_MORE
    return None


def stop(lane: Lane, mirror: Mirror) -> bool:
    """Switch the lane off when too many of its automatic landings since it was switched on were reverted.

    True when it is off.
    """
    rows = Patch.objects.filter(
        landed_at__gte=lane.auto_since,
        lane=lane, state=life.LANDED, reviews__by__isnull=True, reviews__decision=Review.APPROVE,
        reviews__void__isnull=True,
    ).select_related("repository")  # fmt: skip
    last = list(rows.order_by("-landed_at")[:LAST])
    back = reverted(last, mirror) if last else []
    if 100 * len(back) <= settings.VPM_AUTO_REVERTED * len(last):
        return False
    why = sentence(
        "Stopped by itself: %(reverted)s of the last %(all)s automatic landings were reverted.",
        reverted=len(back), all=len(last),
    )  # fmt: skip
    with transaction.atomic():
        if Lane.objects.filter(pk=lane.pk, auto_merge=True).update(
            auto_merge=False, auto_stopped=why.as_json()
        ):
            audit.record(
                actor="contract", verb="auto_merge_off", subject=lane, repository=lane.repository.key,
                before={"auto_merge": True}, after={"lane": lane.key, "auto_merge": False}, reason=str(why),
            )  # fmt: skip
    return True


def reverted(patches: list[Patch], mirror: Mirror) -> list[Patch]:
    """Of landed patches, newest first, those that main took back: a commit says so, or every file stands as it stood before."""
    repository = patches[0].repository
    main = mirror.tip(f"refs/heads/{repository.branch}")
    named = _named_reverts(mirror, main, patches[-1].commit)
    return [patch for patch in patches if patch.commit in named or _as_before(mirror, main, patch)]


def _named_reverts(mirror: Mirror, main: str, since: str) -> set[str]:
    """What commits of main after `since` say that they take back."""
    grep = "--grep=^This reverts commit"
    return set(REVERTS.findall(git(mirror.path, "log", grep, "--format=%B%x00", f"{since}..{main}", "--")))


def _as_before(mirror: Mirror, main: str, patch: Patch) -> bool:
    """Whether main holds, at every path of the landing, what stood before it and not what it brought."""
    landed = mirror.commit(patch.commit)
    before, now = landed.parents[0].tree, mirror.commit(main).tree
    deltas = list(before.diff_to_tree(landed.tree).deltas)
    return bool(deltas) and all(
        _blob(now, delta.new_file.path) == _blob(before, delta.new_file.path) for delta in deltas
    )


def _blob(tree: pygit2.Tree, path: str) -> str:
    try:
        return str(tree[path].id)
    except KeyError:
        return ""
