"""How well are we deciding: figures of one repository over some weeks, to learn from. Nobody is ranked.

Nothing here is about a person, except one's own figures for oneself. Every query is bounded by the weeks, or by a number.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import BigIntegerField, Count, Func, Min, Q, QuerySet
from django.utils import timezone

from cells.learning import landings, times
from cells.learning.shapes import FEW, Decided, Figures, Planted, Share, Waiting, Yours
from cells.models import AuditEvent, Patch, Repository, Review
from cells.patches import life, oversight, planting

__all__ = ["FEW", "USUAL", "WEEKS", "Figures", "Yours", "figures", "waiting", "yours"]

WEEKS = (4, 12, 52)
USUAL = 12
AGES = (("today", 1), ("week", 7), ("month", 30))  # days; what is older is "older"


class Plain(Func):
    """The same number, by which no index is searched."""

    template = "+%(expressions)s"
    arity = 1
    output_field = BigIntegerField()


def figures(repository: Repository, weeks: int = USUAL, now: datetime | None = None) -> Figures:
    """Of the `weeks` up to `now`."""
    now = now or timezone.now()
    since = now - timedelta(weeks=weeks)
    said = _said(repository, since)
    landed = landings.read(repository, since)
    events = _events(repository, since)
    return Figures(
        weeks=weeks, since=since, waiting=waiting(repository, now), decided=_decided(said),
        times=times.read(repository, said, since, weeks), landed=landed,
        stale=events.get(("stale", ""), 0),
        outside=oversight.commits(repository).filter(noticed_at__gte=since).count(), planted=_planted(events),
    )  # fmt: skip


def yours(repository: Repository, user: User, of_all: Figures) -> Yours:
    """What this person decided in the time of these figures, and how it went: shown to nobody else."""
    own = _said(repository, of_all.since).filter(by=user)
    approved = own.filter(decision=Review.APPROVE, void__isnull=True, patch__state=life.LANDED)
    landed = set(approved.values_list("patch", flat=True))
    told = _decided(own)
    return Yours(told.people, told.unopened, Share(len(landed & of_all.landed.back), len(landed)))


def waiting(repository: Repository, now: datetime) -> Waiting:
    """By when it was written, as an inbox says it."""
    rows = Patch.objects.filter(repository=repository, state=life.PROPOSED).order_by()
    limits = {name: now - timedelta(days=days) for name, days in AGES}
    upto = {name: Count("pk", filter=Q(authored_at__gte=limit)) for name, limit in limits.items()}
    said = rows.aggregate(total=Count("pk"), first=Min("authored_at"), **upto)
    oldest = rows.order_by("authored_at", "pk").values_list("pk", flat=True).first()
    return Waiting(
        said["today"], said["week"] - said["today"], said["month"] - said["week"], said["total"] - said["month"],
        oldest, said["first"],
    )  # fmt: skip


def _said(repository: Repository, since: datetime) -> QuerySet[Review]:
    """Decisions of this time, but those about test proposals. Reviews are numbered as they are given."""
    edge = Review.objects.filter(at__lt=since).order_by("-pk").values_list("pk", flat=True).first() or 0
    ours = Patch.objects.filter(repository=repository).order_by().values("pk")
    tests = Patch.objects.filter(planted_by__isnull=False).order_by().values("pk")
    # Lists of numbers come from an index; joined, or looked up by patch, the whole past would be read for a few weeks.
    rows = Review.objects.annotate(about=Plain("patch")).filter(pk__gt=edge, at__gte=since)
    return rows.filter(about__in=ours).exclude(about__in=tests).order_by()


def _decided(rows: QuerySet[Review]) -> Decided:
    people = Q(by__isnull=False)
    counts = {via: Count("pk", filter=people & Q(via=via)) for via in Review.VIAS}
    counts["by_hand"] = Count("pk", filter=Q(emergency=True, void__isnull=True))
    return Decided(**rows.aggregate(automatic=Count("pk", filter=~people), **counts))


def _events(repository: Repository, since: datetime) -> dict[tuple[str, str], int]:
    """(verb, reason) to how many: approvals that went stale, and test proposals that were revealed."""
    rows = AuditEvent.objects.filter(repository=repository.key, at__gte=since, verb__in=("stale", "reveal"))
    counted = rows.order_by().values("verb", "reason").annotate(size=Count("pk"))
    return {(verb, reason): size for verb, reason, size in counted.values_list("verb", "reason", "size")}


def _planted(events: dict[tuple[str, str], int]) -> Planted:
    of = {outcome: events.get(("reveal", outcome), 0) for outcome in planting.OUTCOMES}
    caught, missed, contract = (
        of.pop(name) for name in (planting.CAUGHT, planting.MISSED, planting.CONTRACT)
    )
    return Planted(caught, missed, contract, sum(of.values()))
