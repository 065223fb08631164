"""Patches as the API shows them, in the caller's language."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from cells.api.auth import Caller
from cells.api.patch_schemas import (
    DiffOut,
    FileOut,
    NeedsOut,
    PatchDetail,
    PatchOut,
    PullOut,
    ReasonOut,
    RemarkOut,
    ReviewOut,
    VerbOut,
    VerdictOut,
)
from cells.api.shown import told
from cells.models import Patch, Review
from cells.patches import desk, diff, life, needs, origins, verbs
from cells.patches.verdicts import fingerprint
from cells.refusals import Refused, say
from cells.ssot.mirror import Mirror

DIFF = 500_000  # characters


def short(row: Patch, because: str | None = None) -> PatchOut:
    return PatchOut(
        id=row.pk, repository=row.repository.key, branch=row.branch, tip=row.tip, merge_base=row.merge_base,
        kind=row.kind, title=row.title, author_name=row.author_name, author_email=row.author_email,
        authored_at=row.authored_at, proposed_at=row.proposed_at, lane=row.lane.key if row.lane else None,
        cells=[cell.key for cell in row.cells.all()], applies=row.applies, obstacle=told(row.obstacle),
        digest=row.digest, checks=row.checks, verdict=verdict(row), ask=next((ask.pk for ask in row.asks.all()), None),
        state=row.state, state_note=told(row.state_note), state_at=row.state_at,
        commit=row.commit, landed_at=row.landed_at, push_state=row.push_state, push_note=told(row.push_note),
        pull=_pull(row), because=because,
    )  # fmt: skip


def _pull(row: Patch) -> PullOut | None:
    if (found := row.pull) is None:
        return None
    return PullOut(
        number=found.number, url=found.url, state=found.state, draft=found.draft, fork=found.fork,
        author=found.author, labels=found.labels, mergeable=found.mergeable,
    )  # fmt: skip


def verdict(row: Patch) -> VerdictOut | None:
    """In the caller's language; None before the contract judged."""
    if row.verdict is None:
        return None
    said = row.verdict
    return VerdictOut(
        decision=said["decision"], category=said["category"], risk=said["risk"], contract=said["contract"],
        seen=fingerprint(said),
        reasons=[
            ReasonOut(rule=r["rule"], place=r["place"], sentence=say(r), decision=r["decision"])
            for r in said["reasons"]
        ],
    )  # fmt: skip


def whole(row: Patch, caller: Caller) -> PatchDetail:
    text, truncated = "", False
    if row.merge_base:
        text, truncated = diff.unified(Mirror(row.repository.mirror), row.merge_base, row.tip, DIFF)
    return PatchDetail(
        **short(row).dict(), rationale=row.rationale, files=[FileOut(**file) for file in row.files],
        diff=DiffOut(text=text, truncated=truncated), **_versions(row), **_desk(row), needs=_needs(row),
        verbs=[_verb(row, caller, verb) for verb in verbs.VERBS],
        reviews=[_review(one) for one in row.reviews.select_related("by")],
    )  # fmt: skip


def _versions(row: Patch) -> dict[str, Any]:
    """Whose it is, and what stands before and after it."""
    return {
        "proposer": _name(row.proposer),
        "editors": [one.get_username() for one in row.editors.order_by("pk")],
        "replaces": row.replaces_id,
        "replaced_by": list(row.replaced_by.order_by("pk").values_list("pk", flat=True)),
        "reverts": row.reverts_id,
        "reverted_by": list(row.reverted_by.order_by("pk").values_list("pk", flat=True)),
        "remarks": [
            RemarkOut(patch=one.patch.pk, sentence=say(one.sentence)) for one in origins.remarks(row)
        ],
    }


def _desk(row: Patch) -> dict[str, Any]:
    """Whose task it is."""
    holder = desk.holder(row)
    return {
        "claimed_by": _name(holder), "claimed_until": row.claimed_until if holder else None,
        "handed_to": _name(row.handed_to), "handed_by": _name(row.handed_by), "handed_note": row.handed_note,
    }  # fmt: skip


def _needs(row: Patch) -> NeedsOut | None:
    if row.state != life.PROPOSED:
        return None
    need, given = needs.needed(row), [review.who for review in needs.counted(row)]
    return NeedsOut(
        people=need.people, owners=[list(owners) for owners in need.owners], why=told(need.why), given=given,
        missing=told(need.missing(given)),
    )  # fmt: skip


def _review(one: Review) -> ReviewOut:
    return ReviewOut(
        by=one.who, decision=one.decision, via=one.via, digest=one.digest, reason=one.reason, at=one.at,
        void=told(one.void), emergency=one.emergency,
    )  # fmt: skip


def _verb(row: Patch, caller: Caller, verb: str) -> VerbOut:
    """Whether the caller may do it now, or the sentence that the verb would refuse with."""
    try:
        caller.require(verbs.right_for(verb))
    except Refused as refused:
        return VerbOut(verb=verb, allowed=False, why=say(refused.why))
    why = verbs.why_not(row, caller.user, verb)
    return VerbOut(verb=verb, allowed=why is None, why=told(why))


def _name(user: User | None) -> str | None:
    return user.get_username() if user else None
