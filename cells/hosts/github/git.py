"""Git in the name of a connection: the secret goes by the environment of that one process and nowhere else.

Not in the URL, which git repeats in errors; not in the arguments, which `ps` shows; not in the mirror's config.
"""

from __future__ import annotations

import os

from cells.hosts.github import client, places
from cells.models import GitHubConnection, Repository

SECRET = "VPM_GIT_PASSWORD"  # noqa: S105 -- the name of a variable
# Git asks a helper of this host alone, so a source that points on to another host gets nothing.
HELPER = '!f() { test "$1" = get && printf "username=x-access-token\\npassword=%s\\n" "$' + SECRET + '"; }; f'

NOTHING_ELSE = {"GIT_ALLOW_PROTOCOL": "http:https"}  # a source on GitHub speaks no other


def environment(repository: Repository) -> dict[str, str]:
    """What git needs in its environment to be let in; empty when the source is not on the connected GitHub.

    Raises Refused, when the secret cannot be had.
    """
    connection = GitHubConnection.objects.filter(repository=repository).first()
    if connection is None or not places.leads_to(repository.source, connection.base_url):
        return {}
    settings = [
        ("credential.helper", ""),  # a helper of the machine would answer first, or keep what it hears
        (f"credential.{places.git_origin(connection.base_url)}.helper", HELPER),
    ]
    return numbered(settings) | NOTHING_ELSE | {SECRET: client.password(connection)}


def numbered(settings: list[tuple[str, str]]) -> dict[str, str]:
    """Git settings as environment variables, after those that are there already."""
    there = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(there) if there.isdigit() else 0
    told = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (name, value) in enumerate(settings, start=first):
        told |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return told
