"""Typed statements read from evidence: a service is ready, so many requests succeeded, seen from somewhere.

A reader is one small file in `readers/`; here they are run, and what they say is made plain and bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from cells.evidence.assign import CellMatch
from cells.evidence.readers import asks, decisions, github, knative, results, runlines, runs, sli, weekly
from cells.evidence.readers.base import (
    CONTROL_PLANE,
    IN_CLUSTER,
    OUTSIDE,
    READ,
    STANDARD_VANTAGES,
    Claim,
    Document,
    Reader,
    stamp_of,
    tidy,
)
from cells.sentences import Sentence, sentence

__all__ = [
    "READERS", "STANDARD_VANTAGES", "Claim", "claims_of", "event_times", "is_condition", "missing_evidence",
    "stamp_of", "standard_vantage", "told_claims", "vantages_of",
]  # fmt: skip

MOST = 60
_AVAILABILITY = frozenset({"ready", "success_rate"})
_UNREAD_KINDS = frozenset({"template", "placeholder", "picture", "plan"})

# In this order they share the room a file has.
READERS: dict[str, Reader] = {
    "knative": knative.read,
    "sli": sli.read,
    "runs": runs.read,
    "runlines": runlines.read,
    "asks": asks.read,
    "decisions": decisions.read,
    "weekly": weekly.read,
    "results": results.read,
}


def claims_of(
    path: str, text: str, kind: str, cells: Sequence[CellMatch], project: str = ""
) -> tuple[Claim, ...]:
    """At most 60 claims of the file, about its only cell, a service, a run, a pull request… Never raises.

    `kind` and `cells` are as `kind_of` and `cells_of` give them, `project` is the key its path tells. Texts of
    a claim are one line without control characters: subject ≤ 100, predicate ≤ 60, value ≤ 200 characters.
    """
    if kind in _UNREAD_KINDS:
        return ()
    # A cell that is only mentioned in the text owns the numbers of a metric report, nothing else.
    only = cells[0] if len(cells) == 1 else None
    named = only.key if only and only.why != "text" else ""
    measured = only.key if only and (named or kind == "metric") else ""
    document = Document(path, text[:READ], kind, named, measured, project)
    return _bounded(chain.from_iterable(reader(document) for reader in READERS.values()))


def told_claims(path: str, text: str, kind: str, subject: str) -> tuple[Claim, ...]:
    """What a document of `cells.evidence.told` claims, about `subject`; the words of others in it claim nothing."""
    return _bounded(github.read(Document(path, text[:READ], kind, subject)))


def event_times(text: str, path: str) -> tuple[Claim, ...]:
    """The times any document (STATE and machine memory too) claims for runs: `ts` claims, dated by themselves."""
    return _bounded(runlines.times_in(Document(path, text[:READ], "")))


def _bounded(claims: Iterator[Claim]) -> tuple[Claim, ...]:
    """The first 60 that say something, each once: the place it is said first stands."""
    found: dict[tuple[object, ...], Claim] = {}
    for claim in map(tidy, islice(claims, 4 * MOST)):
        said = (claim.subject, claim.predicate, claim.value, claim.unit, claim.vantage, claim.observed_at)
        if claim.value and len(found) < MOST:
            found.setdefault(said, claim)
    return tuple(found.values())


def is_condition(predicate: str) -> bool:
    """True for what the control plane says of a service: `ready`, `RoutesReady`, …"""
    return predicate == "ready" or predicate.endswith("Ready")


def standard_vantage(vantage: str) -> str:
    """The standard point a written vantage is: a place that does not say cluster or control plane is outside."""
    words = vantage.lower().replace("-", " ").replace("_", " ").replace(".", " ")
    if "control plane" in words:
        return CONTROL_PLANE
    inside = "cluster" in words and not any(word in words.split() for word in ("outside", "external", "out"))
    return IN_CLUSTER if inside else OUTSIDE


def vantages_of(claims: Iterable[Claim], subject: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(seen, missing): from which standard points the availability of `subject` was looked at, and from which not."""
    told = {
        standard_vantage(claim.vantage)
        for claim in claims
        if claim.subject == subject and claim.predicate in _AVAILABILITY
    }
    seen = tuple(point for point in STANDARD_VANTAGES if point in told)
    return seen, tuple(point for point in STANDARD_VANTAGES if point not in told)


def missing_evidence(subject: str, missing: Iterable[str]) -> tuple[Sentence, ...]:
    """What to bring so that the availability of `subject` can be told, one sentence per missing point."""
    said = {
        CONTROL_PLANE: sentence(
            "Add the status of the service %(subject)s as the control plane reports it, as YAML.",
            subject=subject,
        ),
        IN_CLUSTER: sentence(
            "Measure the success rate of %(subject)s from a pod inside the cluster, and name that place in the report.",
            subject=subject,
        ),
        OUTSIDE: sentence(
            "Measure the success rate of %(subject)s from outside the cluster, and name that place in the report.",
            subject=subject,
        ),
    }
    return tuple(said[point] for point in missing if point in said)
