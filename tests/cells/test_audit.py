"""The audit trail is only ever added to."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

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
