"""The map at a past commit: the graph that `egspace.graph.swarm` gives for now, as the repository told it then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from cells import health
from cells.models import Cell, Repository
from cells.shelves import shelved
from cells.ssot.swarm import CellSpec, LaneSpec
from egspace.graph import Swarm, add_cell, mark_unread, swarm
from egspace.past.commits import Commit, History, find, history, seq_of, swarm_at, told
from egspace.past.record import Past

__all__ = ["find", "graph_at", "links", "said", "seq_of", "shown"]

Links = Callable[[str], tuple[str, str]]  # a cell's page and its panel


def shown(repository: Repository, at: str) -> tuple[Swarm, Commit | None]:
    """The graph of the moment that `at` names, and that moment; now when it is empty. Raises NoMoment."""
    if not at:
        return swarm(repository), None
    moment = find(repository, at)
    return graph_at(repository, moment.commit), moment


def said(repository: Repository, moment: Commit | None) -> dict[str, Any] | None:
    """For a figure's `layout.meta.at`; None is now. {commit, iso (in the reader's zone), subject, landed, proposed}: the
    last two are the keys of the cells whose patch landed as this commit, or was proposed since the one before."""
    if moment is None:
        return None
    latest = history(repository).latest
    since = latest[moment.seq - 1] if moment.seq else datetime.min.replace(tzinfo=UTC)
    cells = (
        repository.patches.filter(cells__isnull=False)
        .order_by("cells__key")
        .values_list("cells__key", flat=True)
    )
    landed = cells.filter(commit=moment.commit).distinct()
    proposed = cells.filter(authored_at__gt=since, authored_at__lte=latest[moment.seq]).distinct()
    return {
        "commit": moment.commit, "iso": timezone.localtime(moment.at).isoformat(), "subject": moment.subject,
        "landed": list(landed), "proposed": list(proposed),
    }  # fmt: skip


def links(graph: Swarm, moment: Commit | None, usual: Links) -> Links:
    """As usual; of a cell that is gone today there is no page, but the map as it stood, and a panel that says so."""
    gone = frozenset(graph.graph.get("gone", ()))
    if moment is None or not gone:
        return usual
    query = {"repo": graph.graph["repository"], "at": moment.commit}

    def address(key: str) -> tuple[str, str]:
        if key not in gone:
            return usual(key)
        page = f"{reverse('map')}?{urlencode(query | {'cell': key})}"
        return page, f"{reverse('map-gone', args=[key])}?{urlencode(query)}"

    return address


def graph_at(repository: Repository, commit: str) -> Swarm:
    """Every attribute as `egspace.graph.swarm` has it. Raises NoMoment for what is no first-parent commit.

    `graph["gone"]`, when there is any, holds the keys of cells that the swarm has no more. What people decided counts
    as of the commit's time; at the head, which still stands, as of now.
    """
    read = history(repository)
    seq = seq_of(repository, commit)
    past = Past(repository, read, read.commits[seq], swarm_at(read, seq))
    today = {cell.key: cell for cell in repository.cells.select_related("lane")}
    lanes = _lanes(repository, past.swarm.lanes)
    graph = Swarm(repository=repository.key, lanes=[{"key": lane.key, "title": lane.title} for lane in lanes])
    if gone := [cell.key for cell in past.swarm.cells if cell.key not in today]:
        graph.graph["gone"] = gone
    places = _places(read, today, past.swarm.cells)
    how = _health(past, today, set(gone))
    order = {lane.key: number for number, lane in enumerate(lanes)}
    for cell in sorted(past.swarm.cells, key=lambda one: (order[one.lane], places[one.key], one.key)):
        add_cell(
            graph, cell.key, lane=cell.lane, title=cell.title, position=places[cell.key], stage=cell.stage,
            how=how[cell.key],
        )  # fmt: skip
    for relation in past.swarm.relations:
        graph.add_edge(relation.source, relation.target, key=relation.type, type=relation.type)
    if past.is_now:
        mark_unread(graph, repository)
    return graph


def _health(past: Past, today: dict[str, Cell], gone: set[str]) -> dict[str, health.Health]:
    """Cell key to how it was."""
    counts, conflicts = past.counts(), past.conflicts()
    tasks = past.tasks(past.now - health.TREND)
    waiting = past.waiting_by_cell(gone)
    until = None if past.is_now else past.commit.at
    shelves = shelved(past.repository, until, past.pieces.keys())
    verdicts = health.verdicts_in(past.repository) if past.is_now else {}  # the contract's word of today
    found = {}
    for cell in past.swarm.cells:
        now, earlier = tasks.get(cell.key, (None, None))
        seen = health.Seen(
            cell.stage, *counts.get(cell.key, (0, 0, None)), now, earlier, tuple(conflicts.get(cell.key, ()))
        )
        pk = today[cell.key].pk if cell.key in today else 0
        found[cell.key] = health.told(seen, waiting[cell.key], shelves.get(pk), verdicts.get(pk, ((), None)))
    return found


def _lanes(repository: Repository, described: tuple[LaneSpec, ...]) -> list[LaneSpec]:
    """Today's lanes in today's order, then those that there are no more."""
    order = {key: number for number, key in enumerate(repository.lanes.values_list("key", flat=True))}
    return sorted(described, key=lambda lane: order.get(lane.key, len(order)))


def _places(read: History, today: dict[str, Cell], described: tuple[CellSpec, ...]) -> dict[str, int]:
    """Cell key to its slot in its lane: today's, if it is in that lane today; else one after all of those, the same
    at every moment."""
    taken: defaultdict[str, int] = defaultdict(int)
    for cell in today.values():
        taken[cell.lane.key] = max(taken[cell.lane.key], cell.position + 1)
    places = {
        cell.key: today[cell.key].position
        for cell in described
        if cell.key in today and today[cell.key].lane.key == cell.lane
    }
    if len(places) == len(described):
        return places
    here = {(cell.lane, cell.key) for cell in described}
    for lane, key in dict.fromkeys([*told(read).slots(), *((cell.lane, cell.key) for cell in described)]):
        if key in today and today[key].lane.key == lane:
            continue
        if (lane, key) in here:
            places[key] = taken[lane]
        taken[lane] += 1
    return places
