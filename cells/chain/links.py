"""One link of the audit chain: an event, its place, the hash of the link before, and its own. Pure.

A line of an export is the canonical JSON of all of it; the hash is SHA-256 of the same line without `hash`. Twenty
lines in any language can check that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cells.sentences import Sentence

FIELDS = ("id", "at", "actor", "verb", "repository", "subject_type", "subject", "before", "after", "reason")
GENESIS = "0" * 64  # what the first link continues

_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


class Broken(Exception):
    """The chain, or git beside it, is not what was sealed. `why` says where, what, and what to do."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Link:
    """`event` has the FIELDS; it is None where the event is gone, or is nothing that can be read."""

    seq: int
    previous: str
    hash: str
    event: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of a chain; as text, what a commit carries as `Audit-Head:`."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq} {self.hash}"


START = Head(0, GENESIS)


def canonical(value: Any) -> str:
    """The one way to write a JSON value: sorted keys, no spaces, ASCII."""
    return _encoder.encode(value)


def written(at: datetime) -> str:
    """A moment in UTC with microseconds, as the chain has it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def hash_of(event: dict[str, Any], seq: int, previous: str) -> str:
    """What a link's hash has to be."""
    return hashlib.sha256(canonical(event | {"seq": seq, "previous": previous}).encode()).hexdigest()


def linked(events: Iterable[dict[str, Any]], head: Head) -> Iterator[Link]:
    """The events as the links that follow `head`."""
    seq, previous = head.seq, head.hash
    for event in events:
        seq += 1
        link = Link(seq, previous, hash_of(event, seq, previous), event)
        previous = link.hash
        yield link
