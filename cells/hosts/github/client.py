"""The one place that makes a client of GitHub's API. Waits are bounded; nothing it logs or raises holds a secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from github import Auth, Github, GithubException, GithubIntegration, GithubRetry
from github.GithubException import BadAttributeException
from jwt.exceptions import PyJWTError

from cells.hosts.github import secrets
from cells.hosts.github.answers import rests, why
from cells.models import GitHubConnection
from cells.refusals import Refused
from cells.sentences import Sentence

log = logging.getLogger(__name__)

TIMEOUT = 8  # seconds for connecting, and for each piece of an answer
PAGE = 100  # the most GitHub gives at once
HURRY, PATIENCE = 4, 60  # seconds to wait out a limit: while a person waits; in a worker
# What may be asked twice. A POST that ended in a 502 may have been done all the same.
REPEATABLE = {"GET", "HEAD", "PUT", "DELETE"}
# PyGithub finds out what an answer is by assertions and look-ups; whoever is no GitHub fails in any of these.
NOT_GITHUB = (AssertionError, ValueError, RuntimeError, LookupError, TypeError, AttributeError)


class Unanswered(Refused):
    """GitHub does not do it, or not now; the sentence says what to do. `answered` is GitHub's status, 0 without one."""

    def __init__(self, why: Sentence, answered: int = 0) -> None:
        super().__init__(why)
        self.answered = answered


class Silenced(logging.Filter):
    """PyGithub's debug log masks the header it sends; the answer to a token request would still hold the token."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and len(record.args) == 9:
            verb, scheme, host, path, _sent, _body, status, _headers, _answer = record.args
            record.args = (verb, scheme, host, path, "…", "…", status, "…", "…")
        return True


logging.getLogger("github.Requester").addFilter(Silenced())


@contextmanager
def speaking(
    connection: GitHubConnection, patience: int = PATIENCE, *, lazy: bool = False
) -> Iterator[Github]:
    """A client in the connection's name. Whatever fails inside ends as Unanswered with its sentence.

    With `lazy` an object is asked for when something of it is needed, so naming a repository costs no request.
    """
    manner = _manner(connection, patience)
    with _told(connection), Github(auth=_auth(connection), lazy=lazy, **manner) as client:
        yield client


@contextmanager
def speaking_as_app(
    connection: GitHubConnection, patience: int = PATIENCE
) -> Iterator[tuple[GithubIntegration, int]]:
    """The App itself with the number of its installation, for what only the App may ask."""
    with (
        _told(connection),
        GithubIntegration(auth=_app(connection), **_manner(connection, patience)) as app,
    ):
        yield app, connection.installation_id or 0


def password(connection: GitHubConnection) -> str:
    """What git sends as the password of `x-access-token`. For an App: a token that GitHub makes for an hour."""
    if connection.kind == GitHubConnection.TOKEN:
        return _secret(connection)
    with speaking_as_app(connection) as (app, installation):
        return app.get_access_token(installation).token


def _auth(connection: GitHubConnection) -> Auth.Auth:
    if connection.kind == GitHubConnection.TOKEN:
        return Auth.Token(_secret(connection))
    return _app(connection).get_installation_auth(connection.installation_id or 0)


def _app(connection: GitHubConnection) -> Auth.AppAuth:
    return Auth.AppAuth(connection.app_id, _secret(connection))


def _secret(connection: GitHubConnection) -> str:
    """Raises Unanswered: without it GitHub answers nobody."""
    try:
        return secrets.of(connection)
    except Refused as refused:
        raise Unanswered(refused.why) from None


def _manner(connection: GitHubConnection, patience: int) -> dict[str, Any]:
    retry = GithubRetry(
        total=2, connect=1, read=1, backoff_factor=0.5, status_forcelist=[429, 500, 502, 503, 504],
        allowed_methods=REPEATABLE, max_rate_limit_wait=patience, retry_after_max=patience, raise_on_status=False,
    )  # fmt: skip
    return {
        "base_url": connection.base_url, "timeout": TIMEOUT, "user_agent": "VPM", "per_page": PAGE, "retry": retry,
        "seconds_between_requests": None,
    }  # fmt: skip


@contextmanager
def _told(connection: GitHubConnection) -> Iterator[None]:
    """Errors of the client as sentences. Their own words may hold what was sent, so they are dropped."""
    try:
        yield
    except (
        GithubException,
        BadAttributeException,
        requests.RequestException,
        PyJWTError,
        *NOT_GITHUB,
    ) as error:
        log.info("%s: GitHub does not do it (%s)", connection, type(error).__name__)
        if until := rests(error):
            GitHubConnection.objects.filter(pk=connection.pk).update(rest_until=until)
        raise Unanswered(why(error, connection), getattr(error, "status", 0)) from None
