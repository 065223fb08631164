"""What landed, and what of it was taken back later: per lane, and per rule that had asked for a person."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from datetime import datetime

import pygit2
from django.db.models import Count, QuerySet

from cells.learning.shapes import Back, Landed, Share
from cells.models import Patch, Repository
from cells.patches import automatic, life
from cells.ssot.commands import GitFailed
from cells.ssot.mirror import Mirror

LOOKED = 50  # landings of which main is asked whether it took them back
UNREADABLE = (pygit2.GitError, LookupError, OSError, GitFailed)  # a clone that is not there tells nothing


def read(repository: Repository, since: datetime) -> Landed:
    """A rule is the one that spoke first when the patch was last judged: what an inbox groups by."""
    back = _taken_back(repository, since)
    of_all, of_back = (
        _groups(_landed(repository, since)),
        _groups(_landed(repository, since).filter(pk__in=back)),
    )
    titles = dict(repository.lanes.values_list("key", "title"))
    lanes: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    rules: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for group, size in of_all.items():
        lane, rule = lane_and_rule(group)
        for told in (lanes[titles.get(lane, lane)], rules[rule]):
            told[0] += of_back.get(group, 0)
            told[1] += size
    whole = Share(sum(of_back.values()), sum(of_all.values()))
    return Landed(whole, _backs(lanes), _backs(rules), frozenset(back))


def _landed(repository: Repository, since: datetime) -> QuerySet[Patch]:
    """By when they came to the state they are in, which is when they landed, and which is indexed."""
    return Patch.objects.filter(repository=repository, state=life.LANDED, state_at__gte=since).order_by()


def _groups(rows: QuerySet[Patch]) -> dict[str, int]:
    return dict(rows.values("group").annotate(size=Count("pk")).values_list("group", "size"))


def lane_and_rule(group: str) -> tuple[str, str]:
    """Of lane|rule|kind; a lane's key may hold the bar itself."""
    parts = group.rsplit("|", 2)
    return (parts[0], parts[1]) if len(parts) == 3 else ("", "")


def _backs(told: dict[str, list[int]]) -> list[Back]:
    """The most reverted first, then the most landed."""
    rows = [Back(name, Share(part, whole)) for name, (part, whole) in told.items()]
    return sorted(rows, key=lambda row: (-row.share.part, -row.share.whole, row.name))


def _taken_back(repository: Repository, since: datetime) -> set[int]:
    """Landings that a patch here reverted; of the last ones also those that main took back in another way."""
    reverts = Patch.objects.filter(reverts__isnull=False).order_by().values_list("reverts", "state")
    found = {patch for patch, state in reverts if patch and state == life.LANDED}
    rows = _landed(repository, since).select_related("repository").order_by("-state_at")[:LOOKED]
    last = [patch for patch in rows if patch.pk not in found]
    if last:
        with suppress(*UNREADABLE):
            found |= {patch.pk for patch in automatic.reverted(last, Mirror(repository.mirror))}
    return found
