"""What a patch's page says of its judging: the verdict's reasons and places, and who asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.http import urlencode

from cells.models import Cell, Patch
from cells.patches import checks, life
from cells.patches.origins import asks_of
from cells.permissions import OPERATOR, may
from cells.refusals import say
from cells.views.cells import ABOUT


@dataclass(frozen=True, slots=True)
class Told:
    """One reason in the reader's language; `href` leads into the diff or to the line, "" when there is neither."""

    rule: str
    decision: str
    said: str
    place: str
    href: str


def shown(patch: Patch) -> dict[str, Any]:
    """What the verdict part of the page needs."""
    verdict = patch.verdict or {}
    return {
        "reasons": [told(patch, reason) for reason in verdict.get("reasons", [])],
        "made_by": asks_of(patch).first(),
        "checks_states": checks.STATES,
    }


def told(patch: Patch, reason: dict[str, Any]) -> Told:
    place = reason["place"]
    return Told(reason["rule"], reason["decision"], say(reason), place, href(patch, place))


def href(patch: Patch, place: str) -> str:
    """Into the diff for a path this patch changes; to the line of the proposed file when a line is named."""
    path, _, line = place.rpartition(":")
    if not line.isdigit():
        path, line = place, ""
    if not path:
        return ""
    here = {file["path"]: (number, file["status"]) for number, file in enumerate(patch.files, start=1)}
    number, status = here.get(path, (0, ""))
    if number and (not line or status == "deleted"):
        return f"#f{number}"
    commit = patch.tip if number else patch.repository.head
    query = urlencode({"repo": patch.repository.key, "path": path, "commit": commit})
    return f"{reverse('file')}?{query}" + (f"#L{line}" if line else "")


def askable(patch: Patch, user: User) -> list[Cell]:
    """The cells in whose name an operator can ask about a waiting patch: its own first, then the others that take it."""
    if patch.state != life.PROPOSED or not may(user, OPERATOR):
        return []
    own = set(patch.cells.values_list("pk", flat=True))
    rows = Cell.objects.filter(repository_id=patch.repository_id).exclude(stage=Cell.ARCHIVED)
    taking = [cell for cell in rows if not cell.ask_modes or ABOUT in cell.ask_modes]
    return sorted(taking, key=lambda cell: (cell.pk not in own, ABOUT not in cell.ask_modes, cell.key))
