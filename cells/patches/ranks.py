"""Where a waiting patch stands in an inbox, and with which others one decision may settle it. Pure."""

from __future__ import annotations

from typing import Any

from cells.sentences import Sentence, sentence

# Everywhere: nearly every patch has these reasons; what is special about one comes first.
EVERYWHERE = {"category", "checks"}
CAME_BACK, HIGH, MEDIUM, LOW, CLEAR, PAST, STUCK, UNJUDGED = 10, 20, 30, 40, 50, 60, 70, 90
OF_RISK = {"HIGH": HIGH, "MEDIUM": MEDIUM, "LOW": LOW}

WHY: dict[int, Sentence] = {
    CAME_BACK: sentence("It was approved once and came back, so look at it first."),
    HIGH: sentence("Its risk is high."),
    MEDIUM: sentence("Its risk is medium."),
    LOW: sentence("A person has to decide; its risk is low."),
    CLEAR: sentence("The contract finds nothing in it that a person has to look at."),
    PAST: sentence("The contract finds that it has had its day; archiving it loses nothing."),
    STUCK: sentence("It does not apply any more, so it can only be edited, sent back, archived or rejected."),
    UNJUDGED: sentence("The contract has not judged it yet."),
}


def rank(verdict: dict[str, Any] | None, *, applies: bool, came_back: bool) -> int:
    """Smaller is earlier; one of the keys of WHY."""
    if not applies:
        return STUCK
    if not verdict:
        return UNJUDGED
    if came_back:
        return CAME_BACK
    if verdict["decision"] == "AUTO_MERGE_OK":
        return CLEAR
    if verdict["decision"] == "ARCHIVE_CANDIDATE":
        return PAST
    return OF_RISK.get(verdict["risk"], HIGH)


def group(verdict: dict[str, Any] | None, *, lane: str, kind: str, applies: bool) -> str:
    """Waiting patches of one group ask the same question: the same lane and kind, the same rule speaks first."""
    if not verdict:
        return ""
    rule = "applies" if not applies else next((one["rule"] for one in special(verdict)), verdict["decision"])
    return f"{lane[:80]}|{rule[:60]}|{kind[:30]}"


def special(verdict: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The reasons that ask for something nearly every other patch is not asked for."""
    reasons = verdict["reasons"] if verdict else []
    return [one for one in reasons if one["decision"] != "AUTO_MERGE_OK" and one["rule"] not in EVERYWHERE]
