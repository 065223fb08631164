"""`manage.py token USER --scope viewer|agent|reviewer|operator [--name NAME]`: make an API token."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from cells import accounts
from cells.models import ApiToken
from cells.refusals import Refused


class Command(BaseCommand):
    help = "Makes a bearer token for the API and prints it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user")
        parser.add_argument("--scope", required=True, choices=ApiToken.SCOPES)
        parser.add_argument("--name", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}.")
        try:
            self.stdout.write(accounts.make_token(user=user, scope=options["scope"], name=options["name"]))
        except Refused as refused:
            raise CommandError(str(refused.why)) from refused
