"""Patches: what waits, one of them with its diff, and what was tested of it."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router

from cells.api.auth import Request
from cells.api.deciding_schemas import ChecksIn
from cells.api.errors import ERRORS, NotFound
from cells.api.paging import Page, Paging, window
from cells.api.patch_schemas import PatchDetail, PatchOut
from cells.api.patch_shown import short, whole
from cells.api.repositories import named
from cells.api.words import OneOf, PatchFilter, Text, VerdictFilter
from cells.models import Patch
from cells.patches import checks
from cells.patches import order as ranking
from cells.permissions import OPERATOR
from cells.sentences import sentence

router = Router(tags=["patches"])

Id = Annotated[int, Path(ge=1, le=2**63 - 1)]
PatchOrder = Annotated[
    str, OneOf(("", *ranking.names()))
]  # the apps are ready by now, and said what they know


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
    rows = rows.select_related("repository", "lane", "pull").prefetch_related("cells", "asks")
    rows, fields = ranking.by(rows, order)
    found = window(rows, fields, paging)
    why = ranking.because(found.rows, order)
    return found.page([short(row, why.get(row.pk)) for row in found.rows])


@router.get("/patches/{patch_id}", response={200: PatchDetail, **ERRORS})
def patch(request: Request, patch_id: Id) -> PatchDetail:
    """One proposal with its diff, its files, the decisions so far, and what this caller may do."""
    return whole(find(patch_id), request.auth)


@router.post("/patches/{patch_id}/checks", response={200: PatchOut, **ERRORS})
def report_checks(request: Request, patch_id: Id, body: ChecksIn) -> PatchOut:
    """Say whether what was tested is green, for exactly one commit; the contract judges again."""
    request.auth.require(OPERATOR)
    checks.report(patch=find(patch_id), state=body.state, by=request.auth.user, tip=body.tip)
    return short(find(patch_id))


def find(patch_id: int) -> Patch:
    """Raises NotFound."""
    rows = Patch.objects.select_related(
        "repository", "lane", "pull", "claimed_by", "handed_to", "handed_by", "proposer"
    )
    row = rows.filter(pk=patch_id).first()
    if row is None:
        raise NotFound(sentence("There is no patch %(number)s.", number=patch_id))
    return row
