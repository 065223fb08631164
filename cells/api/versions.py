"""Versions of a patch: rewriting what waits, going back to the version before, taking a landing back."""

from __future__ import annotations

from typing import Any

from ninja import Router

from cells.api.auth import Request
from cells.api.deciding_schemas import EditIn, RevertIn, RevertOut
from cells.api.errors import ERRORS
from cells.api.patch_schemas import DocumentOut, DocumentsOut, PatchOut
from cells.api.patch_shown import short
from cells.api.patches import Id, find
from cells.api.shown import told
from cells.api.since import telling
from cells.patches import reverting, versions
from cells.permissions import REVIEWER
from cells.refusals import say
from cells.ssot.mirror import Mirror

router = Router(tags=["versions"])


@router.get("/patches/{patch_id}/documents", response={200: DocumentsOut, **ERRORS})
def documents(request: Request, patch_id: Id) -> dict[str, Any]:
    """What main would hold if it landed now, as whole texts: what an edit begins from."""
    found = find(patch_id)
    draft, digest = versions.draft(found, Mirror(found.repository.mirror))
    said = [
        DocumentOut(path=one.path, status=one.status, text=one.text, why=told(one.why))
        for one in draft.documents
    ]
    return {"digest": digest, "documents": said}


@router.post("/patches/{patch_id}/edit", response={201: PatchOut, **ERRORS})
def edit(request: Request, patch_id: Id, body: EditIn) -> tuple[int, PatchOut]:
    """A new version with these texts waits instead, judged again. You are a proposer of it then."""
    request.auth.require(REVIEWER)
    found = find(patch_id)
    with telling(found, body.digest):
        new = versions.edit(
            patch=found, by=request.auth.user, digest=body.digest, files=body.files, without=body.without,
            reason=body.reason,
        )  # fmt: skip
    return 201, short(find(new.pk))


@router.post("/patches/{patch_id}/discard", response={200: PatchOut, **ERRORS})
def discard(request: Request, patch_id: Id) -> PatchOut:
    """The undo of an edit: the version before waits again, and is the answer."""
    request.auth.require(REVIEWER)
    before = versions.discard(patch=find(patch_id), by=request.auth.user)
    return short(find(before.pk))


@router.post("/patches/{patch_id}/revert", response={201: RevertOut, **ERRORS})
def revert(request: Request, patch_id: Id, body: RevertIn) -> tuple[int, RevertOut]:
    """The patch that takes this landing back, approved by you where you may."""
    request.auth.require(REVIEWER)
    new = reverting.revert(patch=find(patch_id), by=request.auth.user, reason=body.reason, via="api")
    new = find(new.pk)
    return 201, RevertOut(**short(new).dict(), outcome=say(reverting.outcome(new, request.auth.user)))
