"""What all checks of one commit come to, whichever order they were told in and however often. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cells.hosts.github.payloads import GREEN, PENDING, QUIET, RED, UNKNOWN

# Of two words about one check at the same second, the one that says more stands.
TELLS = {PENDING: 0, UNKNOWN: 1, QUIET: 2, GREEN: 3, RED: 4}


@dataclass(frozen=True, slots=True)
class Said:
    """One word about one check: `of` is check_run, check_suite or status."""

    of: str
    name: str
    state: str
    at: datetime


def together(words: Iterable[Said]) -> tuple[str, datetime | None]:
    """green, red or unknown, and when the newest word that counts was said.

    One check that failed is red. Green needs a program's last word: a whole suite, or a status, and nothing that still
    runs. A single run that passed is no such word: its workflow may go on with other runs nobody has told us of yet.
    """
    newest: dict[tuple[str, str], Said] = {}
    for word in words:
        before = newest.get((word.of, word.name))
        if before is None or (before.at, TELLS[before.state]) < (word.at, TELLS[word.state]):
            newest[word.of, word.name] = word
    states = {word.state for word in newest.values()}
    at = max((word.at for word in newest.values()), default=None)
    if RED in states:
        return RED, at
    closed = any(word.state == GREEN and word.of != "check_run" for word in newest.values())
    return (GREEN if closed and not states & {PENDING, UNKNOWN} else UNKNOWN), at
