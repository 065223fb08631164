"""The life of a patch as one table. Checks, audit names, buttons and tests derive from it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

PROPOSED, APPROVED, LANDING, LANDED = "proposed", "approved", "landing", "landed"
REJECTED, SENT_BACK, ARCHIVED, SUPERSEDED, FAILED = (
    "rejected", "sent_back", "archived", "superseded", "failed",
)  # fmt: skip
STATES = (PROPOSED, APPROVED, LANDING, LANDED, REJECTED, SENT_BACK, ARCHIVED, SUPERSEDED, FAILED)

PERSON, WORKER = "person", "worker"


@dataclass(frozen=True, slots=True)
class Move:
    """From which states, to which, and whose verb it is."""

    sources: frozenset[str]
    target: str
    whose: str


def move(sources: set[str], target: str, whose: str) -> Move:
    return Move(frozenset(sources), target, whose)


LIFE: dict[str, Move] = {
    "approve": move({PROPOSED}, APPROVED, PERSON),
    "land_by_hand": move({PROPOSED}, APPROVED, PERSON),
    "withdraw": move({APPROVED}, PROPOSED, PERSON),
    "reject": move({PROPOSED, FAILED}, REJECTED, PERSON),
    "send_back": move({PROPOSED, FAILED}, SENT_BACK, PERSON),
    "archive": move({PROPOSED, FAILED}, ARCHIVED, PERSON),
    "edit": move({PROPOSED}, SUPERSEDED, PERSON),
    "discard": move({PROPOSED}, SUPERSEDED, PERSON),
    "reopen": move({REJECTED, SENT_BACK, ARCHIVED}, PROPOSED, PERSON),
    "retry": move({FAILED}, APPROVED, PERSON),
    "supersede": move({PROPOSED}, SUPERSEDED, WORKER),
    "return": move({SUPERSEDED}, PROPOSED, WORKER),
    "reveal": move({PROPOSED}, ARCHIVED, WORKER),
    "claim": move({APPROVED}, LANDING, WORKER),
    "release": move({LANDING}, APPROVED, WORKER),
    "land": move({LANDING, FAILED}, LANDED, WORKER),
    "fail": move({LANDING}, FAILED, WORKER),
    "stale": move({APPROVED, LANDING, FAILED}, PROPOSED, WORKER),
    "displace": move({LANDED}, PROPOSED, WORKER),
}


def allowed(state: str, whose: str = PERSON) -> tuple[str, ...]:
    """The verbs that a person (or the worker) has in this state, in the table's order."""
    return tuple(verb for verb, step in LIFE.items() if state in step.sources and step.whose == whose)
