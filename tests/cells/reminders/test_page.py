"""Reminders on the account page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from pytest_httpserver import HTTPServer

from cells.models import AuditEvent, Repository
from cells.permissions import REVIEWER
from cells.reminding import keeping
from tests.cells.reminders.sent import SECRET, answering, to, wish
from tests.factories import a_repository, a_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(rin: User) -> Client:
    client = Client()
    client.force_login(rin)
    return client


FORM = {
    "channel": "webhook", "address": f"https://hooks.slack.com/services/{SECRET}", "weekdays": ["1", "5"], "at": "07:45",
    "zone": "Europe/Berlin", "repository": "", "language": "ja",
}  # fmt: skip


def test_a_reminder_is_made_paused_resumed_and_deleted_by_forms(account: Client, rin: User) -> None:
    assert account.post("/account/reminders", FORM).status_code == 302
    row = rin.reminders.get()
    assert (row.hour, row.minute, row.weekdays) == (7, 45, [1, 5])
    assert (row.zone, row.language) == ("Europe/Berlin", "ja")
    text = account.get("/account/").text
    assert re.search(r"Next: <time>20\d\d-\d\d-\d\d 07:45</time>", text)
    account.post(f"/account/reminders/{row.pk}/pause")
    assert "paused" in account.get("/account/").text
    account.post(f"/account/reminders/{row.pk}/resume")
    row.refresh_from_db()
    assert not row.paused
    account.post(f"/account/reminders/{row.pk}/delete")
    assert not rin.reminders.exists()
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs[-4:] == ["add_reminder", "pause_reminder", "resume_reminder", "delete_reminder"]


def test_the_address_of_a_webhook_is_shown_nowhere(
    account: Client, rin: User, caplog: pytest.LogCaptureFixture
) -> None:
    account.post("/account/reminders", FORM)
    text = account.get("/account/").text
    assert "hooks.slack.com/…mnop" in text
    told = text + caplog.text + json.dumps([str(one) for one in AuditEvent.objects.values_list()])
    assert SECRET not in told
    assert "abcdefghijkl" not in told
    assert SECRET not in str(rin.reminders.get())


def test_somebody_elses_reminder_is_not_found(account: Client) -> None:
    row = keeping.add(user=a_user("ken", REVIEWER), wish=wish())
    for verb in ("pause", "resume", "delete", "test"):
        assert account.post(f"/account/reminders/{row.pk}/{verb}").status_code == 404
    assert account.post("/account/reminders/1/explode").status_code == 404
    assert account.get(f"/account/reminders/{row.pk}/delete").status_code == 405
    row.refresh_from_db()
    assert not row.paused


def test_one_is_sent_at_once_and_the_next_only_after_a_while(
    bakery: Repository, account: Client, rin: User
) -> None:
    row, other = keeping.add(user=rin, wish=wish()), keeping.add(user=rin, wish=wish(hour=9))
    before = row.next_at
    assert account.post(f"/account/reminders/{row.pk}/test").status_code == 302
    for one in (row, other):
        refused = account.post(f"/account/reminders/{one.pk}/test")
        assert (refused.status_code, "wait a little" in refused.text) == (409, True)
    row.refresh_from_db()
    assert len(mail.outbox) == 1
    assert (row.next_at, row.last_sent_at) == (before, None)


def test_one_that_is_sent_at_once_says_so_when_nothing_waits(
    tmp_path: Path, account: Client, rin: User
) -> None:
    a_repository(tmp_path, proposals={})
    row = keeping.add(user=rin, wish=wish())
    account.post(f"/account/reminders/{row.pk}/test")
    assert mail.outbox[0].subject == "[VPM] Nothing waits for you."


def test_why_it_did_not_arrive_is_told_at_once(
    bakery: Repository, account: Client, rin: User, slack: HTTPServer
) -> None:
    answering(slack, 404)
    row = keeping.add(user=rin, wish=wish(**to(slack)))
    refused = account.post(f"/account/reminders/{row.pk}/test")
    assert refused.status_code == 409
    assert "does not know this webhook" in refused.text


def test_without_mail_the_page_says_so_and_offers_the_webhook(account: Client, settings: Any) -> None:
    settings.VPM_MAIL = False
    text = account.get("/account/").text
    assert "Mail is not configured on this server." in text
    assert 'value="mail"' not in text


def test_a_stranger_sees_no_form(stranger: User) -> None:
    client = Client()
    client.force_login(stranger)
    text = client.get("/account/").text
    assert "/account/reminders" not in text
    assert "feed-token" not in text
    assert client.post("/account/reminders", FORM).status_code == 403
