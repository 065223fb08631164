"""Deciding many at once, each by its own digest; what cannot be is told one by one."""

from __future__ import annotations

from typing import Any

from ninja import Router

from cells.api.auth import Request
from cells.api.deciding_schemas import BulkIn, BulkItemOut, BulkOut
from cells.api.errors import ERRORS
from cells.api.shown import told
from cells.patches import bulk
from cells.permissions import REVIEWER
from cells.refusals import say
from cells.sentences import sentence

router = Router(tags=["deciding"])

NOT_FOUND = "not_found"


@router.post("/bulk", response={200: BulkOut, **ERRORS})
def decide(request: Request, body: BulkIn) -> dict[str, Any]:
    """What happened to each, in your order; one that was refused does not keep the others."""
    request.auth.require(REVIEWER)
    chosen = {one.id: bulk.Seen(one.id, one.digest, one.verdict) for one in reversed(body.items)}
    seen = [chosen[pk] for pk in dict.fromkeys(one.id for one in body.items)]
    if body.dry_run:
        lines = bulk.preview(seen, body.verb, request.auth.user)
    else:
        lines = bulk.decide(chosen=seen, verb=body.verb, by=request.auth.user, reason=body.reason)
    found = {line.patch.pk: line for line in lines}
    items = [_item(one.pk, found.get(one.pk)) for one in seen]
    counted = bulk.counted(lines) | ({NOT_FOUND: len(seen) - len(lines)} if len(seen) > len(lines) else {})
    return {"counted": counted, "items": items}


def _item(pk: int, line: bulk.Line | None) -> BulkItemOut:
    if line is None:
        why = say(sentence("There is no patch %(number)s.", number=pk))
        return BulkItemOut(id=pk, how=NOT_FOUND, why=why, state=None)
    return BulkItemOut(id=pk, how=line.how, why=told(line.why), state=line.patch.state)
