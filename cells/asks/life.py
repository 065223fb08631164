"""The life of an ask as one table, like a patch's. Pure."""

from __future__ import annotations

from cells.patches.life import PERSON, WORKER, Move, move

QUEUED, RUNNING, ANSWERED, PLAN_ONLY = "queued", "running", "answered", "plan_only"
FAILED, CANCELLED = "failed", "cancelled"
STATES = (QUEUED, RUNNING, ANSWERED, PLAN_ONLY, FAILED, CANCELLED)
OPEN, ENDED = (QUEUED, RUNNING), (ANSWERED, PLAN_ONLY, FAILED, CANCELLED)

LIFE: dict[str, Move] = {
    "take": move({QUEUED}, RUNNING, WORKER),
    "release": move({RUNNING}, QUEUED, WORKER),
    "answer": move({RUNNING}, ANSWERED, WORKER),
    "plan": move({RUNNING}, PLAN_ONLY, WORKER),
    "fail": move({RUNNING}, FAILED, WORKER),
    "cancel": move({QUEUED, RUNNING}, CANCELLED, PERSON),
}
