"""Deciding about a patch by the same verbs as the pages. What you saw is named; when that is not what waits, the refusal
says what changed since."""

from __future__ import annotations

from collections.abc import Callable

from ninja import Router

from cells.api.auth import Request
from cells.api.deciding_schemas import ApproveIn, ArchiveIn, ByHandIn, SentBackOut, TurnDownIn
from cells.api.errors import ERRORS
from cells.api.patch_schemas import PatchOut
from cells.api.patch_shown import short
from cells.api.patches import Id, find
from cells.api.shown import told
from cells.api.since import telling
from cells.asks import returning
from cells.models import Patch
from cells.patches import reviews
from cells.permissions import OPERATOR, REVIEWER

router = Router(tags=["deciding"])

VIA = "api"


@router.post("/patches/{patch_id}/approve", response={200: PatchOut, **ERRORS})
def approve(request: Request, patch_id: Id, body: ApproveIn) -> PatchOut:
    """Approve exactly the digest you saw; the landing is a job, so look again for the commit."""
    request.auth.require(REVIEWER)
    found = find(patch_id)
    with telling(found, body.digest, body.verdict):
        reviews.approve(patch=found, by=request.auth.user, via=VIA, **body.dict())
    return short(find(patch_id))


@router.post("/patches/{patch_id}/land_by_hand", response={200: PatchOut, **ERRORS})
def land_by_hand(request: Request, patch_id: Id, body: ByHandIn) -> PatchOut:
    """The emergency route: you alone, at once, with a reason that a second person reads afterwards."""
    request.auth.require(OPERATOR)
    found = find(patch_id)
    with telling(found, body.digest, body.verdict):
        reviews.land_by_hand(patch=found, by=request.auth.user, **body.dict())
    return short(find(patch_id))


@router.post("/patches/{patch_id}/reject", response={200: PatchOut, **ERRORS})
def reject(request: Request, patch_id: Id, body: TurnDownIn) -> PatchOut:
    """Reject, with a reason that the proposer will read."""
    request.auth.require(REVIEWER)
    found = find(patch_id)
    with telling(found, body.digest):
        reviews.reject(patch=found, by=request.auth.user, via=VIA, **body.dict())
    return short(find(patch_id))


@router.post("/patches/{patch_id}/send_back", response={200: SentBackOut, **ERRORS})
def send_back(request: Request, patch_id: Id, body: TurnDownIn) -> SentBackOut:
    """Back to the proposer with what has to be different; what an ask proposed is asked for again."""
    request.auth.require(REVIEWER)
    found = find(patch_id)
    with telling(found, body.digest):
        sent = returning.send_back(patch=found, by=request.auth.user, via=VIA, **body.dict())
    asked = sent.ask.pk if sent.ask else None
    return SentBackOut(**short(find(patch_id)).dict(), asked=asked, not_asked=told(sent.why_not))


@router.post("/patches/{patch_id}/archive", response={200: PatchOut, **ERRORS})
def archive(request: Request, patch_id: Id, body: ArchiveIn) -> PatchOut:
    """Put away what has had its day."""
    request.auth.require(REVIEWER)
    found = find(patch_id)
    with telling(found, body.digest):
        reviews.archive(patch=found, by=request.auth.user, via=VIA, **body.dict())
    return short(find(patch_id))


@router.post("/patches/{patch_id}/withdraw", response={200: PatchOut, **ERRORS})
def withdraw(request: Request, patch_id: Id) -> PatchOut:
    """Take an approval back before it lands."""
    return _done(request, patch_id, reviews.withdraw)


@router.post("/patches/{patch_id}/reopen", response={200: PatchOut, **ERRORS})
def reopen(request: Request, patch_id: Id) -> PatchOut:
    """Take a rejection, a return or an archiving back: it waits again."""
    return _done(request, patch_id, returning.reopen)


@router.post("/patches/{patch_id}/retry", response={200: PatchOut, **ERRORS})
def retry(request: Request, patch_id: Id) -> PatchOut:
    """Try a failed landing again, under the approvals it has."""
    return _done(request, patch_id, reviews.retry)


def _done(request: Request, patch_id: int, verb: Callable[..., object]) -> PatchOut:
    request.auth.require(REVIEWER)
    found: Patch = find(patch_id)
    verb(patch=found, by=request.auth.user)
    return short(find(patch_id))
