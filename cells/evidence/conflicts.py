"""Where two pieces of evidence cannot both be right: availability, values of one event, times in two zones."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cells.evidence.claims import Claim, is_condition, stamp_of
from cells.evidence.readers.base import event_stamp
from cells.evidence.readers.runlines import written
from cells.sentences import Sentence, sentence

WINDOW = timedelta(days=7)
SAME_HOUR = timedelta(hours=1)
FAILING_PERCENT = 50.0
AVAILABILITY, VALUE, TIME_ZONE = KINDS = ("availability", "value", "time-zone")

_TOLERANCE = 1.0
_MOST_HOURS = 14
# So many vantage points or times of one subject are compared with each other; more only cost time.
_MOST_COMPARED = 20
# Of one run there is one of each; of a cell only what was measured, and only at one moment.
_JUDGED = frozenset({"decision", "risk_level"})
_OF_AN_EVENT = _JUDGED | {"status", "exit_code"}
_MEASURED = frozenset({"success_rate", "requests", "errors"})


@dataclass(frozen=True, slots=True)
class DatedClaim:
    """A claim, when its evidence was observed (aware), and the path of the evidence that makes it.

    `exact` is False when only the day is known, or only the commit that brought the evidence.
    """

    claim: Claim
    observed_at: datetime
    evidence: str
    exact: bool = True

    @property
    def at(self) -> datetime:
        """When the claim was observed: as it says itself, else as its evidence was."""
        return self.claim.observed_at or self.observed_at

    @property
    def timed(self) -> bool:
        """Whether `at` is the moment of the observation itself."""
        return self.exact or self.claim.observed_at is not None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two claims about `subject` that disagree, and a sentence that names both documents.

    `kind` is "availability" (`left` says it is well, `right` that it fails), "value" or "time-zone" (`left` is what
    the run id or the other document says).
    """

    kind: str
    subject: str
    left: DatedClaim
    right: DatedClaim
    sentence: Sentence


def conflicts_of(claims: Sequence[DatedClaim]) -> tuple[Conflict, ...]:
    """All conflicts, the same for the same claims in any order: availability, then values, then time zones."""
    subjects: defaultdict[str, list[DatedClaim]] = defaultdict(list)
    for dated in claims:
        # What nobody is named for cannot disagree with anything.
        if dated.claim.subject:
            subjects[dated.claim.subject].append(dated)
    found: list[Conflict] = []
    for subject in sorted(subjects):
        told = sorted(subjects[subject], key=_order)
        found += [*_availability(told), *_values(told), *_time_zones(told)]
    return tuple(sorted(found, key=lambda conflict: KINDS.index(conflict.kind)))


def _order(dated: DatedClaim) -> tuple[datetime, str, int, str, str]:
    claim = dated.claim
    return dated.at, dated.evidence, claim.line, claim.predicate, claim.value


def _availability(told: list[DatedClaim]) -> Iterator[Conflict]:
    ready: defaultdict[str, list[DatedClaim]] = defaultdict(list)
    for dated in told:
        if (dated.claim.predicate, dated.claim.value) == ("ready", "True"):
            ready[dated.claim.vantage].append(dated)
    if not ready:
        return
    well = sorted((dated for group in ready.values() for dated in group), key=_order)
    for dated in told:
        if _is_failing(dated.claim):
            if left := _nearest(well, dated, WINDOW):
                yield _failing_though_ready(left, dated)
        elif dated.claim.predicate == "ready" and (left := _elsewhere(ready, dated)):
            yield _ready_and_not(left, dated)


def _is_failing(claim: Claim) -> bool:
    if claim.predicate != "success_rate" or claim.unit != "%":
        return False
    try:
        return float(claim.value) <= FAILING_PERCENT
    except ValueError:
        return False


def _nearest(candidates: list[DatedClaim], to: DatedClaim, within: timedelta) -> DatedClaim | None:
    """The nearest in time of the sorted candidates; of equally near ones the earlier."""
    place = bisect_left(candidates, to.at, key=lambda dated: dated.at)
    near = [dated for dated in candidates[max(0, place - 1) : place + 1] if abs(dated.at - to.at) <= within]
    return min(near, key=lambda dated: abs(dated.at - to.at), default=None)


def _elsewhere(ready: dict[str, list[DatedClaim]], to: DatedClaim) -> DatedClaim | None:
    """Who called it ready within the hour in which `to` does not, from another place: the same one saw it change."""
    if to.claim.value != "False" or not to.timed:
        return None
    others = sorted(vantage for vantage in ready if vantage != to.claim.vantage)[:_MOST_COMPARED]
    near = [dated for vantage in others if (dated := _nearest(ready[vantage], to, SAME_HOUR))]
    return min(near, key=lambda dated: abs(dated.at - to.at), default=None)


def _failing_though_ready(ready: DatedClaim, failing: DatedClaim) -> Conflict:
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
    return Conflict(AVAILABILITY, subject, ready, failing, said)


def _ready_and_not(ready: DatedClaim, not_ready: DatedClaim) -> Conflict:
    subject = ready.claim.subject
    said = sentence(
        "%(subject)s is ready according to %(ready)s (%(ready_vantage)s), but not ready according to %(not_ready)s"
        " (%(not_ready_vantage)s) within the same hour.",
        subject=subject,
        ready=ready.evidence,
        ready_vantage=ready.claim.vantage,
        not_ready=not_ready.evidence,
        not_ready_vantage=not_ready.claim.vantage,
    )
    return Conflict(AVAILABILITY, subject, ready, not_ready, said)


def _values(told: list[DatedClaim]) -> Iterator[Conflict]:
    """Of one event or moment: the last word of each document beside the first document's."""
    groups: defaultdict[tuple[object, ...], dict[str, DatedClaim]] = defaultdict(dict)
    for dated in told:
        claim, is_event = dated.claim, event_stamp(dated.claim.subject) is not None
        if _has_one_value(claim.predicate, is_event) and (is_event or dated.timed):
            # A run is one event whenever it is reported; what is measured may change from hour to hour.
            moment = None if is_event else dated.at
            groups[claim.predicate, claim.vantage, claim.unit, moment][dated.evidence] = dated
    for documents in groups.values():
        first, *others = documents.values()
        seen = {first.claim.value}
        for other in others:
            if other.claim.value not in seen and not _agree(first.claim, other.claim):
                seen.add(other.claim.value)
                yield _value(first, other)


def _has_one_value(predicate: str, is_event: bool) -> bool:
    if predicate in _MEASURED or is_condition(predicate):
        return True
    if is_event:
        return predicate in _OF_AN_EVENT or predicate.startswith("exit_code.")
    return predicate in _JUDGED


def _agree(one: Claim, other: Claim) -> bool:
    """`non-zero` and `1` may be the same exit; words are compared without case."""
    values = {one.value.lower(), other.value.lower()}
    return len(values) == 1 or ("non-zero" in values and "0" not in values)


def _value(left: DatedClaim, right: DatedClaim) -> Conflict:
    claim = left.claim
    said = sentence(
        "%(predicate)s of %(subject)s is %(left)s according to %(left_document)s, but %(right)s according to"
        " %(right_document)s. Only one of them can be right.",
        subject=claim.subject,
        predicate=claim.predicate,
        left=f"{claim.value}{claim.unit}",
        left_document=left.evidence,
        right=f"{right.claim.value}{right.claim.unit}",
        right_document=right.evidence,
    )
    return Conflict(VALUE, claim.subject, left, right, said)


def _time_zones(told: list[DatedClaim]) -> Iterator[Conflict]:
    times = {(dated.evidence, dated.at): dated for dated in told if _is_time(dated.claim)}
    if not times:
        return
    subject = told[0].claim.subject
    own = stamp_of(subject)
    unlike: dict[datetime, DatedClaim] = {}
    for dated in times.values():
        if own and (hours := hours_apart(own, dated.at)):
            left = DatedClaim(Claim(subject, "ts", written(own), "", "", 0, own), own, subject)
            yield _against_id(left, dated, hours)
        elif own is None or abs(own - dated.at).total_seconds() > _TOLERANCE:
            unlike.setdefault(dated.at, dated)
    yield from _between(list(unlike.values())[:_MOST_COMPARED])


def _is_time(claim: Claim) -> bool:
    return claim.predicate == "ts" and claim.observed_at is not None


def _between(times: list[DatedClaim]) -> Iterator[Conflict]:
    for place, left in enumerate(times):
        for right in times[place + 1 :]:
            hours = hours_apart(left.at, right.at)
            if hours and left.evidence != right.evidence:
                yield _between_documents(left, right, hours)


def hours_apart(one: datetime, other: datetime) -> int:
    """The whole number of hours, 1..14, between two instants that differ by just that (± 1 s); else 0."""
    seconds = abs((other - one).total_seconds())
    hours = round(seconds / 3600)
    return hours if 1 <= hours <= _MOST_HOURS and abs(seconds - 3600 * hours) <= _TOLERANCE else 0


def _against_id(left: DatedClaim, right: DatedClaim, hours: int) -> Conflict:
    said = sentence(
        "The run %(subject)s says %(left_time)s by its own id, but %(right_document)s says %(right_time)s: exactly"
        " %(hours)s h apart, so one of them was written in another time zone. Correct the time in"
        " %(right_document)s.",
        subject=left.claim.subject,
        left_time=written(left.at),
        right_document=right.evidence,
        right_time=written(right.at),
        hours=hours,
    )
    return Conflict(TIME_ZONE, left.claim.subject, left, right, said)


def _between_documents(left: DatedClaim, right: DatedClaim, hours: int) -> Conflict:
    said = sentence(
        "The run %(subject)s took place at %(left_time)s according to %(left_document)s, but at %(right_time)s according"
        " to %(right_document)s: exactly %(hours)s h apart, so one of them was written in another time zone."
        " Correct the one that is wrong.",
        subject=left.claim.subject,
        left_time=written(left.at),
        left_document=left.evidence,
        right_time=written(right.at),
        right_document=right.evidence,
        hours=hours,
    )
    return Conflict(TIME_ZONE, left.claim.subject, left, right, said)
