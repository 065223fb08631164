"""Linking the events that were written: afterwards, so that writing one waits for nobody.

An event is one insert in the transaction that makes the change. Once that is committed, whoever comes first links it: the
sweeper, a landing, an export. The number of a link is its key, so of two who seal at once one finds it taken.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from cells.chain.links import FIELDS, START, Broken, Head, Link, linked, written
from cells.models import AuditEvent, AuditLink
from cells.sentences import sentence

BATCH = 2_000
REACH = 10_000  # keys behind the last link; so many events may be written while one transaction is open
PATIENCE = timedelta(minutes=1)


def head() -> Head:
    """The last link; of an empty chain, what the first one will continue."""
    last = AuditLink.objects.order_by("-seq").first()
    return Head(last.seq, last.hash) if last else START


def seal(*, everything: bool = False) -> Head:
    """Link what is not linked yet, in the order of the keys; returns the last link. Safe to call at any time.

    An event whose transaction ended late is linked then, after younger ones. One that ended later than REACH younger
    ones were linked is found only by a look at `everything`, which costs as much as there are events.
    """
    while True:
        last = AuditLink.objects.order_by("-seq").first()
        rows = unsealed()
        if last and not everything:
            rows = rows.filter(pk__gt=last.event_id - REACH)
        events = [_event(row) for row in rows.values(*FIELDS)[:BATCH]]
        if not events:
            return head()  # read after the look: what somebody else linked meanwhile is behind it
        links = linked(events, Head(last.seq, last.hash) if last else START)
        with suppress(IntegrityError), transaction.atomic():  # somebody else was faster: look again
            AuditLink.objects.bulk_create(
                AuditLink(seq=one.seq, event_id=event["id"], previous=one.previous, hash=one.hash)
                for one, event in zip(links, events, strict=True)
            )


def unsealed() -> QuerySet[AuditEvent]:
    """Events without a link, oldest first."""
    return AuditEvent.objects.filter(link=None).order_by("pk")


def check_sealed() -> int:
    """How many events wait for their link. Raises Broken when one has waited too long."""
    waiting = unsealed()
    late = waiting.filter(at__lt=timezone.now() - PATIENCE).first()
    if late:
        raise Broken(
            sentence(
                "Event %(event)s has waited for its link for more than a minute: start beat and worker, or run “manage.py audit seal”, and verify again.",
                event=late.pk,
            )
        )
    return waiting.count()


def links() -> Generator[Link, None, None]:
    """Every link with its event, in order, as the database has them."""
    seq = 0
    fields = [f"event__{name}" for name in FIELDS]
    rows = AuditLink.objects.order_by("seq").values("seq", "previous", "hash", *fields)
    with suppress(ValueError, TypeError):  # JSON or a time that is none, put there behind our back
        for row in rows.iterator():
            yield from _bare(seq, row["seq"])
            event = _event({name: row[f"event__{name}"] for name in FIELDS})
            seq = row["seq"]
            yield Link(seq, row["previous"], row["hash"], event)
    yield from _bare(seq, None)


def _bare(after: int, until: int | None) -> Iterator[Link]:
    """The links between two, or to the end: those without an event, which the join leaves out."""
    if until == after + 1:
        return
    rows = AuditLink.objects.filter(seq__gt=after).order_by("seq")
    rows = rows.filter(seq__lt=until) if until else rows
    for link in rows.iterator():
        yield Link(link.seq, link.previous, link.hash, None)


def _event(row: dict[str, Any]) -> dict[str, Any]:
    """An event's fields as they are hashed."""
    return row | {"at": row["at"] and written(row["at"])}
