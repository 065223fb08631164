"""Reminders on the command line."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.management import CommandError, call_command

from cells.models import Repository
from cells.reminding import keeping
from tests.cells.reminders.sent import at_its_time, wish

pytestmark = pytest.mark.django_db


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
