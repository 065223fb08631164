"""What is written at GitHub beside commits: comments, labels, closed pull requests. Each looks first whether it is done."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from github import Github, UnknownObjectException

from cells.hosts.github import client
from cells.models import GitHubConnection

if TYPE_CHECKING:
    from github.Issue import Issue
    from github.IssueComment import IssueComment
    from github.Repository import Repository

SKEW = timedelta(hours=1)  # how far GitHub's clock may be from ours


def login(connection: GitHubConnection) -> str:
    """Under which name our comments stand; GitHub is asked once. Raises Unanswered."""
    if connection.speaks_as:
        return connection.speaks_as
    if connection.kind == GitHubConnection.APP:
        with client.speaking_as_app(connection) as (app, _installation):
            found = f"{app.get_app().slug}[bot]"
    else:
        with client.speaking(connection) as spoken:
            found = spoken.get_user().login
    connection.speaks_as = found[:100]
    GitHubConnection.objects.filter(pk=connection.pk).update(speaks_as=connection.speaks_as)
    return connection.speaks_as


def comment(
    connection: GitHubConnection,
    number: int,
    body: str,
    *,
    marker: str,
    since: datetime,
    there: int | None = None,
) -> int:
    """The id of our one comment with this marker, which says `body` now: edited, found, or made. Raises Unanswered."""
    mine, text = login(connection), f"{body}\n\n{marker}"
    with client.speaking(connection, lazy=True) as spoken:
        issue = _issue(spoken, connection, number)
        made = _known(issue, there) or _ours(issue, mine, marker, since - SKEW)
        if made is None:
            return issue.create_comment(text).id
        if made.body != text:
            made.edit(text)
        return made.id


def close(connection: GitHubConnection, number: int, sha: str = "") -> bool:
    """Whether it is closed now. With `sha` a pull request is closed only while it proposes that. Raises Unanswered."""
    with client.speaking(connection, lazy=True) as spoken:
        repository = _repository(spoken, connection)
        if sha:
            pull = repository.get_pull(number)
            if pull.state == "open" and pull.head.sha == sha:
                pull.edit(state="closed")
            return bool(pull.state == "closed")
        issue = repository.get_issue(number)
        if issue.state == "open":
            issue.edit(state="closed")
        return True


def label(connection: GitHubConnection, number: int, *, add: Iterable[str], drop: Iterable[str]) -> None:
    """It carries those and not these. Raises Unanswered."""
    with client.speaking(connection, lazy=True) as spoken:
        issue = _issue(spoken, connection, number)
        has = {one.name.casefold(): one.name for one in issue.labels}
        if lacking := [name for name in add if name.casefold() not in has]:
            issue.add_to_labels(*lacking)
        for name in drop:
            if name.casefold() in has:
                _drop(issue, has[name.casefold()])


def _drop(issue: Issue, name: str) -> None:
    try:
        issue.remove_from_labels(name)
    except UnknownObjectException:
        return  # somebody was faster


def _issue(spoken: Github, connection: GitHubConnection, number: int) -> Issue:
    return _repository(spoken, connection).get_issue(number)


def _repository(spoken: Github, connection: GitHubConnection) -> Repository:
    """By number: whoever takes the old name after it was renamed is somebody else."""
    return spoken.get_repo(connection.number or connection.full_name)


def _known(issue: Issue, there: int | None) -> IssueComment | None:
    """The comment we made before, if nobody deleted it."""
    try:
        return issue.get_comment(there).complete() if there else None
    except UnknownObjectException:
        return None


def _ours(issue: Issue, mine: str, marker: str, since: datetime) -> IssueComment | None:
    """Anybody can copy a marker; only what stands under our own name counts."""
    for one in issue.get_comments(since=since):
        if one.user and one.user.login == mine and one.body.rstrip().endswith(marker):
            return one
    return None
