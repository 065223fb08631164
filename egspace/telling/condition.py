"""How the map of a repository is: made, being made, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

from cells.models import Repository
from cells.refusals import say
from egspace.models import Atlas, Refresh


@dataclass(frozen=True, slots=True)
class Condition:
    """`why` is a sentence where the map in force is not the newest that could be; empty where all is well."""

    atlas: Atlas | None
    making: bool
    why: str


def condition(repository: Repository) -> Condition:
    atlas = Atlas.objects.filter(repository=repository).first()
    last = Refresh.objects.filter(repository=repository).first()
    making = last is not None and last.state in (Refresh.QUEUED, Refresh.RUNNING)
    return Condition(atlas, making, _why(atlas, last, making))


def _why(atlas: Atlas | None, last: Refresh | None, making: bool) -> str:
    if making and atlas:
        return gettext("A newer map is being made; this is told from commit %(commit)s.") % {
            "commit": atlas.head[:10]
        }
    if making:
        return gettext("The map is being made; this will stand here in a moment.")
    if last and last.state == Refresh.FAILED:
        return say(last.error)
    return "" if atlas else gettext("The map has not been made yet.")
