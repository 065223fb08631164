"""What happens when a reminder does not arrive."""

from __future__ import annotations

import html
import smtplib
import time

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Response

from cells.models import AuditEvent, Repository
from cells.refusals import say
from cells.reminding import posting
from tests.cells.reminders.sent import SECRET, answering, at_its_time, due, tick, to

pytestmark = pytest.mark.django_db


def test_a_busy_webhook_is_tried_again_three_times_each_time_later(
    bakery: Repository, rin: User, slack: HTTPServer
) -> None:
    answering(slack, 503)
    row, waits = due(rin, **to(slack)), []
    for _ in range(3):
        tick()
        row.refresh_from_db()
        assert row.next_at
        waits.append((row.next_at - timezone.now()).total_seconds() / 60)
        at_its_time(row)
    assert [round(wait) for wait in waits] == [1, 5, 15]
    tick()
    row.refresh_from_db()
    assert (row.failures, row.attempts, len(slack.log)) == (1, 0, 4)
    assert say(row.failed) == "localhost did not take it (it answered 503)."


def test_what_was_tried_again_and_arrived_is_forgiven(
    bakery: Repository, rin: User, slack: HTTPServer
) -> None:
    address = to(slack)
    answering(slack, 429)
    row = due(rin, **address)
    tick()
    answering(slack, 200)
    at_its_time(row)
    tick()
    row.refresh_from_db()
    assert (row.failures, row.attempts, row.failed) == (0, 0, None)


def test_a_webhook_that_is_gone_is_not_tried_again(bakery: Repository, rin: User, slack: HTTPServer) -> None:
    answering(slack, 404)
    row = due(rin, **to(slack))
    tick()
    row.refresh_from_db()
    assert (row.failures, row.attempts) == (1, 0)
    assert "does not know this webhook" in say(row.failed)


def test_after_five_digests_that_failed_it_pauses_and_the_account_page_says_why(
    bakery: Repository, rin: User, slack: HTTPServer
) -> None:
    answering(slack, 410)
    row = due(rin, **to(slack))
    for _ in range(5):
        tick()
        row.refresh_from_db()
        if not row.paused:
            at_its_time(row)
    assert row.paused
    assert len(slack.log) == 5
    client = Client()
    client.force_login(rin)
    assert "Paused, because 5 digests in a row did not arrive" in html.unescape(client.get("/account/").text)
    assert AuditEvent.objects.filter(verb="pause_reminder", actor="remind").count() == 1


def test_a_redirect_is_not_followed(bakery: Repository, rin: User, slack: HTTPServer) -> None:
    answering(slack, 302)
    row = due(rin, **to(slack))
    tick()
    row.refresh_from_db()
    assert [request.path for request, _ in slack.log] == [f"/services/{SECRET}"]
    assert "points to another address" in say(row.failed)


def test_no_answer_in_time_is_not_said_twice(
    bakery: Repository, rin: User, slack: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "TIMEOUT", 0.2)
    address = to(slack)
    slack.clear()
    slack.expect_request(f"/services/{SECRET}").respond_with_handler(lambda _: _slow())
    row = due(rin, **address)
    tick()
    row.refresh_from_db()
    assert (row.attempts, row.failures) == (0, 1)
    assert "may have arrived all the same" in say(row.failed)


def _slow() -> Response:
    time.sleep(0.6)
    return Response("ok")


def test_a_mail_server_that_is_away_is_tried_again(
    bakery: Repository, rin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", away)
    row = due(rin)
    tick()
    row.refresh_from_db()
    assert row.attempts == 1
    assert say(row.failed) == "The mail server cannot be reached."


def test_a_refused_mail_address_is_not_tried_again(
    bakery: Repository, rin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> int:
        raise smtplib.SMTPRecipientsRefused({"rin@example.org": (550, b"who?")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refused)
    row = due(rin)
    tick()
    row.refresh_from_db()
    assert (row.attempts, row.failures) == (0, 1)


def test_a_fault_of_ours_is_a_sentence_and_the_log_holds_no_secret(
    bakery: Repository, rin: User, slack: HTTPServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    row = due(rin, **to(slack))
    monkeypatch.setattr(posting, "post", lambda address, text: {}[address])
    tick()
    row.refresh_from_db()
    assert "by a fault of ours" in say(row.failed)
    assert "KeyError" in caplog.text
    assert SECRET not in caplog.text
