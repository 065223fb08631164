"""Whose task a waiting patch is: claimed by one person for a while, handed over, or put off by one person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cells import audit
from cells.models import Patch, Snooze
from cells.patches import life
from cells.patches.moves import lock, moved
from cells.permissions import REVIEWER, may, require
from cells.refusals import Refused
from cells.sentences import sentence

HELD = timedelta(minutes=30)  # so long a claim keeps the others out
LONGEST_SNOOZE = timedelta(days=90)


def holder(patch: Patch) -> User | None:
    """Who has claimed it, while the claim lasts."""
    if patch.claimed_by and patch.claimed_until and patch.claimed_until > timezone.now():
        return patch.claimed_by
    return None


def check_free(patch: Patch, by: User) -> None:
    """Refuse to decide what somebody else has claimed."""
    who = holder(patch)
    if who is not None and who.pk != by.pk and patch.claimed_until:
        raise Refused(
            sentence(
                "%(name)s has claimed this until %(time)s UTC. Ask them, wait, or take it over.",
                name=who.get_username(), time=f"{patch.claimed_until:%H:%M}",
            )
        )  # fmt: skip


def claim(*, patch: Patch, by: User, take_over: bool = False) -> None:
    """This one is mine for half an hour; of two who claim at once one gets it. Raises Refused."""
    require(by, REVIEWER)
    with transaction.atomic():
        lock(patch)
        check_waits(patch)
        if not take_over:
            check_free(patch, by)
        before = holder(patch)
        _put(patch, claimed_by=by, claimed_until=timezone.now() + HELD)
        _record(patch, by, "claim_review", before=before, after=by)


def let_go(*, patch: Patch, by: User) -> None:
    """Not mine any more. Letting go of what one does not hold changes nothing."""
    with transaction.atomic():
        if Patch.objects.filter(pk=patch.pk, claimed_by=by).update(claimed_by=None, claimed_until=None):
            _record(patch, by, "let_go", before=by, after=None)
    patch.refresh_from_db()


def hand_over(*, patch: Patch, by: User, to: User, note: str = "") -> None:
    """Somebody else decides this one: it stands first in their inbox, and not in mine. Raises Refused."""
    require(by, REVIEWER)
    if to.pk == by.pk:
        raise Refused(sentence("It is on your desk already; hand it to somebody else."))
    if not may(to, REVIEWER):
        raise Refused(sentence("%(name)s may not decide; hand it to a reviewer.", name=to.get_username()))
    with transaction.atomic():
        lock(patch)
        check_waits(patch)
        check_free(patch, by)
        _put(
            patch, handed_to=to, handed_by=by, handed_note=note[:2000], claimed_by=None, claimed_until=None
        )  # fmt: skip
        _record(patch, by, "hand_over", before=by, after=to, reason=note)


def take(*, patch: Patch, by: User) -> None:
    """Undo of handing over: it is everybody's again. Raises Refused."""
    require(by, REVIEWER)
    with transaction.atomic():
        lock(patch)
        check_waits(patch)
        if before := patch.handed_to:
            _put(patch, handed_to=None, handed_by=None, handed_note="")
            _record(patch, by, "take", before=before, after=None)


def snooze(*, patch: Patch, by: User, until: datetime) -> None:
    """I do not want to see it before then, unless it changes. Raises Refused."""
    require(by, REVIEWER)
    check_waits(patch)
    now = timezone.now()
    if not now < until <= now + LONGEST_SNOOZE:
        raise Refused(sentence("Choose a time within the next %(days)s days.", days=LONGEST_SNOOZE.days))
    said = {"until": until, "digest": patch.digest}
    with transaction.atomic():
        Snooze.objects.update_or_create(patch=patch, by=by, defaults=said)
        _record(patch, by, "snooze", before=None, after=None, reason=f"{until:%Y-%m-%d %H:%M} UTC")


def wake_up(*, patch: Patch, by: User) -> None:
    """Undo of a snooze."""
    with transaction.atomic():
        if Snooze.objects.filter(patch=patch, by=by).delete()[0]:
            _record(patch, by, "wake_up", before=None, after=None)


def check_waits(patch: Patch) -> None:
    """Refuse for what nobody decides any more."""
    if patch.state != life.PROPOSED:
        raise Refused(moved(patch))


def _put(patch: Patch, **fields: Any) -> None:
    """Onto the row, and onto the value in hand."""
    Patch.objects.filter(pk=patch.pk).update(**fields)
    for name, value in fields.items():
        setattr(patch, name, value)


def _record(
    patch: Patch, by: User, verb: str, *, before: User | None, after: User | None, reason: str = ""
) -> None:
    audit.record(
        actor=by, verb=verb, subject=patch, repository=patch.repository.key, reason=reason,
        before={"who": before.get_username()} if before else {}, after={"who": after.get_username()} if after else {},
    )  # fmt: skip
