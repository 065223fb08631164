"""The words and texts that the API takes and gives: which there are, how long, and without NUL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import StringConstraints
from pydantic_core import core_schema

from cells import health
from cells.asks import life as ask_life
from cells.contract.case import DECISIONS
from cells.models import Review
from cells.patches import bulk, life, verbs

# No database text holds NUL, and no name here is longer.
Text = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
Reason = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$")]


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these words; the tables that know them stay the only place that lists them."""

    words: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.literal_schema(list(self.words))


HealthState = Annotated[str, OneOf(health.STATES)]
PatchState = Annotated[str, OneOf(life.STATES)]
PushState = Annotated[str, OneOf(("", "pending", "pushed", "not_pushed"))]
Decision = Annotated[str, OneOf(Review.DECISIONS)]
Via = Annotated[str, OneOf(Review.VIAS)]
Verb = Annotated[str, OneOf(verbs.VERBS)]
BulkVerb = Annotated[str, OneOf(bulk.VERBS)]
BulkWay = Annotated[str, OneOf((*bulk.WAYS, "not_found"))]
AskState = Annotated[str, OneOf(ask_life.STATES)]
VerdictWord = Annotated[str, OneOf(DECISIONS)]
Checks = Annotated[str, OneOf(("green", "red", "unknown"))]
Up = Annotated[str, OneOf(("up", "down"))]
# A filter that is empty lets everything through.
HealthFilter = Annotated[str, OneOf(("", *health.STATES))]
AskFilter = Annotated[str, OneOf(("", *ask_life.STATES))]
VerdictFilter = Annotated[str, OneOf(("", *DECISIONS))]
PatchFilter = Annotated[str, OneOf(("", *life.STATES))]
