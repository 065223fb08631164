"""Whose task a waiting patch is: claimed for a while, taken over, handed over, put off; every refusal is a sentence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cells.models import AuditEvent, Patch, Snooze
from cells.patches import desk, life, reviews
from cells.permissions import REVIEWER
from cells.refusals import Forbidden, Refused
from tests.cells.deciding import again, approve, landed, the
from tests.factories import STATE, a_repository, a_user, source_of, sync

pytestmark = pytest.mark.django_db


@pytest.fixture
def patch(tmp_path: Path) -> Patch:
    return the(a_repository(tmp_path))


@pytest.fixture
def rin(db: None) -> User:
    return a_user("rin", REVIEWER)


@pytest.fixture
def mio(db: None) -> User:
    return a_user("mio", REVIEWER)


def time_passes(patch: Patch) -> None:
    """Until the claim is over."""
    Patch.objects.filter(pk=patch.pk).update(claimed_until=timezone.now() - timedelta(seconds=1))


def events(patch: Patch) -> list[tuple[str, str, str, str]]:
    """(actor, verb, who had it, who has it) of what happened on the desk, oldest first."""
    rows = AuditEvent.objects.filter(subject_type="patch", subject=str(patch.pk)).order_by("pk")
    return [
        (row.actor, row.verb, row.before.get("who", ""), row.after.get("who", ""))
        for row in rows.exclude(verb="propose")
    ]


def reject(patch: Patch, by: User) -> None:
    reviews.reject(patch=again(patch), by=by, digest=patch.digest, reason="No.")


def test_a_claim_keeps_the_others_out_and_lets_its_holder_decide(patch: Patch, rin: User, mio: User) -> None:
    desk.claim(patch=patch, by=rin)
    until = f"{again(patch).claimed_until:%H:%M} UTC"
    for attempt in (
        lambda: approve(patch, mio),
        lambda: reject(patch, mio),
        lambda: desk.claim(patch=again(patch), by=mio),
        lambda: desk.hand_over(patch=again(patch), by=mio, to=rin),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert str(refused.value) == (f"rin has claimed this until {until}. Ask them, wait, or take it over.")
    approve(patch, rin)
    row = again(patch)
    assert (row.state, row.claimed_by) == (life.APPROVED, rin)
    assert landed(patch).claimed_by is None


def test_a_claim_lasts_half_an_hour_and_claiming_again_renews_it(patch: Patch, rin: User, mio: User) -> None:
    desk.claim(patch=patch, by=rin)
    first = again(patch).claimed_until
    desk.claim(patch=again(patch), by=rin)
    second = again(patch).claimed_until
    assert first is not None
    assert second is not None
    assert second > first
    assert timedelta(minutes=29) < second - timezone.now() <= desk.HELD
    time_passes(patch)
    assert desk.holder(again(patch)) is None
    desk.claim(patch=again(patch), by=mio)
    assert desk.holder(again(patch)) == mio
    assert events(patch) == [
        ("rin", "claim_review", "", "rin"), ("rin", "claim_review", "rin", "rin"), ("mio", "claim_review", "", "mio"),
    ]  # fmt: skip


def test_taking_over_says_from_whom(patch: Patch, rin: User, mio: User) -> None:
    desk.claim(patch=patch, by=rin)
    desk.claim(patch=again(patch), by=mio, take_over=True)
    assert desk.holder(again(patch)) == mio
    assert events(patch)[-1] == ("mio", "claim_review", "rin", "mio")


def test_letting_go_is_for_who_holds_it(patch: Patch, rin: User, mio: User) -> None:
    desk.claim(patch=patch, by=rin)
    desk.let_go(patch=again(patch), by=mio)
    assert desk.holder(again(patch)) == rin
    desk.let_go(patch=again(patch), by=rin)
    assert desk.holder(again(patch)) is None
    assert events(patch)[1:] == [("rin", "let_go", "rin", "")]


def test_handing_over_ends_the_claim_and_leaves_a_note(patch: Patch, rin: User, mio: User) -> None:
    desk.claim(patch=patch, by=rin)
    desk.hand_over(patch=again(patch), by=rin, to=mio, note="You know ovens.")
    row = again(patch)
    assert (row.handed_to, row.handed_by, row.handed_note, row.claimed_by) == (
        mio,
        rin,
        "You know ovens.",
        None,
    )
    assert events(patch)[-1] == ("rin", "hand_over", "rin", "mio")
    desk.take(patch=row, by=rin)
    row = again(patch)
    assert (row.handed_to, row.handed_by, row.handed_note) == (None, None, "")
    assert events(patch)[-1] == ("rin", "take", "mio", "")


def test_taking_back_what_was_not_handed_over_is_nothing(patch: Patch, rin: User) -> None:
    desk.take(patch=patch, by=rin)
    assert events(patch) == []


@pytest.mark.parametrize(
    ("right", "active", "says"),
    [("", True, "nobody may not decide; hand it to a reviewer."), (REVIEWER, False, "nobody may not decide")],
)
def test_it_is_handed_only_to_who_may_decide(
    patch: Patch, rin: User, right: str, active: bool, says: str
) -> None:
    nobody = a_user("nobody", right)
    User.objects.filter(pk=nobody.pk).update(is_active=active)
    with pytest.raises(Refused, match=says):
        desk.hand_over(patch=patch, by=rin, to=User.objects.get(pk=nobody.pk))
    with pytest.raises(Refused, match="It is on your desk already; hand it to somebody else"):
        desk.hand_over(patch=patch, by=rin, to=rin)


def test_what_was_decided_is_nobodys_task_any_more(patch: Patch, rin: User, mio: User) -> None:
    desk.hand_over(patch=patch, by=rin, to=mio, note="Please.")
    desk.claim(patch=again(patch), by=mio)
    reject(patch, mio)
    row = again(patch)
    assert (row.claimed_by, row.claimed_until, row.handed_to, row.handed_by, row.handed_note) == (
        None, None, None, None, "",
    )  # fmt: skip


def test_nothing_of_a_desk_is_done_with_what_was_decided(patch: Patch, rin: User, mio: User) -> None:
    reject(patch, rin)
    said = "This patch was rejected; reopen it to decide again."
    for attempt in (
        lambda: desk.claim(patch=again(patch), by=mio),
        lambda: desk.claim(patch=again(patch), by=mio, take_over=True),
        lambda: desk.hand_over(patch=again(patch), by=mio, to=rin),
        lambda: desk.take(patch=again(patch), by=mio),
        lambda: desk.snooze(patch=again(patch), by=mio, until=timezone.now() + timedelta(hours=1)),
    ):
        with pytest.raises(Refused, match=said):
            attempt()


def test_a_desk_is_a_reviewers(patch: Patch, viewer: User, rin: User) -> None:
    for attempt in (
        lambda: desk.claim(patch=patch, by=viewer),
        lambda: desk.hand_over(patch=patch, by=viewer, to=rin),
        lambda: desk.take(patch=patch, by=viewer),
        lambda: desk.snooze(patch=patch, by=viewer, until=timezone.now() + timedelta(hours=1)),
    ):
        with pytest.raises(Forbidden, match="You need the right “reviewer” to decide"):
            attempt()


def asleep(patch: Patch, by: User) -> bool:
    row = again(patch)
    return Snooze.objects.filter(patch=row, by=by, until__gt=timezone.now(), digest=row.digest).exists()


def test_what_is_put_off_comes_back_when_it_would_change_something_else(
    patch: Patch, rin: User, mio: User
) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    desk.snooze(patch=patch, by=rin, until=tomorrow)
    assert (asleep(patch, rin), asleep(patch, mio)) == (True, False)
    source = source_of(patch.repository)
    source.commit({"docs/elsewhere.md": "Else."})
    sync(patch.repository)
    assert asleep(patch, rin)
    source.commit({"STATE/bread/current_state.md": STATE + "\nOne more line.\n"})
    sync(patch.repository)
    assert not asleep(patch, rin)


def test_putting_off_again_moves_the_time_and_waking_up_ends_it_once(patch: Patch, rin: User) -> None:
    desk.snooze(patch=patch, by=rin, until=timezone.now() + timedelta(hours=1))
    later = timezone.now() + timedelta(days=2)
    desk.snooze(patch=patch, by=rin, until=later)
    assert Snooze.objects.get(patch=patch, by=rin).until == later
    desk.wake_up(patch=patch, by=rin)
    desk.wake_up(patch=patch, by=rin)
    assert not asleep(patch, rin)
    assert [verb for _, verb, _, _ in events(patch)] == ["snooze", "snooze", "wake_up"]


@pytest.mark.parametrize("until", [timedelta(0), timedelta(days=-1), timedelta(days=91)])
def test_it_is_put_off_for_some_days_and_not_for_ever(patch: Patch, rin: User, until: timedelta) -> None:
    with pytest.raises(Refused, match="Choose a time within the next 90 days"):
        desk.snooze(patch=patch, by=rin, until=timezone.now() + until)
    assert not Snooze.objects.exists()
