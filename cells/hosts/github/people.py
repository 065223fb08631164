"""Who is behind a login: GitHub's number of a person, which stays theirs when the login changes hands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from github import UnknownObjectException

from cells.hosts.github import client
from cells.models import GitHubConnection
from cells.refusals import Refused
from cells.sentences import sentence

LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")  # an underscore: accounts that a company manages


@dataclass(frozen=True, slots=True)
class Known:
    number: int
    login: str


def who(connection: GitHubConnection, login: str) -> Known:
    """The person GitHub knows by this login. Raises Refused, and Unanswered when GitHub does not say."""
    login = login.strip().removeprefix("@")
    if not LOGIN.fullmatch(login):
        raise Refused(
            sentence("This is no GitHub login: a login is one word of letters, digits and hyphens.")
        )
    with client.speaking(connection, client.HURRY) as spoken:
        try:
            found = spoken.get_user(login)
            kind, known = str(found.type), Known(int(found.id), str(found.login))
        except UnknownObjectException:
            raise Refused(sentence("GitHub knows nobody called %(login)s.", login=login)) from None
    if kind != "User" or not LOGIN.fullmatch(known.login):
        raise Refused(sentence("%(login)s is no person at GitHub; only people can be let in.", login=login))
    return known
