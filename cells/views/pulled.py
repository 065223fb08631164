"""What a patch's page says of its pull request at GitHub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cells.models import Patch, PullRequest
from cells.sentences import Sentence, sentence

SHOWN = 30  # checks by name; what is not good stands first
ORDER = ("red", "pending", "unknown", "green", "quiet")
WORDS = {
    "green": sentence("green"), "red": sentence("red"), "pending": sentence("running"), "quiet": sentence("skipped"),
    "unknown": sentence("unknown"),
}  # fmt: skip
THOUGHT: dict[str, Callable[[str], Sentence]] = {
    "approved": lambda who: sentence("%(who)s approved it there.", who=who),
    "changes_requested": lambda who: sentence("%(who)s wants changes.", who=who),
    "dismissed": lambda who: sentence("The review by %(who)s was dismissed.", who=who),
    "commented": lambda who: sentence("%(who)s commented on it there.", who=who),
}
EARLIER = sentence("That was about an earlier version.")
UNTOLD = sentence("GitHub has not said yet whether it can be merged.")
MERGEABLE = {
    "clean": sentence("GitHub could merge it now."),
    "has_hooks": sentence("GitHub could merge it now."),
    "unstable": sentence("GitHub could merge it now, although not all of its checks passed."),
    "dirty": sentence("It conflicts with its branch at GitHub."),
    "behind": sentence("GitHub wants it brought up to date with its branch first."),
    "blocked": sentence("The rules of its branch at GitHub do not let it be merged yet."),
    "draft": sentence("A draft is not merged by GitHub."),
}


def shown(patch: Patch) -> dict[str, Any]:
    """What cells/pull.html needs; nothing for a patch without one."""
    row = patch.pull
    if row is None:
        return {}
    known = [one for one in row.checks if one.get("state") in WORDS]
    checks = sorted(known, key=lambda one: ORDER.index(one["state"]))
    return {
        "pull": row, "pull_mergeable": mergeable(row), "pull_checks": checks[:SHOWN],
        "pull_checks_more": max(len(checks) - SHOWN, 0), "check_words": WORDS, "pull_reviews": _reviews(row),
    }  # fmt: skip


def _reviews(row: PullRequest) -> list[Sentence]:
    """What people think of it at GitHub, where it decides nothing here."""
    found: list[Sentence] = []
    for one in row.reviews[:SHOWN]:
        if one.get("state") in THOUGHT:
            found += [THOUGHT[one["state"]](one["login"]), *([EARLIER] if one["sha"] != row.head else [])]
    return found


def mergeable(row: PullRequest) -> Sentence | None:
    """Whether GitHub would merge it; None when that is no question any more."""
    return MERGEABLE.get(row.mergeable, UNTOLD) if row.state == PullRequest.OPEN else None
