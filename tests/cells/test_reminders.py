"""Reminders: what is said, when, where to, and what happens when it does not arrive."""

from __future__ import annotations

import html
import json
import re
import smtplib
import time
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Response

from cells import tasks
from cells.chain import seal
from cells.models import AuditEvent, Reminder, Repository
from cells.patches import desk, life, reviews
from cells.permissions import REVIEWER, VIEWER
from cells.refusals import Forbidden, Refused, say
from cells.reminding import keeping, posting, sending
from cells.reminding.digest import LINES, content
from cells.reminding.keeping import Wish
from cells.reminding.slots import next_slot
from cells.reminding.unsent import Unsent
from cells.reminding.wording import LONGEST, link, mrkdwn, plain
from tests.factories import a_patch, a_repository, a_user, committed, source_of, sync
from vpm import settings as house

pytestmark = pytest.mark.django_db

NOTES = {
    f"ask/note-{n}": {f"reports/oven/note_20260302T0{n}00Z.md": f"# Note {n}\n\nWarm.\n"} for n in range(1, 6)
}
SECRET = "T012345/B67890/abcdefghijklmnop"
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    """Five proposals that ask the same question."""
    return a_repository(tmp_path, proposals=NOTES)


@pytest.fixture
def rin(db: None) -> User:
    return a_user("rin", REVIEWER)


@pytest.fixture(autouse=True)
def configured(settings: Any) -> None:
    settings.VPM_MAIL, settings.DEFAULT_FROM_EMAIL = True, "vpm@example.org"
    settings.VPM_URL = "https://vpm.example"


@pytest.fixture
def slack(httpserver: HTTPServer, settings: Any) -> HTTPServer:
    """Somebody's webhook, on this machine: allowed while developing."""
    settings.DEBUG = True
    httpserver.expect_request(f"/services/{SECRET}", method="POST").respond_with_data("ok")
    return httpserver


def wish(**other: Any) -> Wish:
    usual = {
        "channel": "mail", "hour": 8, "minute": 30, "weekdays": EVERY_DAY, "zone": "Asia/Tokyo", "language": "en",
    }  # fmt: skip
    return Wish(**usual | other)


def due(user: User, **other: Any) -> Reminder:
    """A reminder whose time has just come."""
    row = keeping.add(user=user, wish=wish(**other))
    return at_its_time(row)


def at_its_time(row: Reminder) -> Reminder:
    Reminder.objects.filter(pk=row.pk).update(next_at=timezone.now() - timedelta(seconds=5))
    row.refresh_from_db()
    return row


def tick() -> None:
    """Beat's minute comes, and workers do what it started."""
    with committed():
        tasks.remind()


def to(server: HTTPServer) -> dict[str, str]:
    return {"channel": "webhook", "address": server.url_for(f"/services/{SECRET}")}


def texts(server: HTTPServer) -> list[str]:
    return [json.loads(request.get_data())["text"] for request, _ in server.log]


# What is said


def test_a_mail_says_what_waits_and_why_and_leads_there(bakery: Repository, rin: User) -> None:
    due(rin)
    tick()
    [sent] = mail.outbox
    assert sent.to == ["rin@example.org"]
    assert sent.subject == "[VPM] 5 patches need you."
    assert "(and 4 like it)" in sent.body
    assert "its risk is low" in sent.body
    assert re.search(r"^   https://vpm\.example/patches/\d+/$", sent.body, re.MULTILINE)
    assert "https://vpm.example/account/#reminders" in sent.body
    assert sent.body.splitlines()[-1] == f"Audit-Head: {seal.head()}"


def test_what_is_addressed_to_me_comes_first(bakery: Repository, rin: User) -> None:
    desk.hand_over(
        patch=a_patch(bakery, branch="ask/note-4"), by=a_user("ken", REVIEWER), to=rin, note="ovens"
    )
    said = content(due(rin))
    assert say(said.lines[0].why) == "ken handed it to you: ovens"
    assert (said.size, sum(line.size for line in said.lines), said.more) == (5, 5, 0)


def test_a_landing_that_failed_is_told(bakery: Repository, rin: User) -> None:
    a_patch(bakery, life.FAILED, branch="ask/note-3")
    assert "landing failed" in say(content(due(rin)).lines[0].why)


def test_never_more_than_ten_lines_and_the_rest_is_counted(tmp_path: Path, rin: User) -> None:
    many = {f"ask/n-{n}": {f"reports/oven/n_20260302T{n:02}00Z.md": "# Note\n"} for n in range(14)}
    bakery = a_repository(tmp_path, proposals=many)
    for patch in bakery.patches.all():
        desk.hand_over(patch=patch, by=a_user("ken", REVIEWER), to=rin)
    due(rin)
    tick()
    assert len(re.findall(r"^\d+\. ", mail.outbox[0].body, re.MULTILINE)) == LINES
    assert "and 4 more" in mail.outbox[0].body


def test_what_i_put_off_is_counted_and_not_named(bakery: Repository, rin: User) -> None:
    patch = a_patch(bakery, branch="ask/note-2")
    desk.snooze(patch=patch, by=rin, until=timezone.now() + timedelta(days=2))
    due(rin)
    tick()
    assert "4 patches need you." in mail.outbox[0].body
    assert "1 more waits, but not for you now" in mail.outbox[0].body
    assert patch.title not in mail.outbox[0].body.split("Open the inbox")[0].replace("like it", "")


def test_when_nothing_waits_nothing_is_sent(tmp_path: Path, rin: User) -> None:
    a_repository(tmp_path, proposals={})
    row = due(rin)
    tick()
    row.refresh_from_db()
    assert mail.outbox == []
    assert (row.last_sent_at, row.failed) == (None, None)
    assert row.next_at
    assert row.next_at > timezone.now()


def test_an_unchanged_list_is_one_line_the_second_day(bakery: Repository, rin: User) -> None:
    row = due(rin)
    tick()
    at_its_time(row)
    tick()
    again = mail.outbox[1].body
    assert "5 patches need you. Nothing is new since" in again
    assert not re.search(r"^\d+\. ", again, re.MULTILINE)
    assert "like it" not in again


def test_one_that_came_since_is_counted_and_the_list_is_there_again(bakery: Repository, rin: User) -> None:
    row = due(rin)
    tick()
    source_of(bakery).propose("ask/note-6", {"reports/oven/note_20260302T0600Z.md": "# Note 6\n\nWarm.\n"})
    sync(bakery)
    at_its_time(row)
    tick()
    assert "6 patches need you. 1 came since" in mail.outbox[1].body
    assert "1. #" in mail.outbox[1].body


def test_one_decided_and_one_new_of_the_same_group_is_not_nothing_new(bakery: Repository, rin: User) -> None:
    row = due(rin)
    tick()
    patch = a_patch(bakery, branch="ask/note-1")
    reviews.archive(patch=patch, by=rin, digest=patch.digest)
    source_of(bakery).propose("ask/note-6", {"reports/oven/note_20260302T0600Z.md": "# Note 6\n\nWarm.\n"})
    sync(bakery)
    at_its_time(row)
    tick()
    assert "5 patches need you. 1 came since" in mail.outbox[1].body


def test_landings_nobody_read_are_told_even_when_no_patch_waits(tmp_path: Path, rin: User) -> None:
    bakery = a_repository(tmp_path, proposals={})
    source_of(bakery).commit({"reports/oven/heat_20260303T0700Z.md": "# Heat\n"}, message="Sneak in")
    sync(bakery)
    due(rin)
    tick()
    assert "1 landing outside or by hand waits for a second reader." in mail.outbox[0].subject
    assert "https://vpm.example/outside/?repo=bakery" in mail.outbox[0].body


def test_a_viewer_is_told_what_waits_for_others(bakery: Repository) -> None:
    due(a_user("vera", VIEWER))
    tick()
    assert mail.outbox[0].subject == "[VPM] 5 patches wait for a reviewer."


def test_with_two_repositories_each_line_names_its_own(bakery: Repository, tmp_path: Path, rin: User) -> None:
    a_repository(tmp_path, key="mill", proposals=NOTES)
    said = content(due(rin))
    assert {line.repository for line in said.lines} == {"bakery", "mill"}
    assert said.size == 10
    assert content(due(rin, repository=bakery)).size == 5


def test_it_speaks_the_language_of_the_reminder(bakery: Repository, rin: User) -> None:
    due(rin, language="ja")
    tick()
    assert "its risk is low" not in mail.outbox[0].body


# Text of others


@given(st.text() | st.sampled_from(["<!channel>", "@here", "<https://x.example|Approve>", "[a](b)", "```"]))
def test_no_text_can_ping_or_link_in_a_chat(text: str) -> None:
    said = mrkdwn(text)
    assert not re.search(r"[<>`\n\r]", said)
    assert not re.search(r"&(?!amp;|lt;|gt;)", said)
    assert not re.search(r"@[^\u200b]|\]\(|://|\|\|", said + " " if not said.endswith("@") else said)
    assert len(html.unescape(said).replace("\u200b", "")) <= LONGEST


@given(st.text())
def test_a_text_stays_one_line_and_is_not_turned(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", plain(text))


@given(st.text())
def test_a_link_of_ours_keeps_its_target(text: str) -> None:
    said = link("https://vpm.example/patches/1/", text)
    assert re.fullmatch(r"<https://vpm\.example/patches/1/\|[^<>]*>", said)


def test_a_hostile_title_reaches_the_chat_as_text(tmp_path: Path, rin: User, slack: HTTPServer) -> None:
    bakery = a_repository(tmp_path, proposals={})
    source_of(bakery).propose(
        "ask/x",
        {"reports/oven/x_20260303T0700Z.md": "# X\n"},
        "<!channel> <https://evil.example|Approve> @here",
    )
    sync(bakery)
    due(rin, **to(slack))
    tick()
    [text] = texts(slack)
    assert "<!channel>" not in text
    assert "&lt;!channel&gt;" in text
    assert {found.partition("/")[0] for found in re.findall(r"https?://([^|>\s]+)", text)} == {"vpm.example"}


# When


@pytest.mark.parametrize(
    ("zone", "hour", "after", "expected"),
    [
        ("Asia/Tokyo", 8, "2026-11-26T23:29:00+00:00", "2026-11-26T23:30:00+00:00"),
        ("Asia/Tokyo", 8, "2026-11-26T23:30:00+00:00", "2026-11-27T23:30:00+00:00"),
        # Clocks go forward on 29 March: 02:30 does not exist and is kept at 03:30 summer time.
        ("Europe/Berlin", 2, "2026-03-28T12:00:00+00:00", "2026-03-29T01:30:00+00:00"),
        ("Europe/Berlin", 2, "2026-03-29T01:30:00+00:00", "2026-03-30T00:30:00+00:00"),
        # Clocks go back on 25 October: 02:30 comes twice and is used once.
        ("Europe/Berlin", 2, "2026-10-24T12:00:00+00:00", "2026-10-25T00:30:00+00:00"),
        ("Europe/Berlin", 2, "2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"),
        ("Europe/Berlin", 8, "2026-10-24T12:00:00+00:00", "2026-10-25T07:30:00+00:00"),
        # A whole day that never was.
        ("Pacific/Apia", 8, "2011-12-29T20:00:00+00:00", "2011-12-30T18:30:00+00:00"),
    ],
)
def test_the_next_time_is_told_by_the_clock_of_the_zone(
    zone: str, hour: int, after: str, expected: str
) -> None:
    found = next_slot(hour, 30, EVERY_DAY, zone, datetime.fromisoformat(after))
    assert found == datetime.fromisoformat(expected)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.integers(0, 23),
    st.sets(st.integers(1, 7), min_size=1),
    st.sampled_from(["Asia/Tokyo", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_a_next_time_is_later_on_a_chosen_day_and_within_a_week(
    after: datetime, hour: int, weekdays: set[int], zone: str
) -> None:
    now = after.replace(tzinfo=UTC)
    found = next_slot(hour, 15, weekdays, zone, now)
    assert now < found <= now + timedelta(days=7, hours=2)
    assert next_slot(hour, 15, weekdays, zone, found) > found + timedelta(hours=20)


def test_a_time_is_used_once_however_many_workers_come(bakery: Repository, rin: User) -> None:
    row = due(rin)
    twin = Reminder.objects.select_related("user", "repository").get(pk=row.pk)
    assert sending.send(row)
    assert not sending.send(twin)
    assert len(mail.outbox) == 1


def test_a_worker_that_dies_in_between_never_says_it_twice(
    bakery: Repository, rin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = due(rin)

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(sending, "deliver", killed)
        with pytest.raises(SystemExit):
            sending.send(row)
    tick()
    assert mail.outbox == []
    at_its_time(row)
    tick()
    assert len(mail.outbox) == 1


def test_what_is_hours_late_waits_for_its_next_time(bakery: Repository, rin: User) -> None:
    row = due(rin)
    Reminder.objects.filter(pk=row.pk).update(next_at=timezone.now() - timedelta(hours=4))
    tick()
    row.refresh_from_db()
    assert mail.outbox == []
    assert row.next_at
    assert row.next_at > timezone.now()
    assert row.failures == 0


def test_a_paused_one_is_not_sent_and_comes_back_at_its_next_time(bakery: Repository, rin: User) -> None:
    row = due(rin)
    keeping.pause(reminder=row, by=rin)
    tick()
    assert mail.outbox == []
    keeping.resume(reminder=row, by=rin)
    row.refresh_from_db()
    assert row.next_at
    assert row.next_at > timezone.now()


def test_who_lost_the_right_is_told_nothing(bakery: Repository, rin: User) -> None:
    row = due(rin)
    rin.groups.clear()
    tick()
    row.refresh_from_db()
    assert mail.outbox == []
    assert row.paused
    assert "may not see the swarm any more" in say(row.failed)


# When it does not arrive


def answering(server: HTTPServer, status: int) -> None:
    server.clear()
    server.expect_request(f"/services/{SECRET}").respond_with_response(
        Response(status=status, headers={"Location": server.url_for("/elsewhere")})
    )


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


# Where to


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/x", "ftp://hooks.example.org/x", "https://", "https://user:pass@hooks.example.org/",
        "https://hooks.example.org/a b", "https://hooks.example.org/\r\nX: y", "file:///etc/passwd", "hooks.example.org",
        "https://[::1", "https://hooks.example.org:99999/x", "http://localhost/x", "",
    ],
)  # fmt: skip
def test_only_an_https_address_is_taken(rin: User, url: str) -> None:
    with pytest.raises(Refused, match="https://"):
        keeping.add(user=rin, wish=wish(channel="webhook", address=url))
    assert not Reminder.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
        "2001:0:1::", "ff02::1",
    ],
)  # fmt: skip
def test_no_private_address_is_reached_however_it_is_wrapped(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when only one of several answers of the name is private."""
    answers = [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", (address, 443))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: answers)
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: pytest.fail("connected"))
    with pytest.raises(Unsent, match="private network"):
        posting.post("https://hooks.example.org/x", "hello")


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    went = []

    def connect(address: tuple[str, int], **_: object) -> None:
        went.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("93.184.215.14", 443))])
    monkeypatch.setattr("socket.create_connection", connect)
    with pytest.raises(Unsent, match="cannot be reached"):
        posting.post("https://hooks.example.org/x", "hello")
    assert went == [("93.184.215.14", 443)]


def test_an_operator_can_allow_a_host_of_the_own_network(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VPM_WEBHOOK_HOSTS = {"chat.internal"}
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("10.0.0.8", 443))])
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: (_ for _ in ()).throw(OSError()))
    with pytest.raises(Unsent, match="cannot be reached"):
        posting.post("https://chat.internal/x", "hello")


def test_mail_is_refused_where_none_is_configured_or_nobody_has_an_address(rin: User, settings: Any) -> None:
    rin.email = ""
    with pytest.raises(Refused, match="no mail address"):
        keeping.add(user=rin, wish=wish())
    settings.VPM_MAIL = False
    with pytest.raises(Refused, match="not configured on this server"):
        keeping.add(user=rin, wish=wish())


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"zone": "Mars/Olympus"}, "no time zone Mars/Olympus"),
        ({"zone": "../../etc/passwd"}, "no time zone"),
        ({"weekdays": ()}, "at least one day"),
        ({"weekdays": (8,)}, "at least one day"),
        ({"hour": 24}, "between 00:00 and 23:59"),
        ({"language": "fr"}, "English or Japanese"),
        ({"channel": "pigeon"}, "mail or a webhook"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_a_sentence(rin: User, other: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        keeping.add(user=rin, wish=wish(**other))


def test_a_stranger_and_the_eleventh_are_refused(rin: User, stranger: User) -> None:
    with pytest.raises(Forbidden):
        keeping.add(user=stranger, wish=wish())
    for _ in range(keeping.MOST):
        keeping.add(user=rin, wish=wish())
    with pytest.raises(Refused, match="delete one first"):
        keeping.add(user=rin, wish=wish())


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("smtp://u%40x:p%2Fw@mail.example:2525/?tls=1", ("mail.example", 2525, "u@x", "p/w", True, False)),
        ("smtps://u:p@mail.example", ("mail.example", 465, "u", "p", False, True)),
        ("smtp://localhost", ("localhost", 25, "", "", False, False)),
    ],
)
def test_the_url_of_the_mail_server_is_read(url: str, read: tuple[object, ...]) -> None:
    assert house.mail(url) == read


@pytest.mark.parametrize(
    "url",
    ["mail.example:25", "http://u:hunter2@x", "smtp://u:hunter2@x/?ssl=1", "smtp://", "smtp://x:y:z@h:no"],
)
def test_a_malformed_mail_url_stops_the_start_without_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        house.mail(url)
    assert "hunter2" not in str(refused.value)


# The account page


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


# The command


def test_the_command_prints_what_waits_as_text_and_as_json(bakery: Repository, rin: User) -> None:
    text, data = StringIO(), StringIO()
    call_command("remind", "--now", "rin", stdout=text)
    call_command("remind", "--now", "rin", "--json", stdout=data)
    assert "5 patches need you." in text.getvalue()
    told = json.loads(data.getvalue())
    assert (told["size"], told["more"], told["lines"][0]["size"]) == (5, 0, 5)
    assert mail.outbox == []


def test_the_command_sends_when_it_is_told_to_and_what_is_due(bakery: Repository, rin: User) -> None:
    row = keeping.add(user=rin, wish=wish())
    call_command("remind", "--now", "rin", "--send", stdout=StringIO())
    assert len(mail.outbox) == 1
    at_its_time(row)
    call_command("remind", stdout=StringIO())
    assert len(mail.outbox) == 2


def test_the_command_refuses_who_may_not_see(bakery: Repository, stranger: User) -> None:
    for name, why in (("stranger", "viewer"), ("nobody", "no user nobody")):
        with pytest.raises(CommandError, match=why):
            call_command("remind", "--now", name)
