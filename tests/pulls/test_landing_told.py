"""What a decision here does at GitHub: told once, with its reason, and not at all once it was taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cells import tasks
from cells.models import Errand, Patch
from cells.patches import life, reviews
from cells.permissions import REVIEWER
from cells.refusals import Refused, say
from tests.factories import a_patch, a_user, committed, sync
from tests.github.double import Double
from tests.pulls.landing_helpers import (
    There,
    beat,
    fresh,
    said_on,
)

pytestmark = pytest.mark.django_db


def test_a_decision_is_told_at_github_once_and_its_reason_mentions_nobody(there: There) -> None:
    bakery, remote = there
    number = remote.open_pull("ask/warmer-oven", "Warmer", by="codex")
    other = remote.open_pull("think/dough-notes", "Notes", by="codex")
    sync(bakery)
    rin, reason = a_user("reviewer", REVIEWER), "Too warm, @codex. ``` <img src=x> fixes #1"
    patch, back = a_patch(bakery), a_patch(bakery, branch="think/dough-notes")
    with committed():
        reviews.reject(patch=patch, by=rin, digest=patch.digest, reason=reason)
        reviews.send_back(patch=back, by=rin, digest=back.digest, reason="Say where.")
    beat()
    assert (remote.pull(number).state, remote.pull(other).state) == ("closed", "open")
    assert said_on(remote, number).count(f"````text\n{reason}\n````") == 1
    assert "`reviewer` **rejected** this" in said_on(remote, number)
    assert "Say where." in said_on(remote, other)


def test_a_decision_taken_back_in_time_closes_nothing(there: There, settings: Any, github: Double) -> None:
    """At once what waits is ended; and whoever carries it out all the same looks whether the decision counts."""
    bakery, remote = there
    number = remote.open_pull("ask/warmer-oven", "Warmer", by="codex")
    patch, rin = a_patch(sync(bakery)), a_user("reviewer", REVIEWER)
    settings.VPM_UNDO_SECONDS = 60
    for decided in (1, 2):
        with committed():
            reviews.reject(patch=fresh(patch), by=rin, digest=patch.digest, reason="Too warm.")
        waiting = Errand.objects.get(state=Errand.WAITING)
        left = waiting.not_before - timezone.now()
        assert timedelta(seconds=50) < left <= timedelta(seconds=60)
        calls = len(github.calls)
        if decided == 1:
            with committed():
                reviews.reopen(patch=fresh(patch), by=rin)
            waiting.refresh_from_db()
        else:
            reviews.reopen(patch=fresh(patch), by=rin)  # its worker is not woken
            beat()
            waiting.refresh_from_db()
        assert (waiting.state, say(waiting.note)) == (
            Errand.DONE, "The decision was taken back before it was told.",
        )  # fmt: skip
        assert not [call for call in github.calls[calls:] if call.method in ("POST", "PATCH")]
    assert (remote.pull(number).state, said_on(remote, number)) == ("open", "")
    assert fresh(sync(bakery) and patch).state == life.PROPOSED


def test_what_is_closed_at_github_is_reopened_there_before_it_waits_here(there: There) -> None:
    bakery, remote = there
    number = remote.open_pull("ask/warmer-oven", "Warmer", by="codex")
    patch, rin = a_patch(sync(bakery)), a_user("reviewer", REVIEWER)
    with committed():
        reviews.archive(patch=patch, by=rin, digest=patch.digest)
    assert remote.pull(number).state == "closed"
    with pytest.raises(Refused, match=f"#{number} is closed at GitHub. Reopen it there first"):
        reviews.reopen(patch=fresh(patch), by=rin)
    remote.reopen(number, by="rin")
    sync(bakery)
    with committed():
        reviews.reopen(patch=fresh(patch), by=rin)
    sync(bakery)
    assert (fresh(patch).state, remote.pull(number).state) == (life.PROPOSED, "open")


def test_a_decision_whose_worker_was_never_woken_is_told_by_the_sweeper(there: There) -> None:
    bakery, remote = there
    number = remote.open_pull("ask/warmer-oven", "Warmer", by="codex")
    patch = a_patch(sync(bakery), life.ARCHIVED)  # nothing is started: this test is one transaction
    assert remote.pull(number).state == "open"
    Patch.objects.filter(pk=patch.pk).update(state_at=timezone.now() - timedelta(minutes=1))
    with committed():
        tasks.settle()
    assert remote.pull(number).state == "closed"
