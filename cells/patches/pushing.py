"""Bringing landed commits to the source, with a lease. No source is an error: what stays here says so."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from cells import audit
from cells.hosts import source
from cells.models import Patch, Repository
from cells.patches import life
from cells.ssot.mirror import Mirror


def push(repository: Repository) -> source.Pushed | None:
    """Push what waits; None when nothing does. Delivered twice, it pushes once."""
    waiting = Patch.objects.filter(
        repository=repository, state=life.LANDED, push_state__in=("pending", "not_pushed")
    )
    if not waiting.exists():
        return None
    mirror = Mirror(repository.mirror)
    at_source = mirror.tip(source.SOURCE_REFS + repository.branch)
    ours = mirror.tip(f"refs/heads/{repository.branch}")
    outcome = (
        source.Pushed(True) if mirror.is_ancestor(ours, at_source) else source.push(repository, at_source)
    )
    record(waiting, outcome, repository)
    return outcome


def record(waiting: QuerySet[Patch], outcome: source.Pushed, repository: Repository) -> None:
    """Write the outcome on each patch; only a change of state is an event."""
    target = "pushed" if outcome.ok else "not_pushed"
    note = outcome.note.as_json() if outcome.note else None
    with transaction.atomic():
        for patch in waiting.exclude(push_state=target):
            if Patch.objects.filter(pk=patch.pk, push_state=patch.push_state).update(
                push_state=target, push_note=note
            ):
                audit.record(
                    actor="landing", verb="push", subject=patch, repository=repository.key, reason=str(outcome.note or ""),
                    before={"push_state": patch.push_state}, after={"push_state": target},
                )  # fmt: skip
