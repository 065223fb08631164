"""Where two pieces of evidence about one subject cannot both describe a service that works."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cells.evidence.claims import Claim
from cells.sentences import Sentence, sentence

WINDOW = timedelta(days=7)
FAILING_PERCENT = 50.0


@dataclass(frozen=True, slots=True)
class DatedClaim:
    """A claim, when it was observed (aware), and the id of the evidence that makes it."""

    claim: Claim
    observed_at: datetime
    evidence: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two claims about `subject` that disagree, and a sentence that names both."""

    subject: str
    ready: DatedClaim
    failing: DatedClaim
    sentence: Sentence


def conflicts_of(claims: Sequence[DatedClaim]) -> tuple[Conflict, ...]:
    """For each failing success rate, the nearest report within seven days that calls the subject ready."""
    ready: defaultdict[str, list[DatedClaim]] = defaultdict(list)
    for dated in claims:
        if (dated.claim.predicate, dated.claim.value) == ("ready", "True"):
            ready[dated.claim.subject].append(dated)
    failing = sorted(filter(_is_failing, claims), key=lambda dated: (dated.claim.subject, dated.observed_at))
    pairs = ((dated, _nearest(ready[dated.claim.subject], dated)) for dated in failing)
    return tuple(_conflict(other, dated) for dated, other in pairs if other is not None)


def _is_failing(dated: DatedClaim) -> bool:
    claim = dated.claim
    return claim.predicate == "success_rate" and claim.unit == "%" and float(claim.value) <= FAILING_PERCENT


def _nearest(candidates: list[DatedClaim], to: DatedClaim) -> DatedClaim | None:
    inside = [dated for dated in candidates if abs(dated.observed_at - to.observed_at) <= WINDOW]
    return min(inside, key=lambda dated: abs(dated.observed_at - to.observed_at), default=None)


def _conflict(ready: DatedClaim, failing: DatedClaim) -> Conflict:
    subject = failing.claim.subject
    said = sentence(
        "%(subject)s is ready according to %(ready)s (%(ready_vantage)s), but only %(rate)s %% of its requests succeed"
        " according to %(failing)s (%(failing_vantage)s).",
        subject=subject,
        ready=ready.evidence,
        ready_vantage=ready.claim.vantage,
        rate=failing.claim.value,
        failing=failing.evidence,
        failing_vantage=failing.claim.vantage,
    )
    return Conflict(subject, ready, failing, said)
