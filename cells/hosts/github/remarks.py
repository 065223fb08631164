"""A comment at GitHub that may ask something, as a webhook or the API tells it. Pure: what is no such comment is None."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from cells.hosts.github.times import moment
from cells.stored import storable

MARKER = "<!-- vpm:"  # stands in everything we write there
LONGEST = 65_536  # characters GitHub takes in one comment
BIGGEST = 2**62
# GitHub does not promise that both times of a comment nobody touched are the same.
UNTOUCHED = timedelta(seconds=60)
ON_PULL, NUMBER = re.compile(r"/pull/[0-9]+#"), re.compile(r"/issues/([0-9]{1,9})$")


@dataclass(frozen=True, slots=True)
class Remark:
    """One comment. `at` and `changed_at` are GitHub's own times, as it writes them."""

    id: int
    number: int
    on_pull: bool
    title: str
    author: str
    author_number: int
    body: str
    at: str
    changed_at: str

    @property
    def edited(self) -> bool:
        """Whether it changed since it was written; within the first minute nobody can tell."""
        at, changed = moment(self.at), moment(self.changed_at)
        return at is None or changed is None or changed - at > UNTOUCHED


def told(payload: dict[str, Any]) -> Remark | None:
    """Of a webhook: only a comment that was just written, which is as it was written."""
    issue = payload.get("issue")
    if payload.get("action") != "created" or not isinstance(issue, dict):
        return None
    remark = listed(payload.get("comment"), issue)
    return replace(remark, changed_at=remark.at) if remark else None


def listed(comment: Any, issue: dict[str, Any] | None = None) -> Remark | None:
    """Of the API's list, which does not name the issue's title. Programs, and we ourselves, ask nothing."""
    if not isinstance(comment, dict):
        return None
    if comment.get("performed_via_github_app") is not None:  # in a person's name, and still a program
        return None
    body, user = comment.get("body"), comment.get("user")
    if not isinstance(body, str) or "/ask" not in body or MARKER in body or not isinstance(user, dict):
        return None
    number = issue.get("number") if issue else _number(comment.get("issue_url"))
    numbers = comment.get("id"), number, user.get("id")
    if user.get("type") != "User" or not all(type(n) is int and 0 < n < BIGGEST for n in numbers):
        return None
    title = issue.get("title") if issue else ""
    pull = issue.get("pull_request") if issue else ON_PULL.search(_text(comment.get("html_url"), 500))
    return Remark(
        id=comment["id"], number=int(number or 0), on_pull=bool(pull), title=_text(title, 300),
        author=_text(user.get("login"), 100), author_number=user["id"], body=_text(body, LONGEST),
        at=_text(comment.get("created_at"), 40), changed_at=_text(comment.get("updated_at"), 40),
    )  # fmt: skip


def _number(url: Any) -> int | None:
    found = NUMBER.search(url) if isinstance(url, str) else None
    return int(found[1]) if found else None


def _text(value: Any, most: int) -> str:
    return storable(value)[:most] if isinstance(value, str) else ""
