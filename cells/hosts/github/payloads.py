"""What is kept of a webhook's payload. Pure: whatever stands in it, something storable comes out."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from cells.hosts.github.remarks import told
from cells.hosts.github.times import moment
from cells.stored import as_stored

GREEN, RED, PENDING, UNKNOWN, QUIET = "green", "red", "pending", "unknown", "quiet"
CONCLUSIONS = {
    "success": GREEN, "failure": RED, "timed_out": RED, "cancelled": RED, "action_required": RED,
    "startup_failure": RED, "error": RED, "pending": PENDING,
    # Nothing was to be done: no reason to stop, and none to call anything tested.
    "neutral": QUIET, "skipped": QUIET,
}  # fmt: skip
CHECKS = {"check_run", "check_suite", "status"}
READ = {"push", "pull_request", "pull_request_review"}
SHA = re.compile(r"[0-9a-f]{40}")


def kept(event: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Fields of a Delivery: action; of a check its commit and what was said of it; of a comment that may ask, the comment;
    of a pull request its number; of a push its ref.
    """
    action = _text(payload.get("action"), 40)
    if event == "issue_comment" and (remark := told(payload)):
        return {"action": action, "said": asdict(remark)}
    if event in READ:
        return {"action": action, "said": _about(payload)}
    if event not in CHECKS:
        return {"action": action}
    said = payload if event == "status" else _object(payload.get(event))
    sha = said.get("sha" if event == "status" else "head_sha")
    if not isinstance(sha, str) or not SHA.fullmatch(sha):
        return {"action": action}
    return {
        "action": action,
        "sha": sha,
        "said": {"of": event, "name": _name(event, said), "state": _state(event, said), "at": _at(said)},
    }


def _about(payload: dict[str, Any]) -> dict[str, Any]:
    """What a push or a word on a pull request is about: its ref, its number."""
    number, ref = _object(payload.get("pull_request")).get("number"), _text(payload.get("ref"), 600)
    if type(number) is int and 0 < number < 2**31:
        return {"number": number}
    return {"ref": ref} if ref else {}


def _name(event: str, said: dict[str, Any]) -> str:
    """Which check it is: a later word with the same name is about the same one, also when it ran again.

    An App has several suites on one commit, and two suites may each have a check of one name.
    """
    if event == "status":
        return _text(said.get("context"), 200)
    suite = said if event == "check_suite" else _object(said.get("check_suite"))
    number = suite.get("id")
    return f"{number if type(number) is int and abs(number) < 2**62 else ''}:{_text(said.get('name'), 200)}"


def _state(event: str, said: dict[str, Any]) -> str:
    word = said.get("state") if event == "status" else said.get("conclusion")
    if event != "status" and said.get("status") != "completed":
        return PENDING
    found = CONCLUSIONS.get(word, UNKNOWN) if isinstance(word, str) else UNKNOWN
    # Whoever may write statuses can set one on their own commit; a person's "success" alone makes nothing green.
    by_a_person = event == "status" and _object(said.get("sender")).get("type") != "Bot"
    return QUIET if found == GREEN and by_a_person else found


def _at(said: dict[str, Any]) -> str:
    """When it was so, "" when the payload does not say."""
    times = [moment(said.get(name)) for name in ("completed_at", "started_at", "updated_at", "created_at")]
    found = next((time for time in times if time), None)
    return found.isoformat() if found else ""


def _text(value: Any, most: int) -> str:
    return str(as_stored(value))[:most] if isinstance(value, str) else ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
