"""Landing: an approved patch becomes one commit on main. Where main is at GitHub, cells.pulls.landing brings it there.

Intent, work, outcome: the claim is committed first, git is touched with no transaction open, then the
outcome is recorded. A worker may die at any point; `settle` finds the commit by its trailer or lets
the next worker try. Compare-and-swap on the branch and the look for the trailer before each attempt
make it land once.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from cells import audit
from cells.chain import seal
from cells.clock import lease, wake
from cells.hosts.github.inert import inert
from cells.hosts.github.places import at_github, by_pull
from cells.models import AuditEvent, Patch, Repository, Review
from cells.patches import change, life, verdicts
from cells.patches.agreed import Stale, agreed, check_verdict, trailers
from cells.patches.described import as_read
from cells.patches.moves import moved, renewed, shift, void
from cells.patches.origins import asks_of
from cells.patches.outdated import CONTAINED, GONE, MOVED_ON, moved_away
from cells.patches.traces import find, patch_id
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot import commit as commits
from cells.ssot.commands import swap
from cells.ssot.mirror import Merge, Mirror

log = logging.getLogger(__name__)

ATTEMPTS = 5
OF_ITSELF = [field.name for field in Patch._meta.concrete_fields if not field.is_relation]
DISPLACED = sentence(
    "It had landed here, but the source changed its history and main does not hold it now. Please look again."
)
WORKER = "landing"


class Unread(Exception):
    """Main describes a swarm that sync has not read yet, so nobody knows who has to agree."""


def land(patch: Patch) -> None:
    """Claim, commit, record. Called twice it lands once; called for another state, while the approval can still be
    taken back, or before main's swarm was read, it does nothing.
    """
    if patch.state != life.APPROVED or waits_for_undo(patch):
        return
    if not _as_read(patch):
        wake("cells.sync", repository_id=patch.repository_id)  # the sweeper comes back to it
        return
    if claim(patch):
        try:
            _land(patch)
        except Refused:
            log.info("patch %s was settled by another worker", patch.pk)


def claim(patch: Patch) -> bool:
    """Whether this worker lands it now."""
    try:
        shift(patch, "claim", actor=WORKER, lease_until=lease(), attempts=patch.attempts + 1)
    except Refused:
        return False
    patch.refresh_from_db(fields=OF_ITSELF)  # a reading may have given it other words since it was looked at
    return True


def _as_read(patch: Patch) -> bool:
    mirror = Mirror(patch.repository.mirror)
    return as_read(patch.repository, mirror, mirror.tip(f"refs/heads/{patch.repository.branch}"))


def _land(patch: Patch) -> None:
    """Put a claimed patch on main. Raises Refused when another worker settled it meanwhile."""
    try:
        commit = put_on_main(patch)
    except Exception as error:
        stopped(patch, error)
    else:
        landed(patch, commit)  # whatever goes wrong from here on, `settle` finds the commit


def stopped(patch: Patch, error: Exception) -> None:
    """What becomes of a claimed patch that could not be landed. Raises Refused."""
    if isinstance(error, Stale):
        give_back(patch, error)
    elif isinstance(error, Unread):
        release(patch)
        wake("cells.sync", repository_id=patch.repository_id)
    else:
        log.error("landing patch %s failed", patch.pk, exc_info=error)
        fail(patch, sentence("Landing failed: %(error)s", error=str(error)[:300]))


def release(patch: Patch, refused: str = "") -> None:
    """Let it be claimed again; `refused` is why it may not land now, for the trail. Raises Refused."""
    shift(patch, "release", actor=WORKER, reason=refused, lease_until=None)


def refusals(patch: Patch) -> int:
    """How often landing it was refused since it was approved, or tried again, last."""
    events = AuditEvent.objects.filter(subject_type="patch", subject=str(patch.pk))
    begun = events.filter(verb__in=("approve", "land_by_hand", "retry")).order_by("-pk")
    refused = events.filter(verb="release").exclude(reason="")
    return refused.filter(pk__gt=begun.values_list("pk", flat=True).first() or 0).count()


def hold(patch: Patch) -> None:
    """Before a step that nobody can take back: the claim is still this worker's, and lasts. Raises Refused."""
    mine = Patch.objects.filter(pk=patch.pk, state=life.LANDING, attempts=patch.attempts)
    if not mine.update(lease_until=lease()):
        patch.refresh_from_db()
        raise Refused(moved(patch))


def fail(patch: Patch, why: Sentence) -> None:
    """A person looks at why, and tries again or decides otherwise. Raises Refused."""
    shift(patch, "fail", actor=WORKER, note=why, lease_until=None)


def waits_for_undo(patch: Patch) -> timedelta | None:
    """How long a person can still take the approval back; None when it may land. The contract's, and an emergency's, may at once."""
    last = patch.reviews.filter(decision=Review.APPROVE, void__isnull=True).first()
    if last is None or last.by_id is None or last.emergency:
        return None
    left = patch.state_at + timedelta(seconds=settings.VPM_UNDO_SECONDS) - timezone.now()
    return left if left > timedelta(0) else None


def put_on_main(patch: Patch) -> str:
    """The landed commit's id: found when an earlier worker made it, else made now. Raises Stale, or Unread."""
    mirror = Mirror(patch.repository.mirror)
    ref = f"refs/heads/{patch.repository.branch}"
    for _ in range(ATTEMPTS):
        main = mirror.tip(ref)  # before the look for the trailer: what is found later loses the swap
        if found := find(mirror, patch, main):
            return found
        reviews, merged = carried(patch, mirror, main, patch.tip)
        made = make_commit(mirror, patch, reviews, main, mirror.write(merged))
        if swap(patch.repository.mirror, ref, made, main):
            return made
    raise RuntimeError("main moved again and again while landing; retry in a moment")


def carried(patch: Patch, mirror: Mirror, main: str, tip: str) -> tuple[list[Review], Merge]:
    """The approvals that carry bringing `tip` to this main, and what main would hold. Raises Stale, or Unread."""
    reviews = agreed(patch)
    if not as_read(patch.repository, mirror, main):
        raise Unread
    proposal = change.compute(mirror, main, tip)
    if why := moved_away(patch, mirror) or (CONTAINED if proposal.contained else None):
        raise Stale(why)
    merged = check_unchanged(reviews, proposal)
    check_verdict(reviews, verdicts.judged(patch, mirror, main))
    return reviews, merged


def check_unchanged(reviews: list[Review], proposal: change.Proposal) -> Merge:
    """What to land; refuses anything but the bytes that were approved."""
    if proposal.merged is None:
        raise Stale(proposal.obstacle or DISPLACED)
    if any(proposal.digest != review.digest for review in reviews):
        raise Stale(sentence("A file it touches changed on main after the approval; please look again."))
    return proposal.merged


def make_commit(mirror: Mirror, patch: Patch, reviews: list[Review], main: str, tree: str) -> str:
    """One commit on top of main: the proposal's tree, author and message, our trailers."""
    author, now = commits.author_of(mirror.commit(patch.tip)), int(timezone.now().timestamp())
    text = message(patch, reviews)
    return commits.build(mirror, tree=tree, parent=main, author=author, message=text, now=now)


def message(patch: Patch, reviews: list[Review]) -> str:
    """What the commit says: the proposal's words, which close nothing at GitHub, and our trailers."""
    words = f"{patch.title}\n\n{patch.rationale}"
    said = (
        {"Patch-Id": patch_id(patch)} | _sources(patch) | trailers(reviews) | {"Audit-Head": str(seal.seal())}
    )
    return commits.message_with(inert(words) if at_github(patch.repository) else words, said)


def _sources(patch: Patch) -> dict[str, str]:
    """The ask that proposed it, and the evidence its edits were made from."""
    ask = asks_of(patch).first()
    evidence = sorted({path for edit in patch.edits for path in edit.get("evidence", ())})
    said = {"Ask-Id": f"{ask.pk} {ask.mode} {ask.cell_key} ({ask.provider})"} if ask else {}
    return said | ({"Evidence-Paths": ", ".join(evidence[:5])} if evidence else {})


def landed(patch: Patch, commit: str, *, pushed: bool = False, note: Sentence | None = None) -> None:
    """Record the commit; pushing, where the source does not have it yet, and re-reading are jobs of their own."""
    shift(
        patch, "land", actor=WORKER, note=note, commit=commit, landed_at=timezone.now(),
        push_state="pushed" if pushed else "pending", lease_until=None,
    )  # fmt: skip
    if not pushed:
        wake("cells.push", repository_id=patch.repository_id)
    wake("cells.sync", repository_id=patch.repository_id)


def give_back(patch: Patch, stale: Stale) -> None:
    """The approvals it names end; the patch waits again as it would land today, with the sentence that says why.

    Where nothing is left to decide, that ends too.
    """
    today = renewed(patch, came_back=True)
    with transaction.atomic():
        shift(patch, "stale", actor=WORKER, note=stale.why, lease_until=None, **today)
        void(patch, stale.why, stale.over)
        if stale.why in (CONTAINED, GONE, MOVED_ON):
            shift(patch, "supersede", actor=WORKER, note=stale.why)
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
    today = renewed(patch, came_back=True)
    with transaction.atomic():
        shift(patch, "displace", actor="sync", note=DISPLACED, **away, **today)
        void(patch, DISPLACED)


def settle() -> int:
    """Pick up what stopped moving: approved patches nobody took, landings whose worker died. Returns how many."""
    here = [patch for patch in stuck(timezone.now()) if not by_pull(patch.repository)]
    for patch in here:
        if patch.state == life.LANDING:
            resume(patch)
        else:
            wake("cells.land", patch_id=patch.pk)
    return len(here)


def stuck(now: datetime) -> QuerySet[Patch]:
    """Approved patches that should have been taken by now, and landings whose worker shows no sign."""
    return Patch.objects.filter(
        Q(state=life.LANDING, lease_until__lt=now)
        | Q(state=life.APPROVED, state_at__lt=now - timedelta(seconds=5 + settings.VPM_UNDO_SECONDS))
    ).select_related("repository__github", "pull")


def resume(patch: Patch) -> None:
    """A dead worker's patch: record its commit if it made one, else let it be claimed again."""
    try:
        mirror = Mirror(patch.repository.mirror)
        if found := find(mirror, patch, mirror.tip(f"refs/heads/{patch.repository.branch}")):
            landed(patch, found)
        else:
            release(patch)
            wake("cells.land", patch_id=patch.pk)
    except Refused:
        log.info("patch %s moved by itself", patch.pk)
