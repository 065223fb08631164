"""/ask in comments at GitHub when something goes wrong: nothing is asked twice, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cells import tasks
from cells.hosts.github import connecting
from cells.hosts.github.connecting import Wish
from cells.models import Ask, AskComment, Delivery, Errand, GitHubConnection, Repository
from cells.permissions import OPERATOR
from cells.pulls import answers, comments
from cells.refusals import say
from tests.factories import a_user, committed
from tests.pulls.commenting import Place, a_remark, settles
from tests.pulls.commenting import place as place
from tests.pulls.landing_helpers import connected

pytestmark = pytest.mark.django_db


def test_while_github_rests_or_fails_nobody_looks_and_nothing_is_lost(place: Place) -> None:
    place.remote.comment(place.remote.open_issue("The oven"), "/ask")
    GitHubConnection.objects.update(rest_until=timezone.now() + timedelta(minutes=5))
    before = len(place.github.calls)
    place.looks()
    assert len(place.github.calls) == before
    GitHubConnection.objects.update(rest_until=None)
    place.github.fails_next(403, path="/issues/comments$")
    place.looks()
    assert "403" in say(place.connection.trouble)
    place.github.fails_next(403, path="/issues/[0-9]+$")  # the title is not told: the next look asks for it
    place.looks()
    assert not AskComment.objects.exists()
    place.looks()
    assert AskComment.objects.get().state == AskComment.ASKED


def test_what_was_edited_or_is_old_asks_nothing_and_whom_we_know_hears_so(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    edited = [place.remote.comment(number, "Good morning.", by=login) for login in ("rin", "stranger")]
    place.github.passes(minutes=2)
    for one in edited:
        place.remote.edit_comment(one, "/ask oven")
    place.delivers()
    assert not AskComment.objects.exists()
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.IGNORED}
    place.looks()
    rows = AskComment.objects.order_by("pk")
    assert [(row.id_there, row.state) for row in rows] == [(one, AskComment.IGNORED) for one in edited]
    assert [say(row.note) for row in rows] == [say(comments.EDITED)] * 2
    old = replace(
        a_remark(place, edited[1] + 1, number), at="2026-01-01T00:00:00Z", changed_at="2026-01-01T00:00:00Z"
    )
    with committed():
        assert comments.take(place.connection, old).state == AskComment.IGNORED  # type: ignore[union-attr]
    settles()
    assert not Ask.objects.exists()
    assert [one.body.split("**")[1] for one in place.ours] == ["Not asked."] * 2
    assert "write a new comment" in place.ours[0].body


def test_a_comment_that_nobody_touched_is_asked_although_its_times_differ(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    made = place.remote.comment(number, "/ask oven")
    place.remote.it.comments[made].updated += timedelta(seconds=1)  # which GitHub does now and then
    place.delivers()
    place.remote.it.comments[place.remote.comment(number, "/ask dough")].updated += timedelta(seconds=1)
    place.looks()
    assert list(AskComment.objects.values_list("state", flat=True)) == [AskComment.ASKED] * 2


def test_an_edit_after_the_asking_asks_nothing_more(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    row = place.ask(number, "/ask oven")
    place.github.passes(minutes=1)
    place.remote.edit_comment(row.id_there, "/ask dough")
    place.delivers()
    place.looks()
    assert Ask.objects.get() == row.ask
    assert len(place.ours) == 1


def test_a_worker_that_dies_on_the_way_leaves_one_ask_and_one_comment(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    made = place.remote.comment(number, "/ask oven")
    row = comments.take(place.connection, a_remark(place, made, number))  # and nobody is woken
    assert row
    assert row.state == AskComment.TAKEN
    second = AskComment.objects.select_related("connection__repository").get()  # another worker has it, too
    place.github.fails_next(lost=True, method="POST", path="/comments$")
    settles()
    row.refresh_from_db()
    assert row.state == AskComment.ASKED
    comments.consider(second)
    assert Errand.objects.get().state == Errand.WAITING
    settles()
    assert Errand.objects.get().state == Errand.DONE
    Errand.objects.all().delete()  # died before it was ordered
    settles()
    assert (len(place.ours), Ask.objects.count()) == (1, 1)


def test_a_wake_that_got_lost_is_made_good_and_what_says_the_truth_is_not_rendered(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    row = comments.take(place.connection, a_remark(place, place.remote.comment(number, "/ask oven"), number))
    assert row
    comments.consider(row)
    row.refresh_from_db()
    with committed():
        answers.follow(row.ask)
    assert place.ours[0].body.startswith("Asked; waiting")
    comments.asking.cancel(ask=row.ask, by=a_user("kim", OPERATOR))  # and nobody is woken
    Ask.objects.update(state_at=timezone.now() - timedelta(hours=1))  # by the clock of another machine
    assert answers.settle() == 1
    settles()
    assert place.ours[0].body.startswith("**cancelled**")
    with CaptureQueriesContext(connection) as asked_for:
        assert answers.settle() == 0
    assert len(asked_for) == 1


def test_what_another_vpm_answered_under_our_name_is_not_asked_again(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    made = place.remote.comment(number, "/ask oven")
    place.remote.comment(number, f"Mine.\n\n<!-- vpm:answer:{made} -->", by="stranger")  # which says nothing
    place.delivers()
    assert AskComment.objects.get().state == AskComment.ASKED
    second = place.remote.comment(number, "/ask dough")
    place.remote.comment(number, f"**READY** · …\n\n<!-- vpm:answer:{second} -->", by="vpm")
    place.delivers()
    row = AskComment.objects.get(id_there=second)
    assert (row.state, say(row.note)) == (AskComment.IGNORED, say(comments.ELSEWHERE))
    assert Ask.objects.count() == 1


def test_while_nobody_knows_whether_it_was_answered_it_waits_but_not_for_ever(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    place.github.fails_next(403, method="GET", path="/issues/[0-9]+/comments$")
    row = place.ask(number, "/ask oven")
    assert row.state == AskComment.TAKEN
    assert "403" in say(row.note)
    GitHubConnection.objects.update(rest_until=timezone.now() + timedelta(hours=1))
    AskComment.objects.update(taken_at=timezone.now() - comments.PATIENCE)
    with committed():
        tasks.settle()
    row.refresh_from_db()
    assert (row.state, row.note) == (AskComment.ASKED, None)


def test_a_repository_connected_under_two_names_asks_once(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    place.remote.rename("toast")
    other = Repository.objects.create(key="toast", source=place.remote.clone_url)
    wish = Wish(full_name="acme/toast", base_url=place.github.url, secret=place.github.token("vpm"))
    with override_settings(DEBUG=True):
        connecting.connect(repository=other, wish=wish, by="command line")
    GitHubConnection.objects.filter(repository=other).update(number=place.connection.number)
    made = place.remote.comment(number, "/ask oven")
    place.looks()
    assert say(place.connection.trouble) == say(connecting.ALREADY)
    assert not AskComment.objects.exists()
    first = comments.take(place.connection, a_remark(place, made, number))  # by a webhook
    second = comments.take(connected(other), a_remark(place, made, number))
    for row in (second, first):
        assert row
        comments.consider(row)
        row.refresh_from_db()
    assert (first.state, second.state) == (AskComment.ASKED, AskComment.IGNORED)  # type: ignore[union-attr]


def test_a_fault_of_ours_keeps_no_repository_from_being_read(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the oven is cold")

    place.remote.comment(place.remote.open_issue("The oven"), "/ask oven")
    monkeypatch.setattr(comments.asked, "read", broken)
    assert [say(one) for one in comments.bring(place.bakery)] == [say(comments.UNSEEN)]
    monkeypatch.undo()
    place.looks()
    assert AskComment.objects.get().state == AskComment.ASKED


def test_a_pull_request_that_cannot_be_read_is_not_waited_for_for_ever(place: Place) -> None:
    number = place.remote.open_pull("think/dough-notes", "Notes", by="codex")
    GitHubConnection.objects.update(rest_until=timezone.now() + timedelta(hours=1))
    row = place.ask(number, "/ask persist_report")
    assert row.state == AskComment.TAKEN
    settles()
    row.refresh_from_db()
    assert row.state == AskComment.TAKEN
    AskComment.objects.update(taken_at=timezone.now() - comments.PATIENCE)
    with committed():
        tasks.settle()
    row.refresh_from_db()
    assert (row.state, say(row.note)) == (AskComment.REFUSED, say(comments.NOT_READ))
