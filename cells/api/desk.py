"""Whose task a patch is: claiming it, handing it over, putting it off, and taking each of these back."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from ninja import Router

from cells.api.auth import Request
from cells.api.deciding_schemas import HandOverIn, SnoozeIn
from cells.api.errors import ERRORS
from cells.api.patch_schemas import PatchDetail
from cells.api.patch_shown import whole
from cells.api.patches import Id, find
from cells.patches import desk
from cells.permissions import REVIEWER
from cells.refusals import Refused
from cells.sentences import sentence

router = Router(tags=["desk"])


@router.post("/patches/{patch_id}/claim", response={200: PatchDetail, **ERRORS})
def claim(request: Request, patch_id: Id) -> PatchDetail:
    """Yours for half an hour; of two who claim at once one gets it."""
    return _done(request, patch_id, desk.claim)


@router.post("/patches/{patch_id}/take_over", response={200: PatchDetail, **ERRORS})
def take_over(request: Request, patch_id: Id) -> PatchDetail:
    """Claim it although somebody else has."""
    return _done(request, patch_id, desk.claim, take_over=True)


@router.post("/patches/{patch_id}/let_go", response={200: PatchDetail, **ERRORS})
def let_go(request: Request, patch_id: Id) -> PatchDetail:
    """Not yours any more."""
    return _done(request, patch_id, desk.let_go)


@router.post("/patches/{patch_id}/hand_over", response={200: PatchDetail, **ERRORS})
def hand_over(request: Request, patch_id: Id, body: HandOverIn) -> PatchDetail:
    """Somebody else decides it: it stands first in their inbox, and not in yours."""
    request.auth.require(REVIEWER)
    to = User.objects.filter(username=body.to, is_active=True).first()
    if to is None:
        raise Refused(sentence("Choose whom to hand it to."))
    return _done(request, patch_id, desk.hand_over, to=to, note=body.note)


@router.post("/patches/{patch_id}/take", response={200: PatchDetail, **ERRORS})
def take(request: Request, patch_id: Id) -> PatchDetail:
    """It is everybody's again, whoever it was handed to."""
    return _done(request, patch_id, desk.take)


@router.post("/patches/{patch_id}/snooze", response={200: PatchDetail, **ERRORS})
def snooze(request: Request, patch_id: Id, body: SnoozeIn) -> PatchDetail:
    """Not in your inbox before then, unless it changes."""
    return _done(request, patch_id, desk.snooze, until=body.until)


@router.post("/patches/{patch_id}/wake_up", response={200: PatchDetail, **ERRORS})
def wake_up(request: Request, patch_id: Id) -> PatchDetail:
    """Back into your inbox."""
    return _done(request, patch_id, desk.wake_up)


def _done(request: Request, patch_id: int, verb: Callable[..., object], **said: object) -> PatchDetail:
    request.auth.require(REVIEWER)
    verb(patch=find(patch_id), by=request.auth.user, **said)
    return whole(find(patch_id), request.auth)
