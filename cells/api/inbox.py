"""The inbox: what needs the caller and why, in groups that ask the same question; what is kept from it, counted."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

from ninja import Query, Router, Schema

from cells.api.auth import Request
from cells.api.errors import ERRORS
from cells.api.patch_schemas import PatchOut
from cells.api.patch_shown import short
from cells.api.repositories import one
from cells.api.words import Text
from cells.models import Patch
from cells.patches import inbox
from cells.refusals import say

router = Router(tags=["inbox"])

GROUPS = 20  # of one answer
ROWS = 50  # of one group

Number = Annotated[int, Query(ge=1, le=2**31)]
Beyond = Annotated[int, Query(ge=0, le=2**63 - 1)]


class ItemOut(Schema):
    """A patch, and why it stands here."""

    why: str
    patch: PatchOut


class GroupOut(Schema):
    """`size` is how many there are for you; `rows` the first: all of a small group, one of a large one."""

    key: str
    size: int
    rows: list[ItemOut]


class InboxOut(Schema):
    """`first` is addressed to you, then come the groups. `size` counts all that needs you, `kept` what waits and is kept
    from you, by reason. `next` is the page after this one, null on the last."""

    repository: str
    size: int
    first: list[ItemOut]
    groups: list[GroupOut]
    kept: dict[str, int]
    next: int | None


class RowsOut(Schema):
    """`next` is what to pass on as `after`, null when these are the last."""

    rows: list[ItemOut]
    next: int | None


@router.get("/inbox", response={200: InboxOut, **ERRORS})
def mine(request: Request, repo: Text = "", page: Number = 1) -> dict[str, Any]:
    """What needs you in one repository. The later pages hold further groups only."""
    repository = one(repo)
    desk = inbox.desk(repository, request.auth.user)
    at = (page - 1) * GROUPS
    bundles = inbox.bundles(repository, desk, desk.groups[at : at + GROUPS])
    return {
        "repository": repository.key, "size": desk.size,
        "first": [_item(item) for item in desk.first] if page == 1 else [],
        "groups": [GroupOut(key=b.key, size=b.size, rows=[_item(item) for item in b.rows]) for b in bundles],
        "kept": dict(Counter(desk.hidden.values())), "next": page + 1 if len(desk.groups) > at + GROUPS else None,
    }  # fmt: skip


@router.get("/inbox/group", response={200: RowsOut, **ERRORS})
def group(request: Request, key: Text = "", repo: Text = "", after: Beyond = 0) -> dict[str, Any]:
    """All of one group, in its order, beyond the patch `after`."""
    repository = one(repo)
    last = Patch.objects.filter(repository=repository, pk=after).first()
    place = [getattr(last, name) for name in inbox.ORDER] if last else []
    aside = inbox.aside_of(inbox.desk(repository, request.auth.user))
    found = inbox.members(repository, key, aside, ROWS + 1, place)
    rows = found[:ROWS]
    return {"rows": [_item(item) for item in rows], "next": rows[-1].patch.pk if len(found) > ROWS else None}


def _item(item: inbox.Item) -> ItemOut:
    return ItemOut(why=say(item.why), patch=short(item.patch))
