"""Names and addresses: owner/name, the API's address, and the one git is reached at."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.conf import settings

from cells.models.github import GITHUB, GitHubConnection
from cells.models.repository import Repository
from cells.refusals import Refused
from cells.sentences import sentence

FULL_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
LOCAL = {"localhost", "127.0.0.1"}
NAME = sentence("Write the repository as owner/name, as its address at GitHub ends.")
URL = sentence(
    "The base URL is that of the API: https://api.github.com, or https://HOST/api/v3 of a GitHub Enterprise."
)


def full_name(text: str) -> str:
    """owner/name; the address of the repository's page is understood too. Raises Refused."""
    name = re.sub(r"^https://[^/]+/", "", text.strip()).removesuffix("/").removesuffix(".git")
    if not FULL_NAME.fullmatch(name):
        raise Refused(NAME)
    return name


def base_url(text: str) -> str:
    """The API's address; for the host of a GitHub Enterprise alone it is completed. Raises Refused."""
    text = text.strip().rstrip("/")
    if text in ("", "https://github.com"):
        return GITHUB
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused(URL) from None
    good = re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host) and re.fullmatch(
        r"(/[A-Za-z0-9._-]+)*", parts.path
    )
    at_home = settings.DEBUG and parts.scheme == "http" and host in LOCAL
    extra = parts.username is not None or parts.query or parts.fragment
    if not good or extra or not (parts.scheme == "https" or at_home) or len(text) > 300:
        raise Refused(URL)
    path = parts.path or ("" if host.startswith("api.") else "/api/v3")
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{path}"


def git_origin(api: str) -> str:
    """Where git speaks to the GitHub whose API this is: scheme, host and port."""
    parts = urlsplit(api)
    return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"


def api_of(web: str) -> str:
    """The API of the GitHub whose pages are there; the inverse of `git_origin`."""
    parts = urlsplit(web)
    if parts.netloc == "github.com" or parts.netloc.endswith(".ghe.com"):
        return f"{parts.scheme}://api.{parts.netloc}"
    return f"{web}/api/v3"


def by_pull(repository: Repository) -> bool:
    """Whether what is approved lands as a pull request: it is connected, says so, and its source lies there."""
    connection = getattr(repository, "github", None)
    return bool(connection and connection.by_pull and leads_to(repository.source, connection.base_url))


def at_github(repository: Repository) -> bool:
    """Whether what lands gets to a GitHub that it is connected to, by whichever way."""
    connection = getattr(repository, "github", None)
    return bool(connection and lives_at(repository.source, connection.base_url))


def leads_to(source: str, api: str) -> bool:
    """Whether a repository's source is a URL of that GitHub, and brings no user of its own."""
    try:
        parts = urlsplit(source)
        return f"{parts.scheme}://{parts.netloc}".lower() == git_origin(api)
    except ValueError:
        return False


def lives_at(source: str, api: str) -> bool:
    """Whether a repository's source is on that GitHub, by whichever protocol git reaches it."""
    host = urlsplit(git_origin(api)).hostname or "-"
    by_ssh = re.match(r"(?:ssh://)?[^@/:]+@([^/:]+)(?::|/)", source)
    return leads_to(source, api) or bool(by_ssh and by_ssh[1].lower() in (host, f"ssh.{host}"))


def remark(connection: GitHubConnection, number: int, comment: int) -> str:
    """The page of a comment; GitHub leads on from the issue to the pull request of that number."""
    return f"{git_origin(connection.base_url)}/{connection.full_name}/issues/{number}#issuecomment-{comment}"
