"""What to do with the pull request of an approval, decided from how it stands. Touches nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cells.hosts.github.merging import Seen
from cells.hosts.github.pull_payloads import MERGED, OPEN
from cells.sentences import Sentence, sentence

SOON, LATER, RARELY = 5, 30, 600  # seconds until the next look


@dataclass(frozen=True, slots=True)
class Expected:
    """What the approval was of. `young`: pushed by us so lately that its checks may not have begun."""

    head: str
    base: str
    ours: bool
    young: bool = False


@dataclass(frozen=True, slots=True)
class Merge:
    """GitHub would merge it now, and may."""


@dataclass(frozen=True, slots=True)
class Wait:
    why: Sentence
    seconds: int = LATER


@dataclass(frozen=True, slots=True)
class Stale:
    """The approval does not cover what stands there now."""

    why: Sentence


@dataclass(frozen=True, slots=True)
class Landed:
    """Merged. `approved`: its head was what the approval is of. `at`: when, by GitHub's clock."""

    sha: str
    by: str
    approved: bool = False
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Ours has to stand on today's main."""

    why: Sentence


Step = Merge | Wait | Stale | Landed | Rebuild


def next_step(seen: Seen, expected: Expected, required: bool) -> Step:
    """`required`: the branch's rules name checks that have to pass. What nobody knows is waited for, never merged."""
    pull = seen.pull
    if pull.state == MERGED:
        return _merged(seen, expected)
    if pull.state != OPEN:
        return Stale(_closed(seen))
    if pull.head != expected.head:
        return Stale(sentence("Somebody pushed to #%(number)s after the approval.", number=pull.number))
    if pull.base_ref != expected.base:
        said = {"number": pull.number, "base": pull.base_ref}
        return Stale(sentence("Pull request #%(number)s leads to another branch now: %(base)s.", **said))
    if pull.draft:
        return Wait(DRAFT, RARELY)
    return _mergeable(seen, expected, required)


def _merged(seen: Seen, expected: Expected) -> Step:
    pull = seen.pull
    if pull.base_ref != expected.base:
        said = {"number": pull.number, "base": pull.base_ref}
        return Stale(
            sentence("Pull request #%(number)s was merged at GitHub into another branch: %(base)s.", **said)
        )
    return Landed(pull.merge_commit, seen.by, pull.head == expected.head, pull.closed or pull.updated)


def _mergeable(seen: Seen, expected: Expected, required: bool) -> Step:
    """By GitHub's own word, `mergeable_state`; one that is not known here is none to merge on."""
    state = seen.pull.mergeable
    ready = state in ("clean", "has_hooks")
    if ready and expected.young:
        return Wait(YOUNG, SOON)
    if ready or (state == "unstable" and required):
        return Merge()
    if state in ("behind", "dirty") and expected.ours:
        return Rebuild(KEPT_BACK[state][0])
    if state in ("unstable", "blocked"):
        return _checks(seen) or Wait(UNSTABLE if state == "unstable" else BLOCKED)
    why, seconds = KEPT_BACK.get(state or "", (UNKNOWN, SOON))
    return Wait(why, seconds)


UNKNOWN = sentence("GitHub is still working out whether it can be merged.")
YOUNG = sentence("It was pushed just now; checks that are about to begin are waited for.")
UNSTABLE = sentence("GitHub says that not all its checks have passed.")
BLOCKED = sentence(
    "The rules of the branch at GitHub keep it back: a review they require is missing, or a check that has not begun."
)
BEHIND = sentence(
    "The rules of the branch at GitHub want it up to date first: somebody has to update it there, and then it is decided anew."
)
DIRTY = sentence("GitHub says that it conflicts with the branch it leads to.")
DRAFT = sentence("It is a draft at GitHub; mark it ready for review there first.")
KEPT_BACK = {"behind": (BEHIND, LATER), "dirty": (DIRTY, RARELY), "draft": (DRAFT, RARELY)}


def _closed(seen: Seen) -> Sentence:
    if seen.by:
        said = {"number": seen.pull.number, "who": seen.by}
        return sentence("Its pull request #%(number)s was closed at GitHub by %(who)s.", **said)
    return sentence("Its pull request #%(number)s was closed at GitHub.", number=seen.pull.number)


def _checks(seen: Seen) -> Wait | None:
    """The checks that keep it back, if any are known."""
    if seen.failing:
        why = sentence(
            "A check failed: %(names)s. It is merged when that check has passed.",
            names=", ".join(seen.failing),
        )
        return Wait(why)
    if seen.running:
        return Wait(sentence("It waits for checks: %(names)s.", names=", ".join(seen.running)))
    return None
