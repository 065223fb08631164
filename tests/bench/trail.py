"""A long past: a cell with many pieces of evidence and an audit of many events, against the same with a hundred of each."""

from __future__ import annotations

from functools import partial

from django.db import connection
from django.db.models import Count
from django.test import Client, override_settings

from cells.models import AuditEvent, Cell, Repository
from egspace.drawing.words import number
from tests.bench.pages import get, more_evidence, signed_in
from tests.bench.timing import Ratio, Work, by_turns

FEW = 100
ACTORS, VERBS = 12, ("propose", "approve", "land", "reject", "judge", "sync")


@override_settings(ROOT_URLCONF="tests.bench.pages")
def long_past(repository: Repository, many: int, turns: int) -> list[Ratio]:
    """Both sizes ÷ an empty view, and the large ÷ the small one."""
    client = signed_in("bench-historian")
    cell = repository.cells.annotate(n=Count("evidence")).filter(n__gt=0, n__lt=FEW).order_by("n", "pk")[0]

    def measured(size: int) -> list[Ratio]:
        more_evidence(cell, size - cell.evidence.count())
        more_events(repository, size - AuditEvent.objects.count())
        analyze()
        return by_turns(Work("empty view", partial(get, client, "/empty")), *works(client, cell), turns=turns)

    few, much = measured(FEW), measured(many)
    return [
        Ratio(f"{one.work}, {number(many)} events", f"at {FEW}", one.times, base.times)
        for one, base in zip(much, few, strict=True)
    ] + [Ratio(f"{one.work}, {FEW} events", one.baseline, one.times, one.against) for one in few]


def analyze() -> None:
    """What PostgreSQL does by itself a minute later."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def more_events(repository: Repository, size: int) -> None:
    events = [
        AuditEvent(
            actor=f"person-{one % ACTORS}", verb=VERBS[one % len(VERBS)], repository=repository.key,
            subject_type="patch", subject=str(one // 3), before={"state": "proposed"}, after={"state": "approved"},
        )
        for one in range(size)
    ]  # fmt: skip
    AuditEvent.objects.bulk_create(events, batch_size=1000)


def works(client: Client, cell: Cell) -> list[Work]:
    here = f"?repo={cell.repository.key}"
    pages = {
        "cell page": f"/cells/{cell.key}/{here}",
        "its last page": f"/cells/{cell.key}/{here}&page=9999",
        "its panel": f"/cells/{cell.key}/panel/{here}",
        "its timeline": f"/cells/{cell.key}/timeline.json{here}",
        "evidence of all cells": f"/evidence/{here}",
        "audit page": f"/audit/{here}",
        "last page of the audit": f"/audit/{here}&page=9999",
        "audit of one person": f"/audit/{here}&actor=person-3",
        "pulse": f"/pulse{here}",
    }
    return [Work(name, partial(get, client, url)) for name, url in pages.items()]
