"""Where every cell, lane, project and the swarm stands in EG-Space, as numbers. Joins the API in vpm.urls."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from cells.api.errors import ERRORS
from cells.api.paging import Page, Paging, window
from cells.api.repositories import one
from cells.api.words import OneOf, Text
from cells.models import Repository
from cells.refusals import say
from egspace import geometry
from egspace.drawing.space import Point
from egspace.drawing.space_data import points
from egspace.models import SUBJECTS, Atlas, Position, Standing
from egspace.projection import Projection

router = Router(tags=["swarm"])

Kind = Annotated[str, OneOf(SUBJECTS)]
KindFilter = Annotated[str, OneOf(("", *SUBJECTS))]


class GoalOut(Schema):
    """One text a goal consists of, and where it stands."""

    what: str
    text: str
    path: str
    line: int
    commit: str


class PullOut(Schema):
    """e·G − e·C of one piece of evidence: above zero it is nearer to the goal than its cell."""

    evidence: int
    path: str
    title: str
    value: float


class PullsOut(Schema):
    closer: list[PullOut] = []
    farther: list[PullOut] = []


class PlaceOut(Schema):
    """A place on the map in force; y points upwards."""

    x: float
    y: float


class StandingOut(Schema):
    """`delta` is ‖G − C‖, 0…2; `velocity` is per week, above zero towards the goal; null is unknown, and `unknown`
    says why."""

    kind: Kind
    key: str
    delta: float | None
    velocity: float | None
    checklist: float | None
    icr: float | None
    pieces: int
    c: PlaceOut | None
    g: PlaceOut | None
    goal: list[GoalOut]
    pulls: PullsOut
    unknown: str | None


@router.get("/standings", response={200: Page[StandingOut], **ERRORS})
def standings(
    request: HttpRequest, paging: Query[Paging], repo: Text = "", kind: KindFilter = ""
) -> dict[str, Any]:
    """Where the subjects of a repository stand now; empty before the first map was made."""
    repository = one(repo)
    rows = Standing.objects.filter(repository=repository)
    found = window(rows.filter(kind=kind) if kind else rows, ("kind", "key"), paging)
    places = _places(repository, list(found.rows))
    return found.page([_shown(row, *places.get((row.kind, row.key), (None, None))) for row in found.rows])


def _places(
    repository: Repository, rows: list[Standing]
) -> dict[tuple[str, str], tuple[Point | None, Point | None]]:
    """Kind and key to where C and G are on the map in force."""
    atlas = Atlas.objects.filter(repository=repository).first()
    if atlas is None or not rows:
        return {}
    basis = Projection.from_bytes(bytes(atlas.basis))
    stored = Position.objects.filter(repository=repository, key__in=[row.key for row in rows])
    last = {(row.kind, row.key): row for row in stored.order_by("seq")}
    return {
        subject: (
            next(iter(points(basis, [bytes(row.c)])), None), next(iter(points(basis, [bytes(row.g)])), None),
        )
        for subject, row in last.items()
    }  # fmt: skip


def _shown(row: Standing, c: Point | None, g: Point | None) -> dict[str, Any]:
    return {
        "kind": row.kind, "key": row.key, "delta": row.delta, "velocity": row.velocity,
        "checklist": geometry.checklist(row.open_tasks, row.all_tasks), "icr": row.icr, "pieces": row.pieces,
        "c": _place(c), "g": _place(g), "goal": row.goal, "pulls": row.pulls, "unknown": say(row.unknown) or None,
    }  # fmt: skip


def _place(point: Point | None) -> dict[str, float] | None:
    return None if point is None else {"x": point[0], "y": point[1]}
