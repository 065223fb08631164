"""A comment at GitHub that may ask something, as a webhook or the API tells it. Pure: what is no such comment is None."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from cells.stored import storable

MARKER = "<!-- vpm:"  # stands in everything we write there
LONGEST = 65_536  # characters GitHub takes in one comment
BIGGEST = 2**62


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
        return self.changed_at != self.at


def told(payload: dict[str, Any]) -> Remark | None:
    """Of a webhook: only a comment that was just written."""
    issue = payload.get("issue")
    if payload.get("action") != "created" or not isinstance(issue, dict):
        return None
    return listed(payload.get("comment"), issue)


def listed(comment: Any, issue: dict[str, Any] | None = None) -> Remark | None:
    """Of the API's list, which does not name the issue's title. Programs, and we ourselves, ask nothing."""
    if not isinstance(comment, dict):
        return None
    body, user = comment.get("body"), comment.get("user")
    if not isinstance(body, str) or "/ask" not in body or MARKER in body or not isinstance(user, dict):
        return None
    number = issue.get("number") if issue else _number(comment.get("issue_url"))
    numbers = comment.get("id"), number, user.get("id")
    if user.get("type") != "User" or not all(type(n) is int and 0 < n < BIGGEST for n in numbers):
        return None
    title = issue.get("title") if issue else ""
    on_pull = bool(issue.get("pull_request")) if issue else "/pull/" in _text(comment.get("html_url"), 500)
    return Remark(
        id=comment["id"], number=int(number or 0), on_pull=on_pull, title=_text(title, 300),
        author=_text(user.get("login"), 100), author_number=user["id"], body=_text(body, LONGEST),
        at=_text(comment.get("created_at"), 40), changed_at=_text(comment.get("updated_at"), 40),
    )  # fmt: skip


def _number(url: Any) -> int | None:
    found = re.search(r"/issues/([0-9]{1,9})$", url) if isinstance(url, str) else None
    return int(found[1]) if found else None


def _text(value: Any, most: int) -> str:
    return storable(value)[:most] if isinstance(value, str) else ""
