"""What a patch was before: at which main its digest was computed, and what the contract said, for the last few times.

A person who decides on an old page is shown what changed since; this is how it is known what she saw. An approval of
what a patch was, and became again, is told from one that stood all the time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from cells.models import Patch

KEPT = 12


def versions(patch: Patch) -> list[dict[str, Any]]:
    """[{digest, main, verdict, until}], oldest first; the last is what the patch is now."""
    now = {"digest": patch.digest, "main": patch.main, "verdict": patch.verdict}
    past: list[dict[str, Any]] = patch.earlier
    same = bool(past) and {name: past[-1].get(name) for name in now} == now
    return past if same else [*past, now]


def kept(patch: Patch) -> list[dict[str, Any]]:
    """What to write into the patch's `earlier` beside what replaces it."""
    *past, now = versions(patch)
    return [*past, now | {"until": timezone.now().isoformat()}][-KEPT:]


def since(patch: Patch, moment: datetime) -> list[dict[str, Any]] | None:
    """What it was after that moment, beside what it is now; None when that is no longer known in full."""
    past: list[dict[str, Any]] = patch.earlier
    after = [one for one in past if one.get("until") and datetime.fromisoformat(one["until"]) > moment]
    return None if len(after) == KEPT else after
