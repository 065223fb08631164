"""How a list of patches can be ordered, and why a patch stands where it stands. Other apps register more.

An order sorts in the database by fields that are never null (what is unknown comes last, the number of the row
decides between equals), so that pages can be numbered and cursors can name a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy

from cells.keyset import beyond, turned
from cells.models import Patch
from cells.patches import life
from cells.patches.ranks import special
from cells.refusals import say
from cells.sentences import Sentence, sentence

USUAL = "newest"
OLD_NAMES = {"oldest": "age"}  # what links to a list may still say
RISKS = ("HIGH", "MEDIUM", "LOW")
DECISIONS = ("REVIEW_REQUIRED", "ARCHIVE_CANDIDATE", "AUTO_MERGE_OK")
LAST = 9

Prepare = Callable[[QuerySet[Patch]], QuerySet[Patch]]
Reasons = Callable[[Sequence[Patch]], dict[int, Sentence]]


def _as_it_is(rows: QuerySet[Patch]) -> QuerySet[Patch]:
    return rows


def _without(rows: Sequence[Patch]) -> dict[int, Sentence]:
    return {}


@dataclass(frozen=True, slots=True)
class Order:
    """`fields` as order_by takes them, after `prepare` annotated the rows; `reasons` tells of the rows of one page."""

    title: Any
    fields: tuple[str, ...]
    prepare: Prepare = _as_it_is
    reasons: Reasons = _without


_orders: dict[str, Order] = {}


def register(name: str, order: Order) -> None:
    """Offer an order; called once for each, when its app is ready."""
    _orders[name] = order


def names() -> tuple[str, ...]:
    return tuple(_orders)


def titles() -> list[tuple[str, Any]]:
    return [(name, order.title) for name, order in _orders.items()]


def known(name: str) -> str:
    """The name of an order, also under a name it had; the usual one for anything else."""
    name = OLD_NAMES.get(name, name)
    return name if name in _orders else USUAL


def by(rows: QuerySet[Patch], name: str) -> tuple[QuerySet[Patch], tuple[str, ...]]:
    """The rows with what the order needs, and the fields to order by."""
    order = _orders[known(name)]
    return order.prepare(rows), order.fields


def because(rows: Sequence[Patch], name: str) -> dict[int, str]:
    """Patch to why it stands there, in the reader's language; empty where the order explains itself."""
    return {pk: say(why) for pk, why in _orders[known(name)].reasons(rows).items()}


def around(rows: QuerySet[Patch], patch: Patch, name: str) -> tuple[Patch | None, Patch | None]:
    """The rows before and after a patch, which need not be one of them."""
    others, fields = by(rows.exclude(pk=patch.pk), name)
    here = by(Patch.objects.filter(pk=patch.pk), name)[0].get()
    place = [getattr(here, field.removeprefix("-")) for field in fields]
    back = turned(fields)
    return (
        others.filter(beyond(back, place)).order_by(*back).first(),
        others.filter(beyond(fields, place)).order_by(*fields).first(),
    )


def _waited(rows: Sequence[Patch]) -> dict[int, Sentence]:
    now = timezone.now()
    return {
        row.pk: sentence("waits for %(time)s", time=timesince(row.authored_at, now, depth=1))
        for row in rows
        if row.state == life.PROPOSED
    }


def _by_risk(rows: QuerySet[Patch]) -> QuerySet[Patch]:
    def place(field: str, values: Sequence[str]) -> Case:
        found = [When(**{field: value}, then=Value(number)) for number, value in enumerate(values)]
        return Case(*found, default=Value(LAST), output_field=IntegerField())

    return rows.annotate(by_risk=place("verdict__risk", RISKS), by_decision=place("decision", DECISIONS))


def _risk(rows: Sequence[Patch]) -> dict[int, Sentence]:
    return {row.pk: _risk_of(row) for row in rows if row.state == life.PROPOSED}


def _risk_of(row: Patch) -> Sentence:
    said = row.verdict
    if not said:
        return sentence("risk unknown: the contract has not judged it yet")
    rules = [one["rule"] for one in [*special(said), *said["reasons"]] if one["decision"] == said["decision"]]
    rule = rules[0] if rules else said["category"]
    if said["risk"] == "HIGH":
        return sentence("risk high: %(rule)s", rule=rule)
    if said["risk"] == "MEDIUM":
        return sentence("risk medium: %(rule)s", rule=rule)
    return sentence("risk low: %(rule)s", rule=rule)


register(USUAL, Order(gettext_lazy("newest first"), ("-authored_at", "-pk")))
register("age", Order(gettext_lazy("longest wait first"), ("authored_at", "pk"), reasons=_waited))
register(
    "risk",
    Order(
        gettext_lazy("highest risk first"), ("by_risk", "by_decision", "-authored_at", "-pk"), _by_risk, _risk
    ),
)
