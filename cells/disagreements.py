"""What the fresh evidence claims, and where two claims about one thing cannot both hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from cells.evidence import claims
from cells.evidence.conflicts import Conflict, DatedClaim, conflicts_of
from cells.models import Claim, Evidence, Fact, Repository

MOST_RUNS = 50  # of which the cells are looked up
# What `dated` is told of one claim.
CLAIM = (
    "evidence__observed_at", "evidence__path", "evidence__exact", "evidence__observed_from",
    "subject", "predicate", "value", "unit", "vantage", "line", "observed_at",
)  # fmt: skip


def fresh() -> timedelta:
    """How long a piece of evidence counts as fresh."""
    return timedelta(days=settings.VPM_FRESH_DAYS)


def conflicts_in(
    repository: Repository, now: datetime, told: list[DatedClaim] | None = None
) -> dict[str, list[Conflict]]:
    """Cell key to the conflicts between the claims of fresh evidence that concern it."""
    keys = set(repository.cells.values_list("key", flat=True))
    conflicts = conflicts_of(claimed(repository, now) if told is None else told)
    about = _cells_of(repository, {side.evidence for one in conflicts for side in (one.left, one.right)})
    about |= _cells_of_runs(repository, {one.subject for one in conflicts} - keys)
    return shared_out(conflicts, keys, about)


def shared_out(
    conflicts: Iterable[Conflict], keys: set[str], about: Mapping[str, set[str]]
) -> dict[str, list[Conflict]]:
    """Cell key to its conflicts. One about a cell is that cell's; one about a run belongs to the cells of the documents
    that disagree. `about` is a path or a run to the keys of its cells. Pure."""
    found: dict[str, list[Conflict]] = defaultdict(list)
    for conflict in conflicts:
        sides = {conflict.subject, conflict.left.evidence, conflict.right.evidence}
        for key in {conflict.subject} & keys or set().union(*(about.get(side, set()) for side in sides)):
            found[key].append(conflict)
    return found


def _cells_of(repository: Repository, paths: set[str]) -> dict[str, set[str]]:
    """Path of current evidence to the keys of its cells."""
    rows = Evidence.objects.filter(repository=repository, current=True, path__in=paths, cells__isnull=False)
    found: dict[str, set[str]] = defaultdict(set)
    for path, key in rows.values_list("path", "cells__key"):
        found[path].add(key)
    return found


def _cells_of_runs(repository: Repository, runs: set[str]) -> dict[str, set[str]]:
    """Run id to the keys of the cells whose evidence lies in the run's folder."""
    return {
        run: set(
            Evidence.objects.filter(
                repository=repository,
                source=Evidence.SSOT,
                current=True,
                path__contains=f"/{run}",
                cells__isnull=False,
            )
            .values_list("cells__key", flat=True)
            .distinct()
        )
        for run in sorted(runs)[:MOST_RUNS]
    }


def claimed(repository: Repository, now: datetime) -> list[DatedClaim]:
    """What the fresh evidence claims, and the times that STATE gives for runs."""
    rows = Claim.objects.filter(
        evidence__repository=repository, evidence__current=True, evidence__observed_at__gte=now - fresh()
    )
    return dated(rows.values_list(*CLAIM), run_links(repository).filter(version__current=True))


def run_links(repository: Repository) -> QuerySet[Fact]:
    """Where any version of a STATE document that is no cell's own speaks of a run."""
    return Fact.objects.filter(
        version__repository=repository, version__cell=None, kind="evidence_link", data__form="run"
    ).select_related("version")


def dated(rows: Iterable[Sequence[Any]], links: Iterable[Fact]) -> list[DatedClaim]:
    """`rows` holds the values of `CLAIM`."""
    found = [
        DatedClaim(claims.Claim(*claim), seen, path, exact and source != "commit")
        for seen, path, exact, source, *claim in rows
    ]
    for fact in links:
        for claim in claims.event_times(fact.text, fact.version.path):
            found.append(
                DatedClaim(replace(claim, line=fact.line), fact.version.committed_at, fact.version.path)
            )
    return found
