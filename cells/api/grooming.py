"""What the groomer proposes for everything that waits, and doing it: each by its own digest, told one by one."""

from __future__ import annotations

from typing import Any

from ninja import Router

from cells.api import asks
from cells.api.auth import Request
from cells.api.errors import ERRORS
from cells.api.grooming_schemas import GroomIn, GroomLineOut, GroomOut, GroomPlanOut
from cells.api.shown import told
from cells.patches import bulk
from cells.permissions import REVIEWER
from cells.pulls import grooming
from cells.refusals import say
from cells.sentences import sentence

router = Router(tags=["asks"])

NOT_FOUND = "not_found"


@router.get("/asks/{ask_id}/groom", response={200: GroomPlanOut, **ERRORS})
def plan(request: Request, ask_id: asks.Id) -> dict[str, Any]:
    """Every proposal that was sorted and still waits, with what would happen to it."""
    request.auth.require(REVIEWER)
    found = grooming.plan(asks.find(ask_id), request.auth.user)
    return {
        "counted": grooming.counted(found.lines), "unsorted": found.unsorted, "gone": found.gone,
        "items": [_item(line) for line in found.lines],
    }  # fmt: skip


@router.post("/asks/{ask_id}/groom", response={200: GroomOut, **ERRORS})
def apply(request: Request, ask_id: asks.Id, body: GroomIn) -> dict[str, Any]:
    """What happened to each, in your order; one that was refused does not keep the others."""
    request.auth.require(REVIEWER)
    ask, by = asks.find(ask_id), request.auth.user
    chosen = {one.patch: one for one in reversed(body.items)}
    order = list(dict.fromkeys(one.patch for one in body.items))
    wishes = [
        grooming.Wish(bulk.Seen(pk, chosen[pk].digest, chosen[pk].verdict), chosen[pk].action, chosen[pk].reason)
        for pk in order
    ]  # fmt: skip
    lines = (
        grooming.preview(ask, wishes, by) if body.dry_run else grooming.apply(ask=ask, wishes=wishes, by=by)
    )
    found = {line.patch.pk: line for line in lines}
    counted = grooming.counted(lines) | (
        {NOT_FOUND: len(order) - len(lines)} if len(order) > len(lines) else {}
    )
    return {"counted": counted, "items": [_outcome(pk, found.get(pk)) for pk in order]}


def _item(line: grooming.Line) -> dict[str, Any]:
    return {
        "patch": line.patch.pk, "number": line.number, "title": line.patch.title, "digest": line.patch.digest,
        "verdict": line.wish.seen.verdict, "category": line.said.category, "recommended_action": line.said.recommended,
        "action": line.wish.action, "reason": line.said.reason, "how": line.how, "why": told(line.why),
        "still_missing": told(line.still),
    }  # fmt: skip


def _outcome(pk: int, line: grooming.Line | None) -> GroomLineOut:
    if line is None:
        why = say(sentence("The answer says nothing about patch %(number)s.", number=pk))
        return GroomLineOut(patch=pk, number=None, action=None, how=NOT_FOUND, why=why, still_missing=None)
    return GroomLineOut(
        patch=pk, number=line.number, action=line.wish.action, how=line.how, why=told(line.why),
        still_missing=told(line.still),
    )  # fmt: skip
