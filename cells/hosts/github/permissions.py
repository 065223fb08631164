"""What VPM needs to be allowed at GitHub, what each is for, and how one finds out what a token or App may."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from github import Github, GithubException, RateLimitExceededException
from github.Repository import Repository as Remote

from cells.hosts.github.answers import spent
from cells.sentences import Sentence, sentence

NONE, READ, WRITE, UNTOLD = "none", "read", "write", "untold"
LEVELS = {NONE: 0, READ: 1, WRITE: 2, "admin": 3}
TIME = 15  # seconds for all questions about permissions together
NOWHERE = "0" * 40  # no commit has this name, so nothing can be made of it


@dataclass(frozen=True, slots=True)
class Need:
    """`title` as GitHub's own (English) settings call it; `without` says what does not work."""

    name: str
    title: str
    level: str
    without: Sentence

    @property
    def ticked(self) -> str:
        """The level as GitHub's form calls it."""
        return "Read and write" if self.level == WRITE else "Read-only"


NEEDS = (
    Need("metadata", "Metadata", READ, sentence("Without it GitHub does not show that the repository exists.")),
    Need("contents", "Contents", READ, sentence("Without it the branches of a private repository cannot be read.")),
    Need("contents", "Contents", WRITE, sentence("Without it no approved patch can be written to GitHub.")),
    Need("pull_requests", "Pull requests", READ, sentence("Without it the pull requests of a private repository cannot be seen.")),
    Need("pull_requests", "Pull requests", WRITE, sentence("Without it pull requests cannot be opened, labelled, merged or closed.")),
    Need("issues", "Issues", READ, sentence("Without it comments of a private repository cannot be read.")),
    Need("issues", "Issues", WRITE, sentence("Without it comments cannot be answered.")),
    Need("checks", "Checks", READ, sentence("Without it nobody here knows whether the checks of a pull request are green.")),
    Need("statuses", "Commit statuses", READ, sentence("Without it the statuses that other services set on commits are not seen.")),
)  # fmt: skip


def missing(found: dict[str, str]) -> list[Need]:
    """What is needed and was not given."""
    return [
        need for need in NEEDS if found.get(need.name) != UNTOLD and not _enough(found.get(need.name), need)
    ]


def untold(found: dict[str, str]) -> list[Need]:
    """What GitHub did not say in time."""
    return [need for need in NEEDS if found.get(need.name) == UNTOLD]


def given(found: dict[str, str]) -> list[Need]:
    return [need for need in NEEDS if _enough(found.get(need.name), need)]


def _enough(level: str | None, need: Need) -> bool:
    return LEVELS.get(level or NONE, 0) >= LEVELS[need.level]


def of_token(client: Github, remote: Remote) -> dict[str, str]:
    """A classic token says its scopes with each answer. Of a fine-grained one GitHub tells nothing, so it is tried."""
    writes = bool(remote.permissions and remote.permissions.push) and not remote.archived
    if client.oauth_scopes is None:
        return _tried(client, remote, writes)
    scopes = set(client.oauth_scopes)
    level = (
        WRITE if writes and ("repo" in scopes or ("public_repo" in scopes and not remote.private)) else READ
    )
    return {need.name: min(level, need.level, key=LEVELS.__getitem__) for need in NEEDS}


def _tried(client: Github, remote: Remote, writes: bool) -> dict[str, str]:
    place, until, found = f"/repos/{remote.full_name}", time.monotonic() + TIME, {"metadata": READ}
    for name, path in _readings(remote).items():
        if time.monotonic() > until:
            found[name] = UNTOLD
        else:
            found[name] = READ if _allowed(client, "GET", place + path) else NONE
    for name, (path, body) in _writings(remote).items():
        if found[name] != READ or not writes:
            continue
        if time.monotonic() > until:
            found[name] = UNTOLD
        elif _allowed(client, "POST", place + path, body):
            found[name] = WRITE
    return found


def _readings(remote: Remote) -> dict[str, str]:
    branch = quote(remote.default_branch, safe="")
    return {
        "contents": "/commits?per_page=1", "pull_requests": "/pulls?per_page=1", "issues": "/issues?per_page=1",
        "checks": f"/commits/{branch}/check-runs?per_page=1", "statuses": f"/commits/{branch}/statuses?per_page=1",
    }  # fmt: skip


def _writings(remote: Remote) -> dict[str, tuple[str, dict[str, Any]]]:
    """Requests that GitHub can only refuse, because something of them is not there. It refuses that with another status
    than a missing right. One that two rights would let through (a comment) would not tell which of them is given."""
    never = f"vpm-check-{secrets.token_hex(8)}"
    pull = {"title": "VPM: check of permissions", "head": never, "base": remote.default_branch}
    return {
        "contents": ("/git/refs", {"ref": f"refs/heads/{never}", "sha": NOWHERE}),
        "pull_requests": ("/pulls", pull),
        "issues": ("/issues", {"title": ""}),
    }


def _allowed(client: Github, verb: str, path: str, body: dict[str, Any] | None = None) -> bool:
    """Whether it was refused for anything but a missing right. Raises GithubException when GitHub is in trouble."""
    try:
        client.requester.requestJsonAndCheck(verb, path, input=body)
    except RateLimitExceededException:
        raise
    except GithubException as error:
        if error.status in (401, 429) or error.status >= 500 or (error.status == 403 and spent(error)):
            raise
        return error.status not in (403, 404, 410)  # what may not even be seen is "not found"
    return True
