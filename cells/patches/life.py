"""The life of a patch as one table. Checks, audit names, buttons and tests derive from it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

PROPOSED, APPROVED, LANDING, LANDED = "proposed", "approved", "landing", "landed"
REJECTED, SUPERSEDED, FAILED = "rejected", "superseded", "failed"
STATES = (PROPOSED, APPROVED, LANDING, LANDED, REJECTED, SUPERSEDED, FAILED)

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
    "reject": move({PROPOSED, FAILED}, REJECTED, PERSON),
    "reopen": move({REJECTED}, PROPOSED, PERSON),
    "supersede": move({PROPOSED}, SUPERSEDED, WORKER),
    "return": move({SUPERSEDED}, PROPOSED, WORKER),
    "claim": move({APPROVED}, LANDING, WORKER),
    "release": move({LANDING}, APPROVED, WORKER),
    "land": move({LANDING}, LANDED, WORKER),
    "fail": move({LANDING}, FAILED, WORKER),
    "stale": move({APPROVED, LANDING}, PROPOSED, WORKER),
    "displace": move({LANDED}, PROPOSED, WORKER),
    "retry": move({FAILED}, APPROVED, PERSON),
}


def allowed(state: str, whose: str = PERSON) -> tuple[str, ...]:
    """The verbs that a person (or the worker) has in this state, in the table's order."""
    return tuple(verb for verb, step in LIFE.items() if state in step.sources and step.whose == whose)
