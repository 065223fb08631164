"""`manage.py audit [--repo KEY] [--json] [--limit N]`: the trail, newest last."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from ninja.responses import NinjaJSONEncoder

from cells.api import shown
from cells.models import AuditEvent


class Command(BaseCommand):
    help = "Prints who did what to which, newest last; with --json one event a line, as the API shows it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repo", default="", help="only this repository's events")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.add_argument("--limit", type=int, help="only the newest so many (without it: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit has to be a whole number above zero.")
        for event in events(options["repo"], options["limit"]):
            self.stdout.write(as_json(event) if options["json"] else in_words(event))


def events(repo: str, limit: int | None) -> Iterable[AuditEvent]:
    """Oldest first; the newest `limit` of them."""
    rows = AuditEvent.objects.filter(repository=repo) if repo else AuditEvent.objects.all()
    return reversed(rows[:limit]) if limit else rows.order_by("pk").iterator()


def as_json(event: AuditEvent) -> str:
    """The event in one line, to the letter what the API answers."""
    return json.dumps(shown.event(event).dict(), cls=NinjaJSONEncoder, ensure_ascii=False)


def in_words(event: AuditEvent) -> str:
    """One line: when, who, what, to which, and what became different; control characters never reach the terminal."""
    where = f" in {event.repository}" if event.repository else ""
    changes = ", ".join(
        f"{name}: {event.before.get(name, '–')} → {value}" for name, value in event.after.items()
    )
    line = f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S} {event.actor} {event.verb} {event.subject_type} {event.subject}{where}"
    line += f" ({changes})" if changes else ""
    line += f" “{event.reason}”" if event.reason else ""
    return "".join(char if char.isprintable() else " " for char in line)
