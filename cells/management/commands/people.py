"""`manage.py people --add LOGIN --right reviewer | --remove LOGIN | --list`: whom from GitHub we let in."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cells import people
from cells.hosts.github.places import api_of
from cells.models import GitHubPerson
from cells.permissions import RIGHTS
from cells.refusals import Refused, say

HERE = "command line"


class Command(BaseCommand):
    help = "Lets people in by their GitHub login, and out again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--add", metavar="LOGIN")
        what.add_argument("--remove", metavar="LOGIN", help="the login, or GitHub's number")
        what.add_argument("--list", action="store_true")
        parser.add_argument("--right", choices=RIGHTS, help="what they may do")
        parser.add_argument("--account", default="", help="an account here that is theirs already")
        parser.add_argument("--base-url", default="", help="of the API of a GitHub Enterprise")

    def handle(self, *args: Any, **options: Any) -> None:
        base_url = options["base_url"] or api_of(settings.VPM_GITHUB_URL)
        try:
            if options["add"]:
                self.add(options["add"], options["right"], base_url, options["account"])
            elif options["remove"]:
                row = found(options["remove"], base_url)
                people.remove(person=row, by=HERE)
                self.stdout.write(f"{row.login} may do nothing here any more.")
            else:
                for row in GitHubPerson.objects.select_related("user"):
                    self.stdout.write(f"{row.right:9} {row.login} ({row.number}) {row.user or 'never came'}")
        except Refused as refused:
            raise CommandError(say(refused.why)) from refused

    def add(self, login: str, right: str | None, base_url: str, account: str) -> None:
        if right is None:
            raise CommandError("Say what they may do: --right viewer, reviewer or operator.")
        row = people.add(login=login, right=right, by=HERE, base_url=base_url, account=account)
        self.stdout.write(f"{row.login} may come in now, as {row.right}.")


def found(asked: str, base_url: str) -> GitHubPerson:
    rows = GitHubPerson.objects.filter(base_url=base_url)
    rows = rows.filter(number=asked) if asked.isdecimal() else rows.filter(login__iexact=asked)
    if len(rows) != 1:
        raise CommandError(f"{len(rows)} people in the list are called {asked}; --list shows their numbers.")
    return rows[0]
