"""What a patch was before: at which main its digest was computed, and what the contract said, for the last few times.

A person who decides on an old page is shown what changed since; this is how it is known what she saw.
"""

from __future__ import annotations

from typing import Any

from cells.models import Patch

KEPT = 12


def versions(patch: Patch) -> list[dict[str, Any]]:
    """[{digest, main, verdict}], oldest first; the last is what the patch is now."""
    now = {"digest": patch.digest, "main": patch.main, "verdict": patch.verdict}
    past: list[dict[str, Any]] = patch.earlier
    return past if past and past[-1] == now else [*past, now]


def kept(patch: Patch) -> list[dict[str, Any]]:
    """What to write into the patch's `earlier` beside what replaces it."""
    return versions(patch)[-KEPT:]
