"""For the parts of pages that say what a second person has yet to read."""

from __future__ import annotations

from django import template

from cells.models import Cell, Patch, Review
from cells.patches import oversight

register = template.Library()


@register.simple_tag
def landed_by_hand(patch: Patch) -> Review | None:
    """The review by which it was landed by hand, None when it was not."""
    return oversight.of_patch(patch.pk)


@register.simple_tag
def unread_in(cell: Cell) -> dict[str, int]:
    """How many commits from outside, and landings by hand, nobody has read yet: {outside, by_hand}, empty for none."""
    return oversight.in_cells(cell.repository, cell).get(cell.pk, {})
