"""Bringing landed commits to the source, with a lease. No source is an error: what stays here says so."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from cells import audit
from cells.clock import wake
from cells.hosts import source
from cells.models import Patch, Repository
from cells.patches import life
from cells.permissions import REVIEWER, require
from cells.ssot.mirror import Mirror

WAITING = ("pending", "not_pushed")


def push(repository: Repository) -> source.Pushed | None:
    """Push what waits; None when nothing does, or when the source moved and sync has to replay first.

    Delivered twice, it pushes once. Only what the pushed commit contains is recorded.
    """
    mirror = Mirror(repository.mirror)
    ours, there = mirror.tip(f"refs/heads/{repository.branch}"), at_source(repository, mirror)
    waiting = [patch for patch in landed(repository, WAITING) if mirror.is_ancestor(patch.commit, ours)]
    if not waiting or (there and not mirror.is_ancestor(there, ours)):
        return None
    outcome = source.push(repository, ours, there)
    record(waiting, outcome, repository)
    return outcome


def notice(repository: Repository, mirror: Mirror) -> None:
    """Landings that the source has meanwhile, however they came there, count as pushed."""
    there = at_source(repository, mirror)
    for patch in landed(repository, WAITING):
        if mirror.is_ancestor(patch.commit, there):
            record([patch], source.Pushed(True), repository)


def again(*, repository: Repository, by: User) -> None:
    """A person asks to push what the source did not take. Raises Forbidden."""
    require(by, REVIEWER)
    with transaction.atomic():
        waiting = landed(repository, ("not_pushed",))
        for patch in waiting:
            audit.record(
                actor=by, verb="push_again", subject=patch, repository=repository.key,
                before={"push_state": "not_pushed"}, after={"push_state": "pending"},
            )  # fmt: skip
        waiting.update(push_state="pending", push_note=None)
        wake("cells.push", repository_id=repository.pk)


def landed(repository: Repository, states: tuple[str, ...]) -> QuerySet[Patch]:
    """The landed patches that stand so with the source."""
    return Patch.objects.filter(repository=repository, state=life.LANDED, push_state__in=states)


def at_source(repository: Repository, mirror: Mirror) -> str:
    """Where the source's branch stood when it was last fetched."""
    return mirror.tip(source.SOURCE_REFS + repository.branch)


def record(patches: list[Patch], outcome: source.Pushed, repository: Repository) -> None:
    """Write the outcome on each patch; only a change of state is an event."""
    target = "pushed" if outcome.ok else "not_pushed"
    note = outcome.note.as_json() if outcome.note else None
    with transaction.atomic():
        for patch in patches:
            row = Patch.objects.filter(pk=patch.pk, commit=patch.commit, push_state=patch.push_state)
            if patch.push_state != target and row.update(push_state=target, push_note=note):
                audit.record(
                    actor="landing", verb="push", subject=patch, repository=repository.key, reason=str(outcome.note or ""),
                    before={"push_state": patch.push_state}, after={"push_state": target},
                )  # fmt: skip
