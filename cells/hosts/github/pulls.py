"""Asking GitHub about pull requests: which changed, and what is said of one. Reads only; how much is asked is bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from github import Github, GithubException, RateLimitExceededException

from cells.hosts.github import client, pull_payloads
from cells.hosts.github.answers import spent
from cells.hosts.github.pull_payloads import OPEN, Check, Pull, Review
from cells.hosts.github.results import Said, together

MOST_PAGES = 50  # of pull requests that one look reads
FEW_PAGES = 3  # of what is said of one of them
OVERLAP = timedelta(seconds=5)  # GitHub keeps whole seconds: what happened in the last one is asked for again
SPARE = 3  # so much of the hourly limit, one part in three, is left for landing


@dataclass(frozen=True, slots=True)
class Place:
    """A repository as GitHub knows it now."""

    number: int
    full_name: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed, the newest first; `until` is where the next look begins. `cut`: there is more than one look reads."""

    pulls: tuple[Pull, ...]
    until: datetime | None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Checks:
    """All checks of one commit, what they come to, and when the newest word was said; not `whole`: not all may be seen."""

    rows: tuple[Check, ...]
    state: str
    at: datetime | None
    whole: bool


def place(github: Github, asked: str) -> Place:
    """The repository behind "/repos/owner/name" or "/repositories/number", by whatever name it goes now."""
    said = _asked(github, asked)
    return Place(int(said["id"]), str(said["full_name"])[:140])


def by_number(number: int) -> str:
    """Its address that stays the same, whoever takes the old name after it was renamed."""
    return f"/repositories/{number}"


def changed(
    github: Github, where: str, since: datetime | None, alive: Callable[[], None] = lambda: None
) -> Changed:
    """Pull requests that changed since then; the first time (None) those that are open, and a few that ended lately."""
    newest = {"state": "all", "sort": "updated", "direction": "desc"}
    pages = _pages(github, f"{where}/pulls", newest, MOST_PAGES)
    first = next(pages, [])
    until = max((one.updated for one in first if one), default=None)
    until = min(until, timezone.now()) if until else since
    if since is None and len(first) < client.PAGE:
        return Changed(tuple(one for one in first if one), until)
    ended = [one for one in first if one and one.state != OPEN] if since is None else []
    if since is None:
        pages, first = _pages(github, f"{where}/pulls", newest | {"state": OPEN}, MOST_PAGES), []
    found, cut = [one for one in first if one], len(first) == client.PAGE or since is None
    after = since - OVERLAP if since else None
    read = 1 if since else 0
    while cut and not _reaches(found, after):
        alive()
        page = next(pages, None)
        if page is None:
            break
        read += 1
        found += [one for one in page if one]
        cut = len(page) == client.PAGE
    wanted = [one for one in found if after is None or one.updated >= after]
    return Changed((*wanted, *ended), until, cut and read == MOST_PAGES and not _reaches(found, after))


def _reaches(found: list[Pull], after: datetime | None) -> bool:
    return after is not None and bool(found) and found[-1].updated < after


def one(github: Github, where: str, number: int) -> Pull | None:
    """With what GitHub says of merging it."""
    return pull_payloads.pull(_asked(github, f"{where}/pulls/{number}"))


def reviews(github: Github, where: str, number: int) -> tuple[Review, ...]:
    """The newest of each person. GitHub gives the oldest first, so somebody's hundreds of comments come before."""
    return pull_payloads.reviews(_rows(github, f"{where}/pulls/{number}/reviews", {})[0])


def closed_by(github: Github, where: str, number: int) -> str:
    """The login of whoever closed or merged it; "" when that is not told."""
    return pull_payloads.closed_by(_asked(github, f"{where}/issues/{number}"))


def checks(github: Github, where: str, sha: str) -> Checks:
    """What all check runs, suites and statuses of a commit come to, as if webhooks had told each of them."""
    commit = f"{where}/commits/{sha}"
    kinds = (
        ("check_run", f"{commit}/check-runs", "check_runs"), ("check_suite", f"{commit}/check-suites", "check_suites"),
        ("status", f"{commit}/statuses", ""),
    )  # fmt: skip
    words: list[Said] = []
    rows: dict[tuple[str, str], Check] = {}
    whole = True
    for event, path, key in kinds:
        found = _if_allowed(github, path, key)
        whole = whole and found is not None
        for told in (pull_payloads.check(event, sha, raw) for raw in found or ()):
            if told is None:
                continue
            words.append(told[1])
            if event != "check_suite":  # GitHub gives the newest first
                rows.setdefault((event, told[1].name), told[0])
    state, at = together(words)
    return Checks(tuple(rows.values())[: client.PAGE], state, at, whole)


def _if_allowed(github: Github, path: str, key: str) -> list[Any] | None:
    """None where a right is missing: GitHub's form for tokens does not always offer it, and then nobody knows."""
    try:
        found, cut = _rows(github, path, {}, key)
    except RateLimitExceededException:
        raise
    except GithubException as error:
        if error.status in (403, 404) and not spent(error):
            return None
        raise
    return None if cut else found


def may_go_on(github: Github) -> bool:
    """Whether enough of the hour's limit is left for what is not urgent. Asks nobody: the last answer told."""
    left, limit = github.requester.rate_limiting
    return left < 0 or left * SPARE > limit


def _pages(github: Github, path: str, query: dict[str, str], most: int) -> Iterator[list[Pull | None]]:
    for number in range(1, most + 1):
        said = _asked(github, path, query | {"per_page": client.PAGE, "page": number})
        page = [pull_payloads.pull(raw) for raw in said[: client.PAGE]]
        yield page
        if len(page) < client.PAGE:
            return


def _rows(github: Github, path: str, query: dict[str, str], key: str = "") -> tuple[list[Any], bool]:
    """The rows of a few pages, and whether there are more."""
    found: list[Any] = []
    for number in range(1, FEW_PAGES + 1):
        said = _asked(github, path, query | {"per_page": client.PAGE, "page": number})
        rows = said[key] if key else said
        found += rows[: client.PAGE]
        if len(rows) < client.PAGE:
            return found, False
    return found, True


def _asked(github: Github, path: str, query: dict[str, Any] | None = None) -> Any:
    return github.requester.requestJsonAndCheck("GET", path, parameters=query)[1]
