"""Where a proposal stands: its checks, whether it still applies, and whether it has become pointless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cells.contract.rules import Finding
from cells.contract.seen import Seen
from cells.sentences import sentence


def checks(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    if seen.case.checks == "red":
        yield "", sentence("Its checks failed; look at them before you decide.")
    elif seen.case.checks != "green":
        yield (
            "",
            sentence(
                "Nobody knows whether its checks passed, and unknown is not green; look at them where they run."
            ),
        )


def applies(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    if not seen.case.applies:
        yield "", sentence("It conflicts with the default branch; bring it up to date first.")


def fork(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    if seen.case.origin != "source":
        yield (
            "",
            sentence(
                "It comes from a fork, so its author may not write to this repository and its checks are the fork's own "
                "word; a person decides."
            ),
        )


def draft(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    if seen.case.draft:
        yield "", sentence("It is a draft at GitHub: its author does not call it ready yet.")


def on_main(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    if seen.case.on_main:
        yield "", sentence("The same change is on the default branch already; this one can be closed.")


def twin(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    if seen.case.twins:
        yield (
            "",
            sentence(
                "The same change already waits in %(twin)s; decide there and close this one.",
                twin=", ".join(seen.case.twins[:3]),
            ),
        )


def replaced(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    if seen.case.replaced_by:
        yield (
            "",
            sentence(
                "The newer %(newer)s replaces it; decide there and close this one.",
                newer=seen.case.replaced_by,
            ),
        )


def stale(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    # Written this way round, an age that is not a number asks too.
    if not seen.case.age_days < params["days"]:
        yield (
            "",
            sentence(
                "It has waited %(age)s days, longer than the %(days)s the contract allows; renew it or close it.",
                age=_days(seen.case.age_days),
                days=params["days"],
            ),
        )


def _days(age: float) -> str:
    return f"{age:.0f}"
