"""What changed since she looked, for the box above the decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User

from cells.models import Patch
from cells.patches.since import since
from cells.views import judging


def since_context(
    patch: Patch, asked: Mapping[str, str], *, refused: bool = False, reader: User | None = None
) -> dict[str, Any]:
    """What cells/since.html shows of a stale click (`refused`), or of a page that is open while something changes.

    `asked` holds what she saw (`seen` or `digest`, `judged` or `verdict`), the `reason` she has written, and in `read`
    which box she says that she has read. Empty when nothing changed since.
    """
    digest, verdict = asked.get("seen") or asked.get("digest"), asked.get("judged", asked.get("verdict"))
    if not digest:
        return {}
    found = since(patch, digest, verdict, reader=reader)
    # What was decided meanwhile is told by the decision part itself, to whoever did not ask.
    if not found.moved or not (refused or found.decidable or found.newer):
        return {}
    told = f"{found.patch.digest}.{found.verdict}"
    seen = {"seen": digest, "read": told} | ({} if verdict is None else {"judged": verdict})
    return {
        "since": found,
        "since_clicked": refused,
        "since_answers": refused or asked.get("read") == told,
        "since_query": urlencode(seen),
        "since_reason": asked.get("reason", ""),
        "since_came": [judging.told(found.patch, reason) for reason in found.judged.came],
        "since_went": [judging.told(found.patch, reason) for reason in found.judged.went],
    }
