"""What the groomer proposes, and what applying it has to say and answers."""

from __future__ import annotations

from typing import Annotated

from ninja import Schema
from pydantic import Field, StrictBool, StringConstraints

from cells.api.deciding_schemas import Id
from cells.api.words import OneOf, Text
from cells.asks.modes.pr_groomer import CATEGORIES, RECOMMENDED
from cells.patches import bulk
from cells.pulls import grooming, sorting

Category = Annotated[str, OneOf(CATEGORIES)]
Recommended = Annotated[str, OneOf(RECOMMENDED)]
Proposed = Annotated[str, OneOf(tuple(one for one in sorting.ACTIONS if one != sorting.SKIP))]
Way = Annotated[str, OneOf((*grooming.WAYS, "not_found"))]
Reason = Annotated[str, StringConstraints(max_length=sorting.LONGEST, pattern=r"^[^\x00]*$")]


class GroomItemOut(Schema):
    """`digest` and `verdict` go back with what is decided; `how` is what would come of `action` now."""

    patch: int
    number: int | None
    title: str
    digest: str
    verdict: str
    category: Category
    recommended_action: Recommended
    action: Proposed
    reason: str
    how: Way
    why: str | None
    still_missing: str | None


class GroomPlanOut(Schema):
    """Of what was asked about, `unsorted` the answer leaves out, and `gone` does not wait any more."""

    counted: dict[str, int]
    unsorted: int
    gone: int
    items: list[GroomItemOut]


class GroomItemIn(Schema):
    """A patch as you saw it, and what you want done; to merge it takes its verdict, too."""

    patch: Id
    digest: Text
    verdict: Text = ""
    action: Proposed
    reason: Reason = ""


class GroomIn(Schema):
    """`dry_run` tells what would happen, and changes nothing."""

    items: Annotated[list[GroomItemIn], Field(min_length=1, max_length=bulk.MOST)]
    dry_run: StrictBool = False


class GroomLineOut(Schema):
    """How it went: `done` (in a dry run `ready`), `kept` where there is nothing to do, or why not."""

    patch: int
    number: int | None
    action: Proposed | None
    how: Way
    why: str | None
    still_missing: str | None


class GroomOut(Schema):
    """`counted` is by action what is done, and by way what is not."""

    counted: dict[str, int]
    items: list[GroomLineOut]
