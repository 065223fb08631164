"""`manage.py remind`: send what is due, as beat does; `--now USER [--json] [--send]`: what waits for one person."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cells.models import Reminder, Repository
from cells.permissions import VIEWER, require
from cells.refusals import Refused, say
from cells.reminding import sending, telling
from cells.reminding.digest import Digest, content, of_person
from cells.reminding.unsent import Unsent


class Command(BaseCommand):
    help = "Sends the reminders that are due; with --now prints what one person would be told."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--now", metavar="USER", help="print what waits for this person")
        parser.add_argument("--json", action="store_true", help="as JSON")
        parser.add_argument(
            "--send", action="store_true", help="and send it by each reminder that is not paused"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["now"]:
            due = Reminder.objects.filter(next_at__lte=timezone.now()).select_related("user", "repository")
            sent = sum(sending.send(one) for one in due)
            self.stdout.write(f"{sent} sent.")
            return
        user = User.objects.filter(username=options["now"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['now']}.")
        try:
            require(user, VIEWER)
            said = of_person(user, Repository.objects.all())
            self.stdout.write(
                json.dumps(as_json(said), ensure_ascii=False, indent=2)
                if options["json"]
                else telling.mail(said, settings.TIME_ZONE)
            )
            if options["send"]:
                for one in user.reminders.filter(paused=False).select_related("user", "repository"):
                    sending.deliver(one, content(one))
        except Refused as refused:
            raise CommandError(str(refused.why)) from refused
        except Unsent as unsent:
            raise CommandError(str(unsent.why)) from unsent


def as_json(said: Digest) -> dict[str, Any]:
    """For scripts: the same as the text."""
    return {
        "size": said.size, "unread": said.unread, "more": said.more, "audit_head": str(said.head),
        "oldest": said.oldest.isoformat() if said.oldest else None,
        "lines": [
            {"repository": one.repository, "title": one.title, "why": say(one.why), "because": say(one.because), "url": one.url, "size": one.size}
            for one in said.lines
        ],
        "repositories": [
            {"key": one.repository, "url": one.url, "size": one.size, "kept": one.kept, "unread": one.unread}
            for one in said.places
        ],
    }  # fmt: skip
