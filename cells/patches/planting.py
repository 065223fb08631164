"""Test proposals: an operator plants one to learn whether it is noticed. It never lands."""

from __future__ import annotations

from django.contrib.auth.models import User

from cells.models import Patch
from cells.patches.moves import shift
from cells.sentences import sentence


def reveal(patch: Patch, *, by: User, caught: bool) -> None:
    """Whatever was decided, it ends here, and says what it wanted to be noticed."""
    if caught:
        note = sentence(
            "This was a test proposal, and you noticed. It wanted to be caught for: %(lesson)s",
            lesson=patch.lesson,
        )
    else:
        note = sentence(
            "This was a test proposal; nothing landed. It wanted to be caught for: %(lesson)s",
            lesson=patch.lesson,
        )
    shift(patch, "reveal", actor=by, note=note, reason="caught" if caught else "missed")
