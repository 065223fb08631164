"""Moving a patch through its life: the one place that writes its `state`, and the sentences of those who came too late."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cells import audit
from cells.clock import wake
from cells.models import Patch, Review
from cells.patches import change, earlier, life, paths, ranks, verdicts
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror

MOVED = {
    life.PROPOSED: sentence("This patch waits for a decision again; look at it before you decide."),
    life.APPROVED: sentence("This patch is already approved and about to land."),
    life.LANDING: sentence("This patch is landing right now."),
    life.LANDED: sentence("This patch has already landed."),
    life.REJECTED: sentence("This patch was rejected; reopen it to decide again."),
    life.SENT_BACK: sentence("This patch was sent back to its proposer; reopen it to decide again."),
    life.ARCHIVED: sentence("This patch was archived; reopen it to decide again."),
    life.SUPERSEDED: sentence("This patch was superseded; there is nothing left to decide."),
    life.FAILED: sentence("Landing this patch failed; retry it or look at why."),
}


def lock(patch: Patch) -> None:
    """Whoever comes second waits here, and then sees what the first one did. Before any other row, in a transaction."""
    # no_key: who writes a row that points to this one first, and updates this one then, would wait for us and we for them.
    rows = Patch.objects.select_related("repository", "lane").select_for_update(of=("self",), no_key=True)
    patch.refresh_from_db(from_queryset=rows)


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
    """A conditional update by the life table, with its audit event.

    With `seen`, only while the patch still would change exactly that. Raises Refused when someone was faster.
    """
    step = life.LIFE[verb]
    rows = Patch.objects.filter(pk=patch.pk, state=patch.state, state__in=step.sources)
    if seen:
        rows = rows.filter(digest=seen)
    if verb == "claim" or patch.state == life.LANDING:  # whose claim ran out does nothing to the next one's
        rows = rows.filter(attempts=patch.attempts)
    before = patch.state
    changes = {
        "state": step.target, "state_at": timezone.now(), "state_note": note.as_json() if note else None,
        "lease_until": None, **_unclaimed(step.target), **fields,
    }  # fmt: skip
    with transaction.atomic():
        if rows.update(**changes) != 1:
            patch.refresh_from_db()
            raise Refused(moved(patch))
        if isinstance(files := fields.get("files"), list):
            paths.remember(patch, files)
        if step.target == life.SUPERSEDED:  # should it come back, it is decided anew
            void(patch, note or MOVED[life.SUPERSEDED])
        audit.record(
            actor=actor, verb=verb, subject=patch, repository=patch.repository.key, reason=reason,
            before={"state": before}, after={"state": step.target, "digest": patch.digest} | _plain(fields),
        )  # fmt: skip
        if patch.pull_id and step.target not in (life.APPROVED, life.LANDING):
            wake("cells.pull_follow", patch_id=patch.pk)
        if life.PROPOSED in (before, step.target) and actor != "sync":
            wake("cells.judge_beside", patch_id=patch.pk)
    for name, value in changes.items():
        setattr(patch, name, value)


def _unclaimed(target: str) -> dict[str, Any]:
    """What has been decided is nobody's task any more."""
    if target in (life.PROPOSED, life.APPROVED, life.LANDING):
        return {}
    return {
        "claimed_by": None,
        "claimed_until": None,
        "handed_to": None,
        "handed_by": None,
        "handed_note": "",
    }


def renewed(patch: Patch, *, came_back: bool = False) -> dict[str, Any]:
    """What landing it would change today and what the contract says of that, as fields of its row."""
    mirror = Mirror(patch.repository.mirror)
    main = mirror.tip(f"refs/heads/{patch.repository.branch}")
    verdict = verdicts.judged(patch, mirror, main)
    fields = change.compute(mirror, main, patch.tip).as_fields()
    lane = patch.lane.key if patch.lane else ""
    return fields | {
        "verdict": verdict, "decision": verdict["decision"], "earlier": earlier.kept(patch),
        "rank": ranks.rank(verdict, applies=fields["applies"], came_back=came_back),
        "group": ranks.group(verdict, lane=lane, kind=patch.kind, applies=fields["applies"]),
    }  # fmt: skip


def void(patch: Patch, why: Sentence, only: Iterable[Review] | None = None) -> None:
    """No earlier decision about this patch counts any more, or these do not."""
    rows = patch.reviews.filter(void__isnull=True)
    if only is not None:
        rows = rows.filter(pk__in=[review.pk for review in only])
    rows.update(void=why.as_json())


def obstacle(patch: Patch) -> Sentence:
    """Why the patch does not apply."""
    if not patch.obstacle:
        return sentence("This patch does not apply. Edit it, or send it back.")
    return Sentence(patch.obstacle["text"], patch.obstacle["params"])


def moved(patch: Patch) -> Sentence:
    """What to tell someone whose verb no longer fits the patch's state."""
    return MOVED[patch.state]


def _plain(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if isinstance(value, str | int | bool)}
