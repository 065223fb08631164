"""The audit trail is only ever added to."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, transaction
from django.test import Client

from cells import accounts
from cells.models import AuditEvent

pytestmark = pytest.mark.django_db


def an_event() -> AuditEvent:
    return AuditEvent.objects.create(actor="ada", verb="test", subject_type="cell", subject="oven")


def test_an_event_cannot_be_saved_twice_or_deleted() -> None:
    event = an_event()
    with pytest.raises(TypeError, match="append-only"):
        event.save()
    with pytest.raises(TypeError, match="append-only"):
        event.delete()


def test_the_database_refuses_what_goes_round_the_model() -> None:
    event = an_event()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.filter(pk=event.pk).update(actor="someone else")
    event.refresh_from_db()
    assert event.actor == "ada"


PASSWORD = "correct horse battery"


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada", password=PASSWORD)


def test_signing_in_by_password_is_an_event(client: Client, ada: User) -> None:
    client.post("/sign-in/", {"username": "ada", "password": PASSWORD})
    event = AuditEvent.objects.get()
    assert (event.actor, event.verb, event.after) == ("ada", "sign_in", {"by": "password"})


def test_signing_in_by_link_is_one_event(client: Client) -> None:
    client.get(accounts.sign_in_link("http://testserver"))
    assert AuditEvent.objects.get(verb="sign_in").after == {"by": "link"}


@pytest.mark.parametrize("name", ["ada", "my secret password"])
def test_a_wrong_password_is_an_event_without_what_was_typed(client: Client, ada: User, name: str) -> None:
    client.post("/sign-in/", {"username": name, "password": "hunter2hunter2"})
    event = AuditEvent.objects.values().get()
    assert (event["verb"], event["subject"]) == ("sign_in_failed", str(ada.pk if name == "ada" else 0))
    assert "hunter2" not in str(event)
    assert "secret" not in str(event)


def test_a_right_given_and_withdrawn_in_the_admin_is_an_event(client: Client, ada: User) -> None:
    client.force_login(User.objects.create_superuser("root"))
    form = {"username": "ada", "is_active": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00"}
    operators = Group.objects.get(name="operator").pk
    for groups in ([operators], []):
        assert client.post(f"/admin/auth/user/{ada.pk}/change/", form | {"groups": groups}).status_code == 302
    withdrawn, granted = AuditEvent.objects.all()
    assert (granted.actor, granted.verb, granted.subject) == ("root", "grant", str(ada.pk))
    assert granted.after == {"user": "ada", "groups": ["operator"]}
    assert (withdrawn.verb, withdrawn.before) == ("withdraw", {"groups": ["operator"]})


def test_a_right_given_outside_the_pages_names_the_command_line(ada: User) -> None:
    Group.objects.get(name="viewer").user_set.add(ada)
    assert AuditEvent.objects.get().actor == "command line"
