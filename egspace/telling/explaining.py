"""Why a subject stands where it stands, in words: where it is and how sure that is, what pulls it, where its goal
stands, what its δ means and which way it moves. Every part names its document; what is unknown is said to be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_lazy, ngettext

from cells.models import Cell, Repository
from cells.refusals import say
from egspace import geometry
from egspace.drawing.space_words import STILL
from egspace.models import CELL, LANE, PROJECT, SWARM, Atlas, Standing
from egspace.telling.readings import two

BULLETS = " -*・•\t"  # what a list writes before its lines
FEW = 5  # pieces; below it one more document may move a subject far
# Up to which δ what is said of it; 1.41 is two texts that share nothing.
MEANINGS = [
    (0.5, gettext_lazy("δ %(delta)s of 2: its evidence and its goal read almost alike.")),
    (0.9, gettext_lazy("δ %(delta)s of 2: its evidence and its goal have much in common.")),
    (1.2, gettext_lazy("δ %(delta)s of 2: its evidence and its goal have something in common.")),
    (1.38, gettext_lazy("δ %(delta)s of 2: its evidence and its goal have little in common.")),
    (2.0, gettext_lazy("δ %(delta)s of 2: its evidence and its goal have next to nothing in common.")),
]
GOALS = {
    "north_star": gettext_lazy("North Star"),
    "goal": gettext_lazy("goal"),
    "goal_short": gettext_lazy("goal, short term"),
    "goal_mid": gettext_lazy("goal, mid term"),
    "milestone": gettext_lazy("milestone"),
}


@dataclass(frozen=True, slots=True)
class Pull:
    """One piece of evidence and what it pulls: above zero closer to the goal, below zero away from it."""

    title: str
    path: str
    url: str
    value: str


@dataclass(frozen=True, slots=True)
class Beside:
    """Another subject that this one belongs to, for comparison."""

    name: str
    url: str
    delta: str


@dataclass(frozen=True, slots=True)
class Explained:
    """Sentences in the reader's language; empty where there is nothing to say."""

    standing: Standing
    unknown: str
    meaning: str
    rank: str
    where: str
    sure: str
    speed: str
    tasks: str
    closer: list[Pull]
    farther: list[Pull]
    none_closer: bool
    beside: list[Beside]
    goal: list[dict[str, Any]]


def explained(
    repository: Repository, atlas: Atlas, standing: Standing, cell: Cell | None = None
) -> Explained:
    pulls = standing.pulls or {}
    closer = [_pull(one) for one in pulls.get("closer", ())]
    return Explained(
        standing=standing,
        unknown=say(standing.unknown),
        meaning=meaning(standing.delta),
        rank=_rank(standing),
        where=_where(standing, atlas),
        sure=_sure(standing),
        speed=speed(standing),
        tasks=_tasks(standing),
        closer=closer,
        farther=[_pull(one) for one in pulls.get("farther", ())],
        none_closer=bool(closer) and pulls["closer"][0]["value"] <= 0,
        beside=_beside(repository, standing, cell),
        goal=[
            one | {"what": GOALS.get(one["what"], one["what"]), "text": one["text"].lstrip(BULLETS)}
            for one in standing.goal
        ],
    )


def meaning(delta: float | None) -> str:
    if delta is None:
        return ""
    said = next((words for most, words in MEANINGS if delta < most), MEANINGS[-1][1])
    return said % {"delta": two(delta)}


def speed(standing: Standing) -> str:
    """Which way it moves; unknown where it was not placed for a week."""
    found = standing.velocity
    if standing.delta is None:
        return ""
    if found is None:
        return gettext("Which way it moves is unknown: it has not been placed for a whole week yet.")
    if abs(found) < STILL:
        return gettext("It stands still: less than 0.01 a week over the last four weeks.")
    said = {"speed": two(abs(found))}
    if found > 0:
        return gettext("It moves towards its goal: %(speed)s a week over the last four weeks.") % said
    return gettext("It moves away from its goal: %(speed)s a week over the last four weeks.") % said


def pace(standing: Standing) -> str:
    """The same in a few words, for a list; empty where it is unknown."""
    found = standing.velocity
    if found is None:
        return ""
    if abs(found) < STILL:
        return gettext("stands still")
    said = {"speed": two(abs(found))}
    return (
        gettext("towards its goal, %(speed)s a week")
        if found > 0
        else gettext("away from its goal, %(speed)s a week")
    ) % said


def _where(standing: Standing, atlas: Atlas) -> str:
    if not standing.pieces:
        return ""
    said = ngettext(
        "Where it is: the place of its %(count)s piece of evidence, as the model %(model)s reads it.",
        "Where it is: the middle of its %(count)s pieces of evidence, as the model %(model)s reads them.",
        standing.pieces,
    ) % {"count": standing.pieces, "model": atlas.model}
    aged = gettext("One that is %(days)s days older weighs half.") % {"days": settings.VPM_HALF_LIFE}
    return f"{said} {aged}" if standing.pieces > 1 else said


def _sure(standing: Standing) -> str:
    if not standing.pieces or standing.pieces >= FEW:
        return ""
    return gettext("That is little to go by: one more document may move it far.")


def _rank(standing: Standing) -> str:
    """Among its like; alone it has no rank."""
    if standing.delta is None or standing.kind != CELL:
        return ""
    others = Standing.objects.filter(repository=standing.repository_id, kind=CELL, delta__isnull=False)
    count = others.count()
    if count < 2:
        return ""
    nearer = others.filter(delta__lt=standing.delta).count()
    said = {"nearer": nearer, "all": count}
    if nearer == count - 1:
        return gettext("It is the farthest of %(all)s cells whose δ is known.") % said
    if not nearer:
        return gettext("It is the nearest of %(all)s cells whose δ is known.") % said
    return gettext("Of %(all)s cells whose δ is known, %(nearer)s are nearer to their goal.") % said


def _tasks(standing: Standing) -> str:
    share = geometry.checklist(standing.open_tasks, standing.all_tasks)
    if share is None:
        return ""
    said = {"open": standing.open_tasks, "all": standing.all_tasks, "share": two(share)}
    if standing.icr is None:
        return gettext("Its list of tasks: %(open)s of %(all)s open (checklist δ %(share)s).") % said
    said["icr"] = f"{standing.icr:g}"
    return (
        gettext("Its list of tasks: %(open)s of %(all)s open (checklist δ %(share)s, ICR %(icr)s of 100).")
        % said
    )


def _pull(one: dict[str, Any]) -> Pull:
    value = f"{one['value']:+.2f}".replace("-", "−")
    return Pull(one["title"], one["path"], reverse("evidence", args=[one["evidence"]]), value)


def _beside(repository: Repository, standing: Standing, cell: Cell | None) -> list[Beside]:
    """The lane, the project and the swarm of a cell; the swarm of a project."""
    wanted = Q(kind=SWARM)
    names = {(SWARM, ""): gettext("the whole swarm")}
    urls: dict[tuple[str, str], str] = {}
    query = urlencode({"repo": repository.key})
    if cell:
        names[LANE, cell.lane.key] = gettext("its lane, %(lane)s") % {"lane": cell.lane.title}
        wanted |= Q(kind=LANE, key=cell.lane.key)
    if cell and cell.project:
        here = PROJECT, cell.project.key
        names[here] = gettext("its project, %(project)s") % {"project": cell.project.title}
        urls[here] = f"{reverse('project', args=[cell.project.key])}?{query}"
        wanted |= Q(kind=PROJECT, key=cell.project.key)
    rows = Standing.objects.filter(wanted, repository=repository).order_by("kind")
    return [
        Beside(names[row.kind, row.key], urls.get((row.kind, row.key), ""), gettext("unknown") if row.delta is None else two(row.delta))
        for row in rows
    ]  # fmt: skip
