"""Where a reminder may go to."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured

from cells.models import Reminder
from cells.refusals import Forbidden, Refused
from cells.reminding import keeping, posting
from cells.reminding.unsent import Unsent
from tests.cells.reminders.sent import wish
from vpm import settings as house

pytestmark = pytest.mark.django_db


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
