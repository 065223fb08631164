"""What went wrong between us and GitHub, as a sentence that says what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from django.utils import timezone
from github import GithubException, RateLimitExceededException
from jwt.exceptions import PyJWTError

from cells.models import GitHubConnection
from cells.sentences import Sentence, sentence

SECONDARY = 60  # seconds GitHub asks for when it does not say how long

KEY_UNUSABLE = sentence("The App's private key cannot be used; make a new one at GitHub and enter it.")
TOKEN_REFUSED = sentence(
    "GitHub does not accept the token: it was revoked, it expired, or it was mistyped. Enter a new one."
)
APP_REFUSED = sentence(
    "GitHub does not accept the App's key: look at the App ID, or make a new private key and enter it."
)
SINGLE_SIGN_ON = sentence(
    "The organisation wants single sign-on: authorise the token for it at GitHub, under the token's settings."
)


def why(error: Exception, connection: GitHubConnection) -> Sentence:
    """The sentence; of the error's own words nothing is repeated."""
    host = urlsplit(connection.base_url).hostname or ""
    if isinstance(error, GithubException):
        return _answered(error, connection)
    if isinstance(error, requests.RequestException):
        return sentence("%(host)s cannot be reached (%(error)s).", host=host, error=type(error).__name__)
    if isinstance(error, PyJWTError):
        return KEY_UNUSABLE
    return sentence("%(host)s does not answer as GitHub does; look at the base URL.", host=host)


def _answered(error: GithubException, connection: GitHubConnection) -> Sentence:
    headers = _headers(error)
    app, name = connection.kind == GitHubConnection.APP, connection.full_name
    if isinstance(error, RateLimitExceededException) or error.status == 429 or spent(error):
        return limited(headers, getattr(error, "wait", None))
    if error.status == 401:
        return APP_REFUSED if app else TOKEN_REFUSED
    if error.status == 403 and "x-github-sso" in headers:
        return SINGLE_SIGN_ON
    if error.status in (404, 410):
        return _unknown(name, app)
    if error.status >= 500:
        return sentence(
            "GitHub has trouble of its own (it answered %(status)s). Try again later.", status=error.status
        )
    if error.status == 403:
        return sentence("GitHub does not allow this for %(name)s (it answered 403).", name=name)
    return sentence("GitHub did not do it (it answered %(status)s).", status=error.status)


def _unknown(name: str, app: bool) -> Sentence:
    if app:
        return sentence(
            "GitHub shows no %(name)s to the App: install the App for this repository, and look at the name and the installation ID.",
            name=name,
        )
    return sentence(
        "GitHub shows no %(name)s to this token: the name is wrong, or the repository is private and not among those chosen for the token.",
        name=name,
    )


def spent(error: GithubException) -> bool:
    """Whether it was refused for asking too much."""
    headers = _headers(error)
    return "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"


def _headers(error: GithubException) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in (error.headers or {}).items()}


def rests(error: Exception) -> datetime | None:
    """Until when GitHub wants to be left alone; None when that is not what it said."""
    if not isinstance(error, GithubException):
        return None
    if isinstance(error, RateLimitExceededException) or error.status == 429 or spent(error):
        return _until(_headers(error), getattr(error, "wait", None))
    return None


def limited(headers: dict[str, Any], wait: float | None = None) -> Sentence:
    """GitHub wants us to be quiet until a time, which it says in one of several ways."""
    return sentence(
        "GitHub takes no more requests from us until %(time)s; nothing was changed. Try again then.",
        time=timezone.localtime(_until(headers, wait)).strftime("%Y-%m-%d %H:%M"),
    )


def _until(headers: dict[str, Any], wait: float | None) -> datetime:
    now = timezone.now()
    after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if after.isdigit():
        return now + timedelta(seconds=min(int(after), 86_400))
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit() and len(reset) < 11:
        return datetime.fromtimestamp(int(reset), UTC)
    return now + timedelta(seconds=wait or SECONDARY)
