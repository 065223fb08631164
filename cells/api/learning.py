"""How well are we deciding, for programs: totals to learn from. Nothing is about anybody but the caller."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Query, Router, Schema

from cells import learning as reckoning
from cells.api import repositories
from cells.api.auth import Request
from cells.api.errors import ERRORS
from cells.api.words import Text
from cells.learning.shapes import Figures, Spread
from cells.patches import planting
from cells.permissions import OPERATOR, may

router = Router(tags=["learning"])

Weeks = Annotated[int, Query(ge=1, le=52)]


class ShareOut(Schema):
    part: int
    whole: int


class WaitingOut(Schema):
    """How many wait now, by when they were written; `oldest` is a patch."""

    today: int
    week: int
    month: int
    older: int
    oldest: int | None
    oldest_at: datetime | None


class SpreadOut(Schema):
    """Patches that a person decided for the first time; seconds from proposed until then of half of them, and of nine
    in ten, null where there are none."""

    count: int
    median: int | None
    ninth: int | None


class WeekOut(SpreadOut):
    begins: datetime


class LaneTimesOut(SpreadOut):
    lane: str


class DecidedOut(Schema):
    """By where a person decided; `automatic` is by the contract, `by_hand` are emergencies."""

    page: int
    inbox: int
    bulk: int
    api: int
    automatic: int
    by_hand: int


class BackOut(Schema):
    name: str
    reverted: ShareOut


class PlantedOut(Schema):
    """Test proposals that ended; `waiting` is null unless you are an operator."""

    caught: int
    missed: int
    contract: int
    other: int
    waiting: int | None


class YoursOut(Schema):
    """The caller's own."""

    decided: int
    unopened: ShareOut
    reverted: ShareOut


class LearningOut(Schema):
    """Shares are numbers, so that nobody takes two of five for forty percent."""

    repository: str
    weeks: int
    since: datetime
    waiting: WaitingOut
    decided: DecidedOut
    unopened: ShareOut
    times: SpreadOut
    times_per_week: list[WeekOut]
    times_per_lane: list[LaneTimesOut]
    reverted: ShareOut
    reverted_per_lane: list[BackOut]
    reverted_per_rule: list[BackOut]
    stale: int
    outside: int
    planted: PlantedOut
    yours: YoursOut


@router.get("/learning", response={200: LearningOut, **ERRORS})
def learning(request: Request, repo: Text = "", weeks: Weeks = reckoning.USUAL) -> dict[str, Any]:
    """Of one repository, over the last weeks."""
    repository = repositories.one(repo)
    found = reckoning.figures(repository, weeks)
    operates = may(request.auth.user, OPERATOR)
    return told(found) | {
        "repository": repository.key,
        "planted": _planted(found, planting.waiting(repository) if operates else None),
        "yours": reckoning.yours(repository, request.auth.user, found),
    }


def told(found: Figures) -> dict[str, Any]:
    times, landed = found.times, found.landed
    return {
        "weeks": found.weeks, "since": found.since, "waiting": found.waiting, "decided": found.decided,
        "unopened": found.decided.unopened, "times": times.all,
        "times_per_week": [_spread(week.spread) | {"begins": week.begins} for week in times.weeks],
        "times_per_lane": [_spread(spread) | {"lane": name} for name, spread in times.lanes],
        "reverted": landed.share, "stale": found.stale, "outside": found.outside,
        "reverted_per_lane": [{"name": row.name, "reverted": row.share} for row in landed.lanes],
        "reverted_per_rule": [{"name": row.name, "reverted": row.share} for row in landed.rules],
    }  # fmt: skip


def _spread(spread: Spread) -> dict[str, int | None]:
    return {"count": spread.count, "median": spread.median, "ninth": spread.ninth}


def _planted(found: Figures, waiting: int | None) -> dict[str, int | None]:
    said = found.planted
    return {
        "caught": said.caught, "missed": said.missed, "contract": said.contract, "other": said.other,
        "waiting": waiting,
    }  # fmt: skip
