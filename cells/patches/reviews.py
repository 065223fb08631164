"""Deciding: approve, reject, send back, archive, and taking it back. Every rule is a pair: `check_x` raises the
sentence that the button of `x` shows."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cells import audit
from cells.clock import wake
from cells.models import Patch, PullRequest, Review
from cells.patches import desk, life, needs, outdated, planting, pulled, verdicts
from cells.patches.moves import lock, moved, obstacle, renewed, shift, void
from cells.permissions import OPERATOR, REVIEWER, require
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror

OFFERED = timedelta(minutes=2)  # so long pages offer to take back what was done last

# What a refusal with a reason is called, and what is asked when the reason is missing.
SAY_WHY = {
    "reject": sentence("Say why you reject it; the proposer will read your reason."),
    "send_back": sentence("Say what has to be different; the proposer will read it."),
}


def check_decide(patch: Patch, by: User, verb: str) -> None:
    """Refuse a decision this person may not take, or that the patch's state does not know."""
    require(by, REVIEWER)
    if verb not in life.allowed(patch.state):
        raise Refused(moved(patch))
    if patch.state == life.PROPOSED:
        desk.check_free(patch, by)


def check_approve(patch: Patch, by: User) -> None:
    """Refuse an approval: not allowed, not waiting, does not apply, not judged, one's own, or given already."""
    check_decide(patch, by, "approve")
    _check_landable(patch)
    needs.check_person(patch, by)
    given = needs.counted(patch)
    # When the swarm asks for fewer people than it did, whoever approved already may say so again.
    if any(review.by_id == by.pk for review in given) and _missing(patch, given):
        raise Refused(sentence("You approved it already; it waits for somebody else to agree."))


def check_by_hand(patch: Patch, by: User) -> None:
    """Refuse the emergency route: it is an operator's, and only for what would land."""
    require(by, OPERATOR)
    check_decide(patch, by, "land_by_hand")
    _check_landable(patch)


def _check_landable(patch: Patch) -> None:
    pulled.check_ready(patch)
    if not patch.applies:
        raise Refused(obstacle(patch))
    if not patch.decision:
        raise Refused(sentence("The contract has not judged this patch yet; it will within seconds."))


def check_seen(patch: Patch, digest: str) -> None:
    """Refuse a decision about bytes that are no longer what the patch would change."""
    if digest != patch.digest:
        raise Refused(
            sentence(
                "This patch changed since you looked at it. Read what it would do now, then decide again."
            )
        )


def check_verdict(patch: Patch, seen: str) -> None:
    """Refuse an approval under another verdict than the one that was seen."""
    if seen != verdicts.fingerprint(patch.verdict):
        raise Refused(
            sentence(
                "The contract judges it differently than when you looked. Read its reasons, then decide again."
            )
        )


def approve(
    *, patch: Patch, by: User, digest: str, verdict: str, reason: str = "", via: str = Review.PAGE
) -> Review:
    """Approve exactly `digest` under the verdict with that fingerprint. With the last approval that is needed, the
    landing is queued in the same transaction. Raises Refused.
    """
    with transaction.atomic():
        lock(patch)
        check_approve(patch, by)
        check_seen(patch, digest)
        check_verdict(patch, verdict)
        needs.void_lapsed(patch)
        _void_own(patch, by, sentence("%(name)s approved it again.", name=by.get_username()))
        review = _review(patch, by, Review.APPROVE, digest, reason, via)
        if patch.planted_by_id:
            planting.reveal(patch, by=by, caught=False)
        elif missing := _missing(patch, needs.counted(patch)):
            _noted(patch, by, reason, missing)
        else:
            shift(patch, "approve", actor=by, reason=reason, seen=digest)
            wake("cells.land", after=settings.VPM_UNDO_SECONDS, patch_id=patch.pk)
    return review


def land_by_hand(*, patch: Patch, by: User, digest: str, verdict: str, reason: str) -> Review:
    """The emergency route: one operator, at once, with a reason that a second person reads afterwards. Raises Refused."""
    with transaction.atomic():
        lock(patch)
        check_by_hand(patch, by)
        check_seen(patch, digest)
        check_verdict(patch, verdict)
        if not reason.strip():
            raise Refused(sentence("Say why it cannot wait; a second person will read your reason."))
        void(patch, sentence("It was landed by hand."))
        review = _review(patch, by, Review.APPROVE, digest, reason, Review.PAGE, emergency=True)
        if patch.planted_by_id:
            planting.reveal(patch, by=by, caught=False)
        else:
            shift(patch, "land_by_hand", actor=by, reason=reason, seen=digest)
            wake("cells.land", patch_id=patch.pk)
    return review


def reject(*, patch: Patch, by: User, digest: str, reason: str, via: str = Review.PAGE) -> Review:
    """Reject with a reason; the branch stays where it is. Raises Refused."""
    return _turn_down(patch, by, "reject", Review.REJECT, digest, reason, via)


def send_back(*, patch: Patch, by: User, digest: str, reason: str, via: str = Review.PAGE) -> Review:
    """Back to the proposer with what has to be different; an ask's patch is asked for again. Raises Refused."""
    return _turn_down(patch, by, "send_back", Review.SEND_BACK, digest, reason, via)


def archive(*, patch: Patch, by: User, digest: str, reason: str = "", via: str = Review.PAGE) -> Review:
    """Put away what has had its day; no reason is needed. Raises Refused."""
    return _turn_down(patch, by, "archive", Review.ARCHIVE, digest, reason, via)


def _turn_down(
    patch: Patch, by: User, verb: str, decision: str, digest: str, reason: str, via: str
) -> Review:
    with transaction.atomic():
        lock(patch)
        check_decide(patch, by, verb)
        check_seen(patch, digest)
        if verb in SAY_WHY and not reason.strip():
            raise Refused(SAY_WHY[verb])
        void(patch, sentence("%(name)s decided otherwise afterwards.", name=by.get_username()))
        if patch.planted_by_id:
            planting.reveal(patch, by=by, caught=True)
        else:
            shift(patch, verb, actor=by, reason=reason, seen=digest)
        return _review(patch, by, decision, digest, reason, via)


def check_withdraw(patch: Patch, by: User) -> None:
    """Refuse to take an approval back that is not there, or whose landing has begun."""
    require(by, REVIEWER)
    if patch.state == life.PROPOSED and any(row.by_id == by.pk for row in needs.counted(patch)):
        return
    if patch.state != life.APPROVED:
        raise Refused(moved(patch))


def withdraw(*, patch: Patch, by: User) -> None:
    """Take an approval back before it lands: one's own while others are missing, any once it is about to land."""
    why = sentence("%(name)s took the approval back.", name=by.get_username())
    with transaction.atomic():
        lock(patch)
        check_withdraw(patch, by)
        if patch.state == life.APPROVED:
            shift(patch, "withdraw", actor=by)
            void(patch, why)
            return
        _void_own(patch, by, why)
        _noted(patch, by, "", why, verb="withdraw")


def check_reopen(patch: Patch, by: User) -> None:
    """Refuse to take back what is not decided, a test proposal, or what its branch or pull request has left behind."""
    check_decide(patch, by, "reopen")
    if patch.planted_by_id:
        raise Refused(sentence("This was a test proposal, so there is nothing left to decide."))
    pull = pulled.proposing(patch)
    if pull and pull.state == PullRequest.CLOSED:
        raise Refused(
            sentence(
                "Its pull request #%(number)s is closed at GitHub. Reopen it there first; then it can wait here again.",
                number=pull.number,
            )
        )
    if outdated.moved_away(patch, Mirror(patch.repository.mirror)):
        raise Refused(
            sentence(
                "Its branch is gone or has new commits, so this version cannot wait again. Look for a newer one "
                "among the patches."
            )
        )


def reopen(*, patch: Patch, by: User) -> None:
    """Take a decision back: the patch waits again, as it would land today, and the decision no longer counts."""
    check_reopen(patch, by)
    today = renewed(patch)
    with transaction.atomic():
        shift(patch, "reopen", actor=by, **today)
        void(patch, sentence("%(name)s took the decision back.", name=by.get_username()))


def retry(*, patch: Patch, by: User) -> None:
    """Try to land a failed patch again, under the approvals it has."""
    check_decide(patch, by, "retry")
    with transaction.atomic():
        shift(patch, "retry", actor=by)
        wake("cells.land", after=settings.VPM_UNDO_SECONDS, patch_id=patch.pk)


def _missing(patch: Patch, given: list[Review]) -> Sentence | None:
    return needs.needed(patch).missing(review.who for review in given)


def _void_own(patch: Patch, by: User, why: Sentence) -> None:
    patch.reviews.filter(void__isnull=True, by=by, decision=Review.APPROVE).update(void=why.as_json())


def _review(
    patch: Patch, by: User, decision: str, digest: str, reason: str, via: str, *, emergency: bool = False
) -> Review:
    return Review.objects.create(
        patch=patch, by=by, decision=decision, digest=digest, reason=reason, verdict=patch.verdict,
        via=via if via in Review.VIAS else Review.PAGE, emergency=emergency,
    )  # fmt: skip


def _noted(patch: Patch, by: User, reason: str, what: Sentence, verb: str = "approve") -> None:
    """A decision that does not move the patch is an event all the same; whoever watches is told."""
    Patch.objects.filter(pk=patch.pk, claimed_by=by).update(claimed_by=None, claimed_until=None)
    audit.record(
        actor=by, verb=verb, subject=patch, repository=patch.repository.key, reason=reason,
        before={"state": patch.state}, after={"state": patch.state, "digest": patch.digest, "still": str(what)},
    )  # fmt: skip


def read_by_second(*, review: Review, by: User) -> None:
    """A second person has read what was landed by hand. Raises Refused."""
    require(by, REVIEWER)
    if review.by_id == by.pk:
        raise Refused(sentence("You landed this by hand yourself; a second person has to read it."))
    with transaction.atomic():
        rows = Review.objects.filter(pk=review.pk, emergency=True, read_at__isnull=True)
        if rows.update(read_by=by, read_at=timezone.now()) != 1:
            raise Refused(sentence("Somebody has read this already."))
        audit.record(
            actor=by, verb="read", subject=review.patch, repository=review.patch.repository.key,
            before={"read": False}, after={"read": True},
        )  # fmt: skip
