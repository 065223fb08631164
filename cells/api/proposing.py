"""Proposing: a change of several documents, from a program or a person. It waits, judged, for somebody else."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Schema
from pydantic import Field, TypeAdapter, ValidationError, WithJsonSchema, WrapValidator

from cells.api import cells as of_cells
from cells.api.auth import Request
from cells.api.deciding_schemas import Id
from cells.api.errors import ERRORS, Invalid
from cells.api.patch_schemas import PatchDetail
from cells.api.patch_shown import whole
from cells.api.patches import find, router
from cells.api.repositories import one
from cells.api.words import Reason, Text
from cells.models import Patch, Repository
from cells.patches import edits, offering
from cells.patches.edits.checks import what_is_wrong
from cells.patches.offering import Offer
from cells.sync.proposals import kind_of


def _said(raw: Any, read: Any) -> Any:
    """What is wrong with an edit is said by its number and its operation."""
    try:
        return read(raw)
    except ValidationError as error:
        if error.errors()[0]["type"] == "too_long":
            raise
        raise Invalid(what_is_wrong(error)) from error


def _described() -> dict[str, Any]:
    """An edit says which it is; a value made here need not, which is what its model tells."""
    kinds = TypeAdapter(edits.Edit).json_schema()["$defs"].values()
    items = [kind | {"required": ["operation", *kind["required"]]} for kind in kinds]
    return {"type": "array", "maxItems": edits.MOST, "items": {"oneOf": items}}


Edits = Annotated[
    list[edits.Edit], Field(max_length=edits.MOST), WrapValidator(_said), WithJsonSchema(_described())
]
Files = Annotated[dict[str, str | None], Field(max_length=edits.MOST)]


class ProposeIn(Schema):
    """Either `edits`, or whole `files` by path (null deletes one). `base` is the commit of main it was made against,
    `cell` whom it is for where the paths do not say it, `replaces` your own version before."""

    title: Text
    rationale: Reason = ""
    repository: Text = ""
    edits: Edits = []
    files: Files = {}
    cell: Text = ""
    base: Text = ""
    replaces: Id | None = None


# One address belongs to one router, so this one is on that of the list.
@router.post("/patches", response={201: PatchDetail, 200: PatchDetail, **ERRORS})
def propose(request: Request, body: ProposeIn) -> tuple[int, PatchDetail]:
    """201 with the new patch, judged; 200 with the one that waits already and proposes exactly this."""
    caller = request.auth
    caller.require_proposing()
    repository = one(body.repository)
    what = Offer(
        title=body.title, rationale=body.rationale, edits=tuple(body.edits), files=body.files, base=body.base,
        cell=of_cells.find(body.cell, repository.key) if body.cell else None,
        replaces=_before(body.replaces, repository, request), agent=caller.token if caller.agent else None,
    )  # fmt: skip
    patch, new = offering.offer(repository=repository, by=caller.user, what=what, kind=kind_of)
    return 201 if new else 200, whole(find(patch.pk), caller)


def _before(number: int | None, repository: Repository, request: Request) -> Patch | None:
    if number is None:
        return None
    found = find(number)
    offering.check_replace(found, repository, request.auth.user)
    return found
