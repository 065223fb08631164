"""How long a proposal waits for its first decision by a person."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, Exists, Func, IntegerField, OuterRef, Q, QuerySet, Value

from cells.learning.shapes import Spread, Times, Week
from cells.models import Repository, Review

WEEK = 7 * 86400
MOST = 50_000  # decisions, the last ones: a few numbers of each are read


class Seconds(Func):
    """From one moment to a later one. Django would take the difference of timestamps in Python on SQLite."""

    output_field = IntegerField()
    arity = 2

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CAST(ROUND((julianday(%(expressions)s)) * 86400) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=") - julianday(", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "ROUND(EXTRACT(EPOCH FROM (%(expressions)s)))::bigint"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ", **context)


def read(repository: Repository, said: QuerySet[Review], since: datetime, weeks: int) -> Times:
    """Of the decisions `said`. Quantiles need the whole row of numbers, which neither database keeps sorted."""
    before = Review.objects.filter(patch=OuterRef("patch"), by__isnull=False, pk__lt=OuterRef("pk"))
    rows = said.filter(Q(patch__proposed_at__gte=since) | ~Exists(before), by__isnull=False).order_by("-pk")
    begin = Value(since, output_field=DateTimeField())
    numbers = rows.values_list(
        "patch", "patch__lane", Seconds("at", begin), Seconds("at", "patch__proposed_at")
    )
    first = {patch: told for patch, *told in numbers[:MOST]}  # the newest come first, so the first one stays
    waits: list[int] = []
    in_week: defaultdict[int, list[int]] = defaultdict(list)
    in_lane: defaultdict[int | None, list[int]] = defaultdict(list)
    for lane, at, wait in sorted(first.values(), key=lambda told: told[2]):
        waits.append(wait)
        in_week[min(at // WEEK, weeks - 1)].append(wait)
        in_lane[lane].append(wait)
    titles = repository.lanes.values_list("pk", "title")
    lanes = [(title, spread(in_lane.pop(pk))) for pk, title in titles if pk in in_lane]
    lanes += [("", spread(left)) for left in in_lane.values()]
    return Times(
        spread(waits),
        [Week(since + timedelta(weeks=number), spread(in_week[number])) for number in range(weeks)],
        lanes,
        cut=len(first) >= MOST,
    )


def spread(waits: list[int]) -> Spread:
    """Of sorted numbers: the middle one, and the one that nine tenths do not exceed."""
    size = len(waits)
    if not size:
        return Spread()
    return Spread(size, max(waits[(size - 1) // 2], 0), max(waits[(9 * size + 9) // 10 - 1], 0))
