"""Reminders whose time has come, and what arrived of them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from pytest_httpserver import HTTPServer
from werkzeug import Response

from cells import tasks
from cells.models import Reminder
from cells.reminding import keeping
from cells.reminding.keeping import Wish
from tests.factories import committed

NOTES = {
    f"ask/note-{n}": {f"reports/oven/note_20260302T0{n}00Z.md": f"# Note {n}\n\nWarm.\n"} for n in range(1, 6)
}
SECRET = "T012345/B67890/abcdefghijklmnop"
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


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


def answering(server: HTTPServer, status: int) -> None:
    server.clear()
    server.expect_request(f"/services/{SECRET}").respond_with_response(
        Response(status=status, headers={"Location": server.url_for("/elsewhere")})
    )
