"""Comments, read from the API: what a webhook would have told, for those who have none or missed one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from cells.hosts.github import client, remarks
from cells.hosts.github.payloads import moment
from cells.hosts.github.remarks import Remark
from cells.models import GitHubConnection

if TYPE_CHECKING:
    from github.IssueComment import IssueComment

MOST = 500  # comments in one look; the next look goes on from there
GONE = (404, 410)


@dataclass(frozen=True, slots=True)
class Look:
    """Those that may ask something, oldest change first, and until when all were seen."""

    remarks: tuple[Remark, ...]
    until: datetime


def since(connection: GitHubConnection, at: datetime) -> Look:
    """Comments written or changed from then on, of all issues and pull requests. Raises Unanswered."""
    with client.speaking(connection, lazy=True) as spoken:
        repository = spoken.get_repo(connection.full_name)
        listed = repository.get_issues_comments(sort="updated", direction="asc", since=at)
        found = [_as_listed(one) for one in islice(listed, MOST)]
    times = [time for one in found if (time := moment(one["updated_at"]))]
    until = max([at, *times])
    if (
        len(found) == MOST and until <= at
    ):  # more of one second than one look takes: what is left of it is not seen
        until += timedelta(seconds=1)
    return Look(tuple(remark for one in found if (remark := remarks.listed(one))), until)


def _as_listed(one: IssueComment) -> dict[str, Any]:
    """Only what the list says: its `raw_data` would ask for each comment once more."""
    user = one.user
    return {
        "id": one.id, "body": one.body, "issue_url": one.issue_url, "html_url": one.html_url,
        "user": {"id": user.id, "login": user.login, "type": user.type} if user else None,
        "created_at": one.created_at.isoformat(), "updated_at": one.updated_at.isoformat(),
    }  # fmt: skip


def title(connection: GitHubConnection, number: int) -> str:
    """The title of the issue, "" when it is gone. Raises Unanswered."""
    try:
        with client.speaking(connection, lazy=True) as spoken:
            return spoken.get_repo(connection.full_name).get_issue(number).title[:300]
    except client.Unanswered as refused:
        if refused.answered in GONE:
            return ""
        raise
