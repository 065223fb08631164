"""Deciding: approve, reject, reopen. Every rule is a pair: `check_x` raises the sentence the button shows."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cells import audit
from cells.clock import wake
from cells.hosts.source import SOURCE_REFS
from cells.models import Patch, Review
from cells.patches import change, life, verdicts
from cells.permissions import REVIEWER, require
from cells.refusals import Forbidden, Refused
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror


def check_decide(patch: Patch, by: User, verb: str) -> None:
    """Refuse a decision this person may not take, or that the patch's state does not know."""
    require(by, REVIEWER)
    if verb not in life.allowed(patch.state):
        raise Refused(moved(patch))


def check_approve(patch: Patch, by: User) -> None:
    """Refuse an approval: not allowed, not waiting, does not apply, or one's own."""
    check_decide(patch, by, "approve")
    if not patch.applies:
        raise Refused(obstacle(patch))
    if not patch.decision:
        raise Refused(sentence("The contract has not judged this patch yet; it will within seconds."))
    if proposed_by(patch, by):
        raise Forbidden(sentence("You proposed this patch; someone else has to approve it."))


def check_seen(patch: Patch, digest: str) -> None:
    """Refuse a decision about bytes that are no longer what the patch would change."""
    if digest != patch.digest:
        raise Refused(
            sentence(
                "This patch changed since you looked at it. Read what it would do now, then decide again."
            )
        )


def proposed_by(patch: Patch, user: User) -> bool:
    """Whether the user is the proposer, by account or by the author's mail address."""
    return patch.proposer_id == user.pk or bool(
        user.email and user.email.lower() == patch.author_email.lower()
    )


def check_verdict(patch: Patch, seen: str) -> None:
    """Refuse an approval under another verdict than the one that was seen."""
    if seen != verdicts.fingerprint(patch.verdict):
        raise Refused(
            sentence(
                "The contract judges it differently than when you looked. Read its reasons, then decide again."
            )
        )


def approve(*, patch: Patch, by: User, digest: str, verdict: str, reason: str = "") -> Review:
    """Approve exactly `digest` under the verdict with that fingerprint, and queue the landing, in one transaction.

    Raises Refused.
    """
    check_approve(patch, by)
    check_seen(patch, digest)
    check_verdict(patch, verdict)
    with transaction.atomic():
        shift(patch, "approve", actor=by, reason=reason, seen=digest)
        review = Review.objects.create(
            patch=patch, by=by, decision=Review.APPROVE, digest=digest, reason=reason, verdict=patch.verdict
        )
        wake("cells.land", patch_id=patch.pk)
    return review


def reject(*, patch: Patch, by: User, digest: str, reason: str) -> Review:
    """Reject with a reason; the branch stays where it is. Raises Refused."""
    check_decide(patch, by, "reject")
    check_seen(patch, digest)
    if not reason.strip():
        raise Refused(sentence("Say why you reject it; the proposer will read your reason."))
    with transaction.atomic():
        void(patch, sentence("It was rejected after its landing had failed."))
        shift(patch, "reject", actor=by, reason=reason, seen=digest)
        return Review.objects.create(
            patch=patch, by=by, decision=Review.REJECT, digest=digest, reason=reason, verdict=patch.verdict
        )


def reopen(*, patch: Patch, by: User) -> None:
    """Take a rejection back: the patch waits again, as it would land today, and the decision no longer counts."""
    check_decide(patch, by, "reopen")
    if patch.branch and Mirror(patch.repository.mirror).tip(SOURCE_REFS + patch.branch) != patch.tip:
        raise Refused(sentence("Its branch is gone or has new commits, so this version cannot wait again."))
    with transaction.atomic():
        shift(patch, "reopen", actor=by, **renewed(patch))
        void(patch, sentence("%(name)s took the rejection back.", name=by.get_username()))


def renewed(patch: Patch) -> dict[str, Any]:
    """What landing it would change today and what the contract says of that, as fields of its row."""
    mirror = Mirror(patch.repository.mirror)
    main = mirror.tip(f"refs/heads/{patch.repository.branch}")
    verdict = verdicts.judged(patch, mirror, main)
    fields = change.compute(mirror, main, patch.tip).as_fields()
    return fields | {"verdict": verdict, "decision": verdict["decision"]}


def retry(*, patch: Patch, by: User) -> None:
    """Try to land a failed patch again, under the approval it has."""
    check_decide(patch, by, "retry")
    with transaction.atomic():
        shift(patch, "retry", actor=by)
        wake("cells.land", patch_id=patch.pk)


def void(patch: Patch, why: Sentence) -> None:
    """No earlier decision about this patch counts any more."""
    patch.reviews.filter(void__isnull=True).update(void=why.as_json())


def shift(
    patch: Patch,
    verb: str,
    *,
    actor: User | str,
    note: Sentence | None = None,
    reason: str = "",
    seen: str = "",
    **fields: object,
) -> None:
    """The one place that writes `state`: a conditional update by the life table, with its audit event.

    With `seen`, only while the patch still would change exactly that. Raises Refused when someone was faster.
    """
    step = life.LIFE[verb]
    rows = Patch.objects.filter(pk=patch.pk, state=patch.state, state__in=step.sources)
    if seen:
        rows = rows.filter(digest=seen)
    before = patch.state
    changes = {
        "state": step.target,
        "state_at": timezone.now(),
        "state_note": note.as_json() if note else None,
        **fields,
    }
    with transaction.atomic():
        if rows.update(**changes) != 1:
            patch.refresh_from_db()
            raise Refused(moved(patch))
        audit.record(
            actor=actor, verb=verb, subject=patch, repository=patch.repository.key, reason=reason,
            before={"state": before}, after={"state": step.target, "digest": patch.digest} | _plain(fields),
        )  # fmt: skip
        if life.PROPOSED in (before, step.target) and actor != "sync":
            wake("cells.judge_beside", patch_id=patch.pk)
    for name, value in changes.items():
        setattr(patch, name, value)


def obstacle(patch: Patch) -> Sentence:
    """Why the patch does not apply."""
    if not patch.obstacle:
        return sentence("This patch does not apply.")
    return Sentence(patch.obstacle["text"], patch.obstacle["params"])


MOVED = {
    life.PROPOSED: sentence("This patch waits for a decision again; look at it before you decide."),
    life.APPROVED: sentence("This patch is already approved and about to land."),
    life.LANDING: sentence("This patch is landing right now."),
    life.LANDED: sentence("This patch has already landed."),
    life.REJECTED: sentence("This patch was rejected; reopen it to decide again."),
    life.SUPERSEDED: sentence("This patch was superseded; there is nothing left to decide."),
    life.FAILED: sentence("Landing this patch failed; retry it or look at why."),
}


def moved(patch: Patch) -> Sentence:
    """What to tell someone whose verb no longer fits the patch's state."""
    return MOVED[patch.state]


def _plain(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if isinstance(value, str | int | bool)}
