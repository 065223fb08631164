"""Reverting: the undo of a landing, as a patch that goes the same way as any other.

It stands on the landed commit and holds what stood before it: landing it is the three-way merge that takes exactly this
change out of today's main.
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from cells import audit
from cells.models import Patch, Review
from cells.patches import life, needs, paths, reviews, traces, verdicts
from cells.patches.moves import moved
from cells.patches.origins import OPEN_OR_LANDED, STUCK, taken_back_by
from cells.patches.proposing import Proposed, propose
from cells.permissions import REVIEWER, require
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror

log = logging.getLogger(__name__)

KIND = "revert"
AUTHOR = "VPM"  # nobody wrote it: it is reckoned from the landing


def check_revert(patch: Patch, by: User) -> None:
    """Refuse to take back what has not landed, or is taken back already."""
    require(by, REVIEWER)
    if patch.state != life.LANDED:
        raise Refused(sentence("This patch has not landed, so there is nothing to take back."))
    if back := taken_back_by(patch):
        raise Refused(_already(back))


def _already(back: Patch) -> Sentence:
    if back.state == life.LANDED:
        return sentence("#%(back)s took this back already; revert that one to have it again.", back=back.pk)
    return sentence("#%(back)s takes this back already; decide that one.", back=back.pk)


def revert(*, patch: Patch, by: User, reason: str = "", via: str = Review.PAGE) -> Patch:
    """The patch that takes this landing back, approved by whoever asked for it where they may; `outcome` says what it
    still waits for. Raises Refused.
    """
    check_revert(patch, by)
    mirror = Mirror(patch.repository.mirror)
    _check_still_there(patch, mirror)

    def once(new: Patch) -> None:
        if other := patch.reverted_by.filter(state__in=OPEN_OR_LANDED).exclude(pk=new.pk).first():
            raise Refused(_already(other))
        if new.reverts_id != patch.pk:
            raise Refused(
                sentence(
                    "#%(twin)s waits already and proposes exactly this; decide that one instead.",
                    twin=new.pk,
                )
            )
        audit.record(
            actor=by, verb="revert", subject=patch, repository=patch.repository.key, reason=reason,
            before={"state": patch.state}, after={"state": patch.state, "revert": new.pk},
        )  # fmt: skip

    new = propose(patch.repository, patch.commit, _reverse(patch, mirror, reason), actor=by, claim=once)
    verdicts.judge_waiting(patch.repository, mirror, [new, *paths.beside(new)])
    try:
        seen = verdicts.fingerprint(new.verdict)
        reviews.approve(patch=new, by=by, digest=new.digest, verdict=seen, reason=reason, via=via)
    except Refused as refused:
        log.info("patch %s waits: %s", new.pk, refused)
    return new


def outcome(patch: Patch, by: User) -> Sentence:
    """What is said to whoever has just asked for this revert."""
    if patch.state in (life.APPROVED, life.LANDING):
        return sentence("#%(back)s takes it back, and is about to land.", back=patch.pk)
    if patch.state != life.PROPOSED:
        return moved(patch)
    if not patch.applies:
        return STUCK
    try:
        needs.check_person(patch, by)
    except Refused as refused:
        return refused.why
    missing = needs.needed(patch).missing(review.who for review in needs.counted(patch))
    return missing or sentence("#%(back)s would take it back, and waits for a decision.", back=patch.pk)


def _check_still_there(patch: Patch, mirror: Mirror) -> None:
    """Refuse where main holds nothing of it any more."""
    main = mirror.tip(f"refs/heads/{patch.repository.branch}")
    merged = mirror.merge(patch.commit, main, _before(patch, mirror))
    if not merged.conflicts and mirror.write(merged) == str(mirror.commit(main).tree.id):
        raise Refused(
            sentence("Main holds nothing of this change any more, so there is nothing to take back.")
        )


def _before(patch: Patch, mirror: Mirror) -> str:
    parent = str(mirror.commit(patch.commit).parent_ids[0])
    return traces.before(mirror, patch, patch.commit) or parent if patch.pull_id else parent


def _reverse(patch: Patch, mirror: Mirror, reason: str) -> Proposed:
    return Proposed(
        files={}, tree=str(mirror.commit(_before(patch, mirror)).tree.id), title=_title(patch),
        rationale=f"This reverts commit {patch.commit}.\n\n{reason.strip()}".strip(), kind=KIND, author=AUTHOR,
        at=timezone.now(), cells=tuple(patch.cells.all()), lane=patch.lane,
        mark=f"Reverts: {patch.pk} ({patch.reverted_by.count() + 1})",
        row=_proposers(patch) | {"reverts": patch}, editors=tuple(patch.reverts.editors.all()) if patch.reverts else (),
    )  # fmt: skip


def _title(patch: Patch) -> str:
    """As git titles it: what takes a revert back brings the change back."""
    if patch.reverts and patch.title.startswith('Revert "'):
        return f"Reapply {patch.title.removeprefix('Revert ')}"
    return f'Revert "{patch.title[:280]}"'


def _proposers(patch: Patch) -> dict[str, Any]:
    """Nobody wrote a revert, so nobody proposes it. But what brings a change back is a proposal of whoever made that one."""
    first = patch.reverts
    return {"proposer": first.proposer, "author_email": first.author_email} if first else {}
