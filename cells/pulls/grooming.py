"""Grooming: what an answer of pr_groomer proposes for each waiting proposal, and doing it as one reviewed decision.

The answer decides nothing. A person sees every line with what would happen to it, changes what they like, and each is then
decided by its own digest, as everywhere. What changed since the groomer looked is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.contrib.auth.models import User
from django.db import transaction

from cells import audit
from cells.asks.backlog import MODE, OURS
from cells.asks.modes.pr_groomer import CATEGORIES
from cells.models import Ask, Errand, Patch, PullRequest
from cells.patches import bulk, life
from cells.patches.moves import moved
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER, require
from cells.pulls import errands
from cells.pulls.sorting import ANSWERED, CLOSE, KEEP, MERGE, Sorted, sorted_by
from cells.refusals import Refused
from cells.sentences import Sentence, sentence

KEPT = "kept"  # beside the ways of deciding many: it stays as it is, and there is no pull request to label
WAYS = (*bulk.WAYS, KEPT)

_VERBS = {MERGE: "approve", CLOSE: "archive"}

CHANGED = sentence(
    "It changed since the groomer looked at it; look at it on its own page, or ask the groomer again."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants done with one of them, and what they saw of it."""

    seen: bulk.Seen
    action: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One of them: what would happen or has happened to it, why not, and what is missing until it lands."""

    patch: Patch
    said: Sorted
    wish: Wish
    how: str
    why: Sentence | None = None
    still: Sentence | None = None

    @property
    def reason(self) -> str:
        """What is stored as the reason of the decision; "" where nothing is decided."""
        return self.wish.reason if self.wish.action in _VERBS and self.how in (bulk.READY, bulk.DONE) else ""

    @property
    def number(self) -> int | None:
        """Of the pull request that is open for it."""
        pull = _open(self.patch)
        return pull.number if pull else None


@dataclass(frozen=True, slots=True)
class Plan:
    """What waits and was sorted; of the question's other patches how many were not sorted, or wait no more."""

    lines: tuple[Line, ...]
    unsorted: int
    gone: int


def check(ask: Ask, by: User) -> None:
    """Refuse whom it is not for, and what is no answer of the groomer."""
    require(by, REVIEWER)
    if ask.mode != MODE or ask.state not in ANSWERED:
        raise Refused(sentence("This ask has no answer that sorts proposals, so there is nothing to apply."))


def applicable(ask: Ask, by: User) -> bool:
    """Whether there is anything for this person to look at."""
    try:
        check(ask, by)
    except Refused:
        return False
    return bool(sorted_by(ask)[0])


def plan(ask: Ask, by: User) -> Plan:
    """Every sorted patch that still waits, with what the answer's own proposal would do to it. Raises Refused."""
    check(ask, by)
    said, asked = sorted_by(ask)
    rows = _rows(said)
    waits = [one for pk, one in said.items() if pk in rows and rows[pk].state == life.PROPOSED]
    wishes = [
        Wish(seen_now(rows[one.pk]), one.action, one.reason) for one in sorted(waits, key=lambda one: -one.pk)
    ]
    lines = tuple(_previewed(ask, wishes, by)) if wishes else ()
    return Plan(lines, len(asked - set(said)), len(said) - len(lines))


def preview(ask: Ask, wishes: Sequence[Wish], by: User) -> list[Line]:
    """What would happen to each; nothing is changed. What the answer does not speak of is left out. Raises Refused."""
    _check(ask, wishes, by)
    return _previewed(ask, wishes, by)


def apply(*, ask: Ask, wishes: Sequence[Wish], by: User) -> list[Line]:
    """Each that can be, with its label at GitHub in the same transaction. Raises Refused when nothing can begin."""
    _check(ask, wishes, by)
    lines = {line.patch.pk: line for line in _previewed(ask, wishes, by)}
    decided = [line for line in lines.values() if line.how == bulk.READY and line.wish.action in _VERBS]

    def labelled(done: bulk.Line) -> None:
        _label(ask, lines[done.patch.pk])

    if decided:
        for done in bulk.decide_each(wishes=[_decision(line.wish) for line in decided], by=by, also=labelled):
            before = lines[done.patch.pk]
            still = before.still if done.how == bulk.DONE else None
            lines[done.patch.pk] = replace(before, how=done.how, why=done.why, still=still)
    for line in list(lines.values()):
        if line.how == bulk.READY and line.wish.action == KEEP:
            with transaction.atomic():
                _label(ask, line)
            lines[line.patch.pk] = replace(line, how=bulk.DONE)
    found = list(lines.values())
    audit.record(actor=by, verb="groom", subject=ask, repository=ask.repository.key, after=counted(found))
    return found


def counted(lines: Iterable[Line]) -> dict[str, int]:
    """How many of each: by action those that are or would be done, by way the others."""
    found: dict[str, int] = {}
    for line in lines:
        key = line.wish.action if line.how in (bulk.READY, bulk.DONE) else line.how
        found[key] = found.get(key, 0) + 1
    return found


def seen_now(patch: Patch) -> bulk.Seen:
    return bulk.Seen(patch.pk, patch.digest, fingerprint(patch.verdict))


def _check(ask: Ask, wishes: Sequence[Wish], by: User) -> None:
    check(ask, by)
    if any(wish.action not in (MERGE, CLOSE, KEEP) for wish in wishes):
        raise Refused(sentence("A sorted proposal can be merged, closed or kept."))
    bulk.check([wish.seen for wish in wishes])


def _previewed(ask: Ask, wishes: Sequence[Wish], by: User) -> list[Line]:
    said, _ = sorted_by(ask)
    rows = _rows(said)
    lines = [
        _looked(Line(rows[wish.seen.pk], said[wish.seen.pk], wish, bulk.READY))
        for wish in wishes
        if wish.seen.pk in rows
    ]
    deciding = [line for line in lines if line.how == bulk.READY and line.wish.action in _VERBS]
    looked = bulk.preview_each([_decision(line.wish) for line in deciding], by) if deciding else []
    found = {line.patch.pk: line for line in looked}
    return [_joined(line, found.get(line.patch.pk), by) for line in lines]


def _looked(line: Line) -> Line:
    """Whether it still is what was sorted, and what the person saw."""
    patch, wish = line.patch, line.wish
    if patch.state != life.PROPOSED:
        return replace(line, how=bulk.STALE, why=moved(patch))
    if not line.said.is_of(patch.digest) or patch.digest != wish.seen.digest:
        return replace(line, how=bulk.STALE, why=CHANGED)
    if wish.action == KEEP and line.number is None:
        return replace(line, how=KEPT)
    return line


def _joined(line: Line, decided: bulk.Line | None, by: User) -> Line:
    if decided is None:
        return line
    return replace(line, how=decided.how, why=decided.why, still=bulk.still_missing(decided, by))


def _decision(wish: Wish) -> bulk.Wish:
    return bulk.Wish(wish.seen, _VERBS[wish.action], wish.reason)


def _label(ask: Ask, line: Line) -> None:
    """One label of ours at a time: another answer's goes."""
    pull = _open(line.patch)
    if pull is None:
        return
    said = {
        "add": [f"{OURS}{line.said.category}"],
        "drop": [f"{OURS}{one}" for one in CATEGORIES if one != line.said.category],
    }
    key = f"groom:{ask.pk}:{pull.number}"
    errands.order(pull.connection, key=key, verb=Errand.LABEL, number=pull.number, said=said)


def _open(patch: Patch) -> PullRequest | None:
    return patch.pull if patch.pull and patch.pull.state == PullRequest.OPEN else None


def _rows(said: Iterable[int]) -> dict[int, Patch]:
    rows = Patch.objects.select_related("repository", "lane", "claimed_by", "pull__connection")
    return rows.in_bulk(list(said))
