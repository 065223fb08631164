"""`manage.py github KEY --connect owner/name --token-env NAME | --check | --disconnect`: a repository and GitHub."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cells.hosts.github import connecting, permissions
from cells.hosts.github.connecting import Wish
from cells.models import GitHubConnection, Repository
from cells.models.github import GITHUB
from cells.refusals import Refused, say

HERE = "command line"


class Command(BaseCommand):
    help = (
        "Connects a repository to GitHub, checks the connection, or ends it. A secret is never an argument."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="the repository's name here")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--connect", metavar="OWNER/NAME")
        what.add_argument("--check", action="store_true", help="say what works and what is missing")
        what.add_argument("--disconnect", action="store_true")
        what.add_argument(
            "--land", choices=("pull", "push"), help="approved patches: pull requests, or commits"
        )
        parser.add_argument("--token-env", metavar="NAME", help="variable that holds the token")
        parser.add_argument("--key-env", metavar="NAME", help="variable that holds the App's private key")
        parser.add_argument("--app-id", default="")
        parser.add_argument("--installation-id", default="")
        parser.add_argument("--base-url", default=GITHUB, help="of the API of a GitHub Enterprise")

    def handle(self, *args: Any, **options: Any) -> None:
        repository = Repository.objects.filter(key=options["key"]).first()
        if repository is None:
            raise CommandError(f"No repository is known as {options['key']}.")
        try:
            if options["connect"]:
                connecting.connect(repository=repository, wish=wish(options), by=HERE)
                self.stdout.write(f"{repository.key} is connected to {options['connect']}. Now: --check")
            elif options["disconnect"]:
                connecting.disconnect(repository=repository, by=HERE)
                self.stdout.write(f"{repository.key} is disconnected.")
            elif options["land"]:
                connecting.land_by(repository=repository, by=HERE, pull=options["land"] == "pull")
                how = "as pull requests" if options["land"] == "pull" else "as commits that are pushed"
                self.stdout.write(f"What is approved in {repository.key} lands {how}.")
            else:
                self.look(repository)
        except Refused as refused:
            raise CommandError(say(refused.why)) from refused

    def look(self, repository: Repository) -> None:
        row, notes = connecting.check(repository=repository, by=HERE)
        if row.problem:
            raise CommandError(say(row.problem))
        for note in notes:
            self.stdout.write(say(note))
        for need in permissions.given(row.permissions):
            self.stdout.write(f"works    {need.title}: {need.level}")
        for need in permissions.missing(row.permissions):
            self.stdout.write(f"missing  {need.title}: {need.level}. {say(need.without)}")
        for need in permissions.untold(row.permissions):
            self.stdout.write(f"not told {need.title}: {need.level}. Check again.")


def wish(options: dict[str, Any]) -> Wish:
    """What the options ask for; --key-env means an App."""
    return Wish(
        full_name=options["connect"], kind=GitHubConnection.APP if options["key_env"] else GitHubConnection.TOKEN,
        base_url=options["base_url"], app_id=options["app_id"], installation_id=options["installation_id"],
        env=options["key_env"] or options["token_env"] or "",
    )  # fmt: skip
