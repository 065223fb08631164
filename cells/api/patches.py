"""Patches: what waits, one of them with its diff, and deciding by the same verbs as the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router

from cells.api.auth import Caller, Request
from cells.api.errors import ERRORS, NotFound
from cells.api.paging import Page, Paging, window
from cells.api.patch_schemas import (
    ApproveIn,
    ChecksIn,
    DiffOut,
    FileOut,
    PatchDetail,
    PatchOut,
    ReasonOut,
    RejectIn,
    ReviewOut,
    VerbOut,
    VerdictOut,
)
from cells.api.repositories import named
from cells.api.shown import told
from cells.api.since import telling
from cells.api.words import OneOf, PatchFilter, Text, VerdictFilter
from cells.models import Patch
from cells.patches import checks, diff, reviews
from cells.patches import order as ranking
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER
from cells.refusals import Refused, say
from cells.sentences import sentence
from cells.ssot.mirror import Mirror

router = Router(tags=["patches"])

Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
PatchOrder = Annotated[
    str, OneOf(("", *ranking.names()))
]  # the apps are ready by now, and said what they know
DIFF = 500_000  # characters


@router.get("/patches", response={200: Page[PatchOut], **ERRORS})
def patches(
    request: HttpRequest,
    paging: Query[Paging],
    repo: Text = "",
    state: PatchFilter = "",
    lane: Text = "",
    cell: Text = "",
    kind: Text = "",
    verdict: VerdictFilter = "",
    order: PatchOrder = "",
) -> dict[str, Any]:
    """Proposals, newest first unless ordered; state=proposed is what waits. An empty filter lets everything through."""
    asked = {"state": state, "lane__key": lane, "cells__key": cell, "kind": kind, "decision": verdict}
    rows = Patch.objects.filter(
        repository__in=named(repo), **{name: value for name, value in asked.items() if value}
    )
    rows = rows.select_related("repository", "lane").prefetch_related("cells", "asks")
    rows, fields = ranking.by(rows, order)
    found = window(rows, fields, paging)
    why = ranking.because(found.rows, order)
    return found.page([short(row, why.get(row.pk)) for row in found.rows])


@router.get("/patches/{patch_id}", response={200: PatchDetail, **ERRORS})
def patch(request: Request, patch_id: Id) -> PatchDetail:
    """One proposal with its diff, its files, the decisions so far, and what this caller may do."""
    return whole(find(patch_id), request.auth)


@router.post("/patches/{patch_id}/approve", response={200: PatchOut, **ERRORS})
def approve(request: Request, patch_id: Id, body: ApproveIn) -> PatchOut:
    """Approve exactly the digest you saw; the landing is a job, so look again for the commit."""
    request.auth.require(REVIEWER)
    found = find(patch_id)
    with telling(found, body.digest, body.verdict):
        reviews.approve(
            patch=found,
            by=request.auth.user,
            digest=body.digest,
            verdict=body.verdict,
            reason=body.reason,
        )
    return short(find(patch_id))


@router.post("/patches/{patch_id}/reject", response={200: PatchOut, **ERRORS})
def reject(request: Request, patch_id: Id, body: RejectIn) -> PatchOut:
    """Reject, with a reason that the proposer will read."""
    request.auth.require(REVIEWER)
    found = find(patch_id)
    with telling(found, body.digest):
        reviews.reject(patch=found, by=request.auth.user, digest=body.digest, reason=body.reason)
    return short(find(patch_id))


@router.post("/patches/{patch_id}/checks", response={200: PatchOut, **ERRORS})
def report_checks(request: Request, patch_id: Id, body: ChecksIn) -> PatchOut:
    """Say whether what was tested is green, for exactly one commit; the contract judges again."""
    request.auth.require(OPERATOR)
    checks.report(patch=find(patch_id), state=body.state, by=request.auth.user, tip=body.tip)
    return short(find(patch_id))


def find(patch_id: int) -> Patch:
    """Raises NotFound."""
    row = Patch.objects.select_related("repository", "lane").filter(pk=patch_id).first()
    if row is None:
        raise NotFound(sentence("There is no patch %(number)s.", number=patch_id))
    return row


def short(row: Patch, because: str | None = None) -> PatchOut:
    return PatchOut(
        id=row.pk, repository=row.repository.key, branch=row.branch, tip=row.tip, merge_base=row.merge_base,
        kind=row.kind, title=row.title, author_name=row.author_name, author_email=row.author_email,
        authored_at=row.authored_at, proposed_at=row.proposed_at, lane=row.lane.key if row.lane else None,
        cells=[cell.key for cell in row.cells.all()], applies=row.applies, obstacle=told(row.obstacle),
        digest=row.digest, checks=row.checks, verdict=verdict(row), ask=next((ask.pk for ask in row.asks.all()), None),
        state=row.state, state_note=told(row.state_note), state_at=row.state_at,
        commit=row.commit, landed_at=row.landed_at, push_state=row.push_state, push_note=told(row.push_note),
        because=because,
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
        diff=DiffOut(text=text, truncated=truncated), verbs=verbs(row, caller),
        reviews=[
            ReviewOut(by=r.who, decision=r.decision, digest=r.digest, reason=r.reason, at=r.at, void=told(r.void))
            for r in row.reviews.select_related("by")
        ],
    )  # fmt: skip


def verbs(row: Patch, caller: Caller) -> list[VerbOut]:
    """What the caller may do with it now, or the sentence that the verb would refuse with."""
    return [
        _verb("approve", caller, lambda: reviews.check_approve(row, caller.user)),
        _verb("reject", caller, lambda: reviews.check_decide(row, caller.user, "reject")),
    ]


def _verb(verb: str, caller: Caller, check: Callable[[], None]) -> VerbOut:
    try:
        caller.require(REVIEWER)
        check()
    except Refused as refused:
        return VerbOut(verb=verb, allowed=False, why=say(refused.why))
    return VerbOut(verb=verb, allowed=True, why=None)
