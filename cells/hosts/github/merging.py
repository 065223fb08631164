"""The pull request of an approval: looking at it, opening it, merging it. Refusals come out as sentences."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from github import Github, GithubException

from cells.hosts.github import client, pull_payloads, pulls
from cells.hosts.github.answers import spent
from cells.hosts.github.payloads import PENDING, RED
from cells.hosts.github.pull_payloads import MERGED, Pull
from cells.models import GitHubConnection
from cells.sentences import Sentence, sentence
from cells.stored import as_stored

NAMED = 5  # checks that a sentence names
# Ours is one commit with our trailers: a rebase keeps it as it is. Of somebody else's branch a squash makes one commit.
OURS, THEIRS = ("rebase", "squash", "merge"), ("squash", "merge", "rebase")
RENAMED = ("squash",)  # keeps no word of theirs
# A refusal of this way of merging; any other one may have passed in a moment, and another way is no answer to it.
OF_METHOD = re.compile(r"not allowed|can(?:'|’|no)t be rebased", re.IGNORECASE)
EVERYONE = "everyone"
GONE = sentence("GitHub shows no such pull request any more.")


class NotMerged(Exception):
    """GitHub did not merge it now; the sentence holds its reason."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Seen:
    """A pull request as it stands. `by` merged or closed it; `failing` and `running` are asked for where it matters."""

    pull: Pull
    commits: int = 1
    by: str = ""
    failing: tuple[str, ...] = ()
    running: tuple[str, ...] = ()


def look(connection: GitHubConnection, number: int) -> Seen:
    """How it stands now. Raises Unanswered."""
    with client.speaking(connection) as github:
        where = _where(connection)
        raw = _asked(github, "GET", f"{where}/pulls/{number}")
        told = pull_payloads.pull(raw)
        if told is None:
            raise client.Unanswered(GONE)
        failing: tuple[str, ...] = ()
        running: tuple[str, ...] = ()
        if told.state == pull_payloads.OPEN and told.mergeable in ("blocked", "unstable"):
            failing, running = _checks(github, where, told.head)
        by = _by(github, where, raw, told)
        commits = raw.get("commits")
        return Seen(told, commits if isinstance(commits, int) else 1, by, failing, running)


def required(connection: GitHubConnection, branch: str) -> bool:
    """Whether the branch's rules require checks: then GitHub itself says whether those passed. Raises Unanswered."""
    name = quote(branch, safe="")
    with client.speaking(connection) as github:
        where = _where(connection)
        found = _if_allowed(github, f"{where}/branches/{name}")
        rules = _if_allowed(github, f"{where}/rules/branches/{name}")
    checks = _object(_object(_object(found).get("protection")).get("required_status_checks"))
    # Of others than everyone, our token may be one that GitHub lets pass.
    whole = checks.get("enforcement_level", EVERYONE) == EVERYONE
    named = whole and bool(checks.get("contexts") or checks.get("checks"))
    # Of a ruleset the branch itself says nothing.
    return named or any(_object(rule).get("type") == "required_status_checks" for rule in rules or ())


def opened(connection: GitHubConnection, branch: str) -> list[Pull]:
    """The pull requests from this branch of the repository itself, newest first. Raises Unanswered."""
    owner = connection.full_name.partition("/")[0]
    query = {"state": "all", "head": f"{owner}:{branch}", "sort": "created", "direction": "desc"}
    with client.speaking(connection) as github:
        raw = _asked(github, "GET", f"{_where(connection)}/pulls", parameters=query)
    found = [pull_payloads.pull(one) for one in raw]
    return [one for one in found if one and one.head_ref == branch and not one.fork]


def open_pull(connection: GitHubConnection, branch: str, base: str, title: str, body: str) -> Pull:
    """A new pull request from a branch of the repository itself. Raises NotMerged, or Unanswered."""
    said = {"title": title, "body": body, "head": branch, "base": base}
    with client.speaking(connection) as github:
        try:
            raw = _asked(github, "POST", f"{_where(connection)}/pulls", input=said)
        except GithubException as error:
            if error.status != 422:
                raise
            raise NotMerged(
                sentence(
                    "GitHub opens no pull request from %(branch)s: %(github)s",
                    branch=branch,
                    github=_said(error),
                )
            ) from None
        made = pull_payloads.pull(raw)
    if made is None:
        raise client.Unanswered(GONE)
    return made


def describe(connection: GitHubConnection, number: int, body: str) -> None:
    """Let a pull request of ours say this. Raises Unanswered."""
    with client.speaking(connection) as github:
        _asked(github, "PATCH", f"{_where(connection)}/pulls/{number}", input={"body": body})


def merge(
    connection: GitHubConnection,
    number: int,
    sha: str,
    *,
    order: tuple[str, ...],
    title: str,
    message: str,
    before: Callable[[], None],
) -> str:
    """The commit that main got. Only `sha` is merged, by the first of these methods that is allowed; `before` each try
    the caller may still stop it. Nothing waits long here: main goes on. Raises NotMerged, or Unanswered.
    """
    why = sentence(
        "The repository at GitHub allows none of these ways of merging: %(ways)s.", ways=", ".join(order)
    )
    with client.speaking(connection, client.HURRY) as github:
        where = _where(connection)
        for method in _methods(_asked(github, "GET", where), order):
            words = {} if method == "rebase" else {"commit_title": title, "commit_message": message}
            said = {"merge_method": method, "sha": sha} | words
            before()
            try:
                return str(_asked(github, "PUT", f"{where}/pulls/{number}/merge", input=said)["sha"])
            except GithubException as error:
                if error.status not in (405, 409):
                    raise
                why = sentence("GitHub did not merge it: %(github)s", github=_said(error))
                if error.status == 409 or not OF_METHOD.search(_said(error)):
                    break
    raise NotMerged(why)


def _methods(repository: Any, order: tuple[str, ...]) -> list[str]:
    """Those allowed; GitHub tells them only to who may write, and what it does not tell is tried."""
    names = {"rebase": "allow_rebase_merge", "squash": "allow_squash_merge", "merge": "allow_merge_commit"}
    return [method for method in order if repository.get(names[method]) is not False]


def _by(github: Github, where: str, raw: Any, told: Pull) -> str:
    if told.state == MERGED:
        return pull_payloads.line(_object(raw.get("merged_by")).get("login"), 100)
    return "" if told.state == pull_payloads.OPEN else pulls.closed_by(github, where, told.number)


def _checks(github: Github, where: str, sha: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of those that failed, and of those that run."""
    rows = pulls.checks(github, where, sha).rows
    return _named(one.name for one in rows if one.state == RED), _named(
        one.name for one in rows if one.state == PENDING
    )


def _named(names: Any) -> tuple[str, ...]:
    return tuple(sorted({name[:100] for name in names})[:NAMED])


def _where(connection: GitHubConnection) -> str:
    """By number: whoever takes the old name after it was renamed is somebody else."""
    return pulls.by_number(connection.number) if connection.number else f"/repos/{connection.full_name}"


def _asked(github: Github, verb: str, path: str, **more: Any) -> Any:
    return github.requester.requestJsonAndCheck(verb, path, **more)[1]


def _if_allowed(github: Github, path: str) -> Any:
    """None where that may not be seen, or is not there."""
    try:
        return _asked(github, "GET", path)
    except GithubException as error:
        if error.status in (403, 404) and not spent(error):
            return None
        raise


def _said(error: GithubException) -> str:
    """GitHub's own words of a refusal, bounded."""
    data = _object(error.data)
    words = [data.get("message"), *(_object(one).get("message") for one in data.get("errors") or ())]
    return " ".join(str(as_stored(word)) for word in words if isinstance(word, str))[:300] or str(
        error.status
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
