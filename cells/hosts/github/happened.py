"""Asking GitHub what happened: what was merged, whether a commit is green or red, what was released. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from github import Github

from cells.evidence import told
from cells.evidence.told import Told
from cells.hosts.github import client, pull_payloads, pulls
from cells.hosts.github.payloads import GREEN, RED
from cells.hosts.github.pull_payloads import MERGED, Pull
from cells.hosts.github.times import moment
from cells.models import GitHubConnection

MOST_PAGES = 3  # of closed pull requests that the first look reads
MOST_FILES = client.PAGE  # names of one pull request


@dataclass(frozen=True, slots=True)
class Merged:
    """That it was merged, and as which commit: enough to know whether its document is there."""

    number: int
    commit: str
    at: datetime


def where(connection: GitHubConnection) -> str:
    """The repository's address at the API: by its number, which stays when it is renamed."""
    return pulls.by_number(connection.number) if connection.number else f"/repos/{connection.full_name}"


def merges(connection: GitHubConnection, branch: str, since: datetime) -> tuple[list[Merged], bool]:
    """What was merged into the branch since then, and whether a few pages reach that far back. Raises Unanswered."""
    with client.speaking(connection) as github:
        closed, whole = _closed(github, f"{where(connection)}/pulls", branch, since)
    found = [
        Merged(one.number, one.merge_commit, one.closed)
        for one in closed
        if one.state == MERGED and one.closed and one.closed >= since
    ]
    return found, whole


def merged(connection: GitHubConnection, branch: str, number: int) -> Told | None:
    """One pull request; None when it is not merged into the branch. Raises Unanswered."""
    place = f"{where(connection)}/pulls/{number}"
    with client.speaking(connection) as github:
        raw = _asked(github, place)
        one = pull_payloads.pull(raw)
        if one is None or one.state != MERGED or one.base_ref != branch or one.closed is None:
            return None
        files = _asked(github, f"{place}/files", {"per_page": MOST_FILES})
        checks = pulls.checks(github, where(connection), one.head)
    return told.told(
        told.PULL_REQUEST,
        str(number),
        one.title,
        one.url,
        one.closed,
        _of_pull(raw, one, files, checks),
        one.body,
    )


def colour(connection: GitHubConnection, branch: str, commit: str, page: str) -> Told | None:
    """Green or red, as all checks of the commit say; None as long as nobody knows. Raises Unanswered."""
    with client.speaking(connection) as github:
        checks = pulls.checks(github, where(connection), commit)
    state = _colour(checks)
    if not state or checks.at is None:
        return None
    facts = [("checks", state), ("branch", branch), ("commit", commit), *_failed(checks)]
    title = f"The checks of {branch} are {state}"
    return told.told(told.CHECKS, branch, title, f"{page}/commit/{commit}", checks.at, facts)


def releases(connection: GitHubConnection, since: datetime) -> list[Told]:
    """What was released since then, oldest first; drafts are not released. Raises Unanswered."""
    with client.speaking(connection) as github:
        rows = _asked(github, f"{where(connection)}/releases", {"per_page": client.PAGE})
        found = [one for one in map(_release, rows) if one and one.at >= since]
    return sorted(found, key=lambda one: (one.at, one.name))


def _closed(github: Github, path: str, branch: str, since: datetime) -> tuple[list[Pull], bool]:
    """Those that changed last come first, and what was merged since then has changed since then. And whether that is all."""
    found: list[Pull] = []
    query = {
        "state": "closed",
        "base": branch,
        "sort": "updated",
        "direction": "desc",
        "per_page": client.PAGE,
    }
    for number in range(1, MOST_PAGES + 1):
        rows = _asked(github, path, query | {"page": number})
        page = [one for one in map(pull_payloads.pull, rows) if one]
        found += page
        if len(rows) < client.PAGE or (page and page[-1].updated < since):
            return found, True
    return found, False


def _of_pull(
    raw: dict[str, Any], one: Pull, files: list[dict[str, Any]], checks: pulls.Checks
) -> Iterator[tuple[str, str]]:
    yield "merged", f"#{one.number}"
    yield "branch", one.base_ref
    yield "merged by", _login(raw.get("merged_by"))
    yield "author", one.author
    yield "commit", one.merge_commit
    yield "head", one.head
    if state := _colour(checks):
        yield "checks", state
    yield "files", str(int(raw.get("changed_files") or len(files)))
    yield from _failed(checks)
    yield from (("label", name) for name in one.labels[:20])
    yield from (("file", pull_payloads.line(file.get("filename"), told.VALUE)) for file in files[:MOST_FILES])


def _release(raw: dict[str, Any]) -> Told | None:
    tag, at = pull_payloads.line(raw.get("tag_name"), told.NAME), moment(raw.get("published_at"))
    if raw.get("draft") or not tag or at is None:
        return None
    name = pull_payloads.line(raw.get("name"), told.TITLE)
    facts = [
        ("released", tag), ("author", _login(raw.get("author"))),
        ("prerelease", "yes" if raw.get("prerelease") else ""),
    ]  # fmt: skip
    title = name if not name or tag in name else f"{tag}: {name}"
    body = raw.get("body")
    url = pull_payloads.address(raw.get("html_url"))
    return told.told(told.RELEASE, tag, title or tag, url, at, facts, body if isinstance(body, str) else "")


def _colour(checks: pulls.Checks) -> str:
    """What failed, failed. Green needs everybody's word: where some may not be seen, nobody knows."""
    return checks.state if checks.state == RED or (checks.state == GREEN and checks.whole) else ""


def _failed(checks: pulls.Checks) -> list[tuple[str, str]]:
    return [("failed", row.name) for row in checks.rows if row.state == RED and row.name][:20]


def _login(person: Any) -> str:
    return pull_payloads.line(person.get("login"), 100) if isinstance(person, dict) else ""


def _asked(github: Github, path: str, query: dict[str, Any] | None = None) -> Any:
    return github.requester.requestJsonAndCheck("GET", path, parameters=query)[1]
