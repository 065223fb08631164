"""What a patch does to δ, as its page says it: before and after for each cell and project, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from cells.models import Patch
from cells.patches import life
from cells.refusals import say
from egspace.models import CELL, PROJECT, Forecast
from egspace.reckoning import forecasts
from egspace.telling.condition import Condition
from egspace.telling.readings import SAME, three


@dataclass(frozen=True, slots=True)
class Effect:
    """One subject: δ before and after, in which direction (a word for the style), what that is in words, and where it is
    shown. After landing also what came of it."""

    key: str
    url: str
    ghost: str
    project: bool
    own: bool
    before: str
    after: str
    way: str
    said: str
    actual: str = ""
    missed: str = ""


@dataclass(frozen=True, slots=True)
class Foretold:
    """`moved` are told one by one, `still` by name; `why` says why nothing is told."""

    moved: Sequence[Effect]
    still: Sequence[Effect]
    head: str
    landed: bool
    why: str


def foretold(patch: Patch, how: Condition) -> Foretold:
    rows = list(Forecast.objects.filter(patch=patch))
    landed = patch.state == life.LANDED
    effects = [_effect(patch, row, landed) for row in rows]
    moved = [one for one in effects if one.way != "same" or one.own]
    return Foretold(
        moved=moved,
        still=[one for one in effects if one not in moved],
        head=rows[0].head if rows else "",
        landed=landed,
        why="" if rows else _why(patch, how),
    )


def _why(patch: Patch, how: Condition) -> str:
    """Why nothing is told."""
    if patch.state == life.LANDED:
        return gettext("It landed before any map was made with it waiting, so nothing was told beforehand.")
    if patch.state != life.PROPOSED:
        return ""
    if not patch.applies:
        return gettext("Not told: %(why)s") % {"why": say(patch.obstacle)}
    if how.making or how.atlas is None:
        return gettext("Not told yet. %(why)s") % {"why": how.why}
    if Patch.objects.filter(repository=patch.repository_id, state=life.PROPOSED).count() > forecasts.MOST:
        return gettext("Not told: only the newest %(count)s waiting patches are.") % {"count": forecasts.MOST}
    return gettext("It moves no cell: nothing in it is evidence or a goal of one.")


def _effect(patch: Patch, row: Forecast, landed: bool) -> Effect:
    query = urlencode({"repo": patch.repository.key})
    name = "cell" if row.kind == CELL else "project"
    ghost = urlencode({"repo": patch.repository.key, "view": "space", "cell": row.key})
    way, said = _change(row.before, row.after)
    return Effect(
        key=row.key,
        url=f"{reverse(name, args=[row.key])}?{query}",
        ghost=f"{reverse('map')}?{ghost}" if row.kind == CELL and not landed else "",
        project=row.kind == PROJECT,
        own=row.own,
        before=_known(row.before),
        after=_known(row.after),
        way=way,
        said=said,
        actual=_known(row.actual) if landed else "",
        missed=_missed(row) if landed else "",
    )


def _known(value: float | None) -> str:
    return gettext("unknown") if value is None else f"{value:.3f}"


def _change(before: float | None, after: float | None) -> tuple[str, str]:
    if before is None and after is None:
        return "unknown", gettext("unknown before and after")
    if before is None:
        return "unknown", gettext("becomes known")
    if after is None:
        return "unknown", gettext("becomes unknown")
    change = after - before
    if abs(change) < SAME:
        return "same", gettext("unchanged")
    if change < 0:
        return "closer", gettext("closer by %(change)s") % {"change": three(change)}
    return "farther", gettext("farther by %(change)s") % {"change": three(change)}


def _missed(row: Forecast) -> str:
    """How far the forecast was off."""
    if row.actual is None:
        return gettext("not known yet")
    if row.after is None:
        return gettext("nothing was told")
    off = row.actual - row.after
    if abs(off) < SAME:
        return gettext("as told")
    if off < 0:
        return gettext("closer than told, by %(off)s") % {"off": three(off)}
    return gettext("farther than told, by %(off)s") % {"off": three(off)}
