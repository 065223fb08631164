"""Comments, read from the API: what a webhook would have told, for those who have none or missed one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from github import Github

from cells.hosts.github import client, pulls, remarks, writing
from cells.hosts.github.remarks import Remark
from cells.hosts.github.times import moment
from cells.models import GitHubConnection
from cells.stored import as_stored

MOST_PAGES = 5  # of comments in one look; the next look goes on from there
FEW_PAGES = 3  # of what was said below one comment
OVERLAP = timedelta(minutes=5)  # a list may lag behind, so its newest part is asked for once more
GONE = (404, 410)


@dataclass(frozen=True, slots=True)
class Look:
    """Those that may ask something, oldest change first, and where the next look begins."""

    remarks: tuple[Remark, ...]
    until: datetime


def since(connection: GitHubConnection, at: datetime) -> Look:
    """Comments written or changed from then on, of all issues and pull requests. Raises Unanswered."""
    query = {"sort": "updated", "direction": "asc", "since": _stamp(at)}
    with client.speaking(connection) as github:
        # The list itself says all that is needed; an object of each would ask for each once more.
        found, cut = _rows(github, f"{_where(connection)}/issues/comments", query, MOST_PAGES)
        times = [time for one in found if (time := moment(one.get("updated_at")))]
    told = tuple(remark for one in found if (remark := remarks.listed(one)))
    return Look(told, next_from(at, max([at, *times]), cut=cut))


def next_from(at: datetime, newest: datetime, *, cut: bool) -> datetime:
    """Where the next look begins: a little before the newest, and never before this one began."""
    if not cut:
        return max(at, newest - OVERLAP)
    # More of one second than one look takes: what is left of it is not seen.
    return newest if newest > at else at + timedelta(seconds=1)


def place(connection: GitHubConnection) -> pulls.Place:
    """The repository as GitHub knows it now. Raises Unanswered."""
    with client.speaking(connection) as github:
        return pulls.place(github, _where(connection))


def title(connection: GitHubConnection, number: int) -> str:
    """The title of the issue, "" when it is gone. Raises Unanswered."""
    try:
        with client.speaking(connection) as github:
            return str(as_stored(str(_asked(github, f"{_where(connection)}/issues/{number}")["title"])))[:300]
    except client.Unanswered as refused:
        if refused.answered in GONE:
            return ""
        raise


def answered(connection: GitHubConnection, number: int, marker: str, at: datetime) -> bool:
    """Whether a comment since then ends with this marker, under the name we speak by. Raises Unanswered.

    Anybody can copy a marker, so under another name it says nothing.
    """
    mine, query = writing.login(connection), {"since": _stamp(at)}
    with client.speaking(connection) as github:
        found, _cut = _rows(github, f"{_where(connection)}/issues/{number}/comments", query, FEW_PAGES)
        return any(_ends_with(one, mine, marker) for one in found)


def _ends_with(one: dict[str, Any], mine: str, marker: str) -> bool:
    user = one.get("user") or {}
    return bool(user.get("login") == mine and str(one.get("body")).rstrip().endswith(marker))


def _rows(github: Github, path: str, query: dict[str, str], most: int) -> tuple[list[Any], bool]:
    """The rows of so many pages, and whether there may be more."""
    found: list[Any] = []
    for number in range(1, most + 1):
        page = _asked(github, path, query | {"per_page": client.PAGE, "page": number})[: client.PAGE]
        found += page
        if len(page) < client.PAGE:
            return found, False
    return found, True


def _asked(github: Github, path: str, query: dict[str, Any] | None = None) -> Any:
    return github.requester.requestJsonAndCheck("GET", path, parameters=query)[1]


def _where(connection: GitHubConnection) -> str:
    """By number: whoever takes the old name after it was renamed is somebody else."""
    return pulls.by_number(connection.number) if connection.number else f"/repos/{connection.full_name}"


def _stamp(at: datetime) -> str:
    """As GitHub writes a time, in whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
