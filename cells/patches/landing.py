"""Landing: an approved patch becomes one commit on main. The only thing that writes to the repository.

Intent, work, outcome: the claim is committed first, git is touched with no transaction open, then the
outcome is recorded. A worker may die at any point; `settle` finds the commit by its trailer or lets
the next worker try. Compare-and-swap on the branch and the look for the trailer before each attempt
make it land once.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cells import audit
from cells.clock import lease, wake
from cells.models import Patch, Repository, Review
from cells.patches import automatic, change, life, verdicts
from cells.patches.reviews import check_approve, renewed, shift, void
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot import commit as commits
from cells.ssot.commands import swap
from cells.ssot.mirror import Merge, Mirror

log = logging.getLogger(__name__)

ATTEMPTS = 5
DISPLACED = sentence(
    "It had landed here, but the source changed its history and main does not hold it now. Please look again."
)
WORKER = "landing"


class Stale(Exception):
    """The approval no longer covers what landing would do."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


def land(patch: Patch) -> None:
    """Claim, commit, record. Called twice it lands once; called for another state it does nothing."""
    if patch.state != life.APPROVED:
        return
    try:
        shift(patch, "claim", actor=WORKER, lease_until=lease(), attempts=patch.attempts + 1)
    except Refused:
        return
    try:
        try:
            landed(patch, put_on_main(patch))
        except Stale as stale:
            give_back(patch, stale.why)
    except Refused:
        log.info("patch %s was settled by another worker", patch.pk)
    except Exception as error:
        log.exception("landing patch %s failed", patch.pk)
        shift(
            patch,
            "fail",
            actor=WORKER,
            note=sentence("Landing failed: %(error)s", error=str(error)[:300]),
            lease_until=None,
        )


def put_on_main(patch: Patch) -> str:
    """The landed commit's id: found when an earlier worker made it, else made now. Raises Stale."""
    review = decision(patch)
    mirror = Mirror(patch.repository.mirror)
    ref = f"refs/heads/{patch.repository.branch}"
    for _ in range(ATTEMPTS):
        main = mirror.tip(ref)  # before the look for the trailer: what is found later loses the swap
        if found := find(mirror, patch, main):
            return found
        proposal = change.compute(mirror, main, patch.tip)
        merged = check_unchanged(review, proposal)
        check_verdict(review, verdicts.judged(patch, mirror, main))
        made = make_commit(mirror, patch, review, main, mirror.write(merged))
        if swap(patch.repository.mirror, ref, made, main):
            return made
    raise RuntimeError("main moved again and again while landing; retry in a moment")


def check_unchanged(review: Review, proposal: change.Proposal) -> Merge:
    """What to land; refuses anything but the bytes that were approved."""
    if proposal.merged is None:
        raise Stale(proposal.obstacle or DISPLACED)
    if proposal.digest != review.digest:
        raise Stale(sentence("A file it touches changed on main after the approval; please look again."))
    return proposal.merged


def check_verdict(review: Review, now: dict[str, Any]) -> None:
    """Refuse when the contract asks for more than it did when the approval was given."""
    if review.by is None and (why := automatic.holds(review.patch, now)):
        raise Stale(why)
    if review.verdict and (rules := verdicts.stricter(now, review.verdict)):
        raise Stale(
            sentence(
                "The contract asks for more than when it was approved (%(rules)s); please look again.",
                rules=", ".join(rules),
            )
        )


def decision(patch: Patch) -> Review:
    """The approval that counts, by someone who still may approve, or by the contract. Raises Stale."""
    rows = patch.reviews.filter(decision=Review.APPROVE, void__isnull=True)
    review = rows.select_related("by", "patch").first()
    if review is None:
        raise Stale(sentence("No approval of this patch counts any more."))
    if review.by is None:
        return review
    waiting = Patch(
        state=life.PROPOSED, applies=True, decision=patch.decision, proposer_id=patch.proposer_id,
        author_email=patch.author_email,
    )  # fmt: skip
    try:
        check_approve(waiting, type(review.by).objects.get(pk=review.by.pk))
    except Refused as refused:
        raise Stale(
            sentence(
                "The approval by %(name)s no longer counts: %(why)s",
                name=review.who,
                why=refused.why,
            )
        ) from refused
    return review


def make_commit(mirror: Mirror, patch: Patch, review: Review, main: str, tree: str) -> str:
    """One commit on top of main: the proposal's tree, author and message, our trailers."""
    author = commits.author_of(mirror.commit(patch.tip))
    trailers = {"Patch-Id": patch_id(patch)} | _sources(patch) | _approval(review)
    message = commits.message_with(f"{patch.title}\n\n{patch.rationale}", trailers)
    return commits.build(
        mirror, tree=tree, parent=main, author=author, message=message, now=int(timezone.now().timestamp())
    )


def _sources(patch: Patch) -> dict[str, str]:
    """The ask that proposed it, and the evidence its edits were made from."""
    ask = patch.asks.order_by("pk").first()
    evidence = sorted({path for edit in patch.edits for path in edit.get("evidence", ())})
    said = {"Ask-Id": f"{ask.pk} {ask.mode} {ask.cell_key} ({ask.provider})"} if ask else {}
    return said | ({"Evidence-Paths": ", ".join(evidence[:5])} if evidence else {})


def _approval(review: Review) -> dict[str, str]:
    """Who approved, and what the contract, in which version, said then."""
    verdict = review.verdict or {}
    said = {"Contract-Verdict": f"{verdict['contract']} {verdict['decision']}"} if verdict else {}
    if review.by is None:
        return said
    by = review.by
    return said | {"Approved-by": f"{by.get_full_name() or by.get_username()} ({by.get_username()})"}


def patch_id(patch: Patch) -> str:
    """The trailer's value: the row and the proposal, so that a rebuilt database never takes another's commit."""
    return f"{patch.pk}-{patch.tip[:12]}"


def find(mirror: Mirror, patch: Patch, main: str) -> str:
    """The commit below `main` that landed this patch, if any worker ever made it, else ""."""
    since = int((patch.proposed_at - timedelta(days=1)).timestamp())
    return commits.find_trailer(mirror, main, "Patch-Id", patch_id(patch), since)


def landed(patch: Patch, commit: str) -> None:
    """Record the commit; pushing and re-reading are jobs of their own."""
    shift(
        patch, "land", actor=WORKER, commit=commit, landed_at=timezone.now(), push_state="pending", lease_until=None
    )  # fmt: skip
    wake("cells.push", repository_id=patch.repository_id)
    wake("cells.sync", repository_id=patch.repository_id)


def give_back(patch: Patch, why: Sentence) -> None:
    """The approval is void; the patch waits again as it would land today, with the sentence that says why."""
    with transaction.atomic():
        shift(patch, "stale", actor=WORKER, note=why, lease_until=None, **renewed(patch))
        void(patch, why)
    wake("cells.sync", repository_id=patch.repository_id)


def reconcile(repository: Repository, mirror: Mirror, *, rewritten: bool) -> None:
    """Each landing stands on main, is found again on it, or its patch waits for a decision again.

    Those the source has are looked at only when main was rewritten since it was last read.
    """
    main = mirror.tip(f"refs/heads/{repository.branch}")
    rows = Patch.objects.filter(repository=repository, state=life.LANDED).select_related("repository")
    for patch in rows if rewritten else rows.exclude(push_state="pushed"):
        if mirror.is_ancestor(patch.commit, main):
            continue
        if found := find(mirror, patch, main):
            replayed(patch, found)
        else:
            displace(patch)


def replayed(patch: Patch, commit: str) -> None:
    """The landing stands on main as another commit."""
    before = patch.commit
    with transaction.atomic():
        if Patch.objects.filter(pk=patch.pk, commit=before).update(commit=commit, push_state="pending"):
            audit.record(
                actor="sync", verb="replay", subject=patch, repository=patch.repository.key,
                before={"commit": before}, after={"commit": commit},
            )  # fmt: skip


def displace(patch: Patch) -> None:
    """Main does not hold the landing any more."""
    away: dict[str, Any] = {"commit": "", "landed_at": None, "push_state": "", "push_note": None}
    with transaction.atomic():
        shift(patch, "displace", actor="sync", note=DISPLACED, **away, **renewed(patch))
        void(patch, DISPLACED)


def settle() -> int:
    """Pick up what stopped moving: approved patches nobody took, landings whose worker died. Returns how many."""
    now = timezone.now()
    stuck = Patch.objects.filter(
        Q(state=life.LANDING, lease_until__lt=now)
        | Q(state=life.APPROVED, state_at__lt=now - timedelta(seconds=5))
    ).select_related("repository")
    for patch in stuck:
        if patch.state == life.LANDING:
            resume(patch)
        else:
            wake("cells.land", patch_id=patch.pk)
    return len(stuck)


def resume(patch: Patch) -> None:
    """A dead worker's patch: record its commit if it made one, else let it be claimed again."""
    try:
        mirror = Mirror(patch.repository.mirror)
        if found := find(mirror, patch, mirror.tip(f"refs/heads/{patch.repository.branch}")):
            landed(patch, found)
        else:
            shift(patch, "release", actor=WORKER, lease_until=None)
            wake("cells.land", patch_id=patch.pk)
    except Refused:
        log.info("patch %s moved by itself", patch.pk)
