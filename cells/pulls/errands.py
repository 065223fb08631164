"""Errands: what is to be written at GitHub, once. The row is the job; whoever does it looks first whether it is done."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from cells.clock import lease, wake
from cells.hosts import source
from cells.hosts.github import writing
from cells.hosts.github.client import Unanswered
from cells.models import Errand, GitHubConnection, PullRequest, Review
from cells.sentences import Sentence, sentence
from cells.stored import as_stored

log = logging.getLogger(__name__)

ATTEMPTS = 8
WAIT, LONGEST = 30, 6 * 3600  # seconds after the first failure, fourfold after each, and the most
AT_ONCE = 50  # woken by one beat
LATE = timedelta(seconds=30)  # so long a worker may need before an errand is woken again
BODY = 60_000  # characters; GitHub takes 65,536

FAULT = sentence("A fault of ours; the log says which.")
MOVED = sentence("Somebody pushed to it meanwhile, so it was left as it is.")
TAKEN_BACK = sentence("The decision was taken back before it was told.")


def order(
    connection: GitHubConnection, *, key: str, verb: str, number: int, said: dict[str, Any], wait: int = 0
) -> Errand:
    """The errand of this key, waiting (`wait` seconds at least) when what is said is new. Told the same again, nothing
    happens. Where what is said names a `review`, it is done only while that counts.
    """
    not_before = timezone.now() + timedelta(seconds=wait) if wait > 0 else None
    said = as_stored(said)
    first = {"verb": verb, "number": number, "said": said, "not_before": not_before}
    row, made = Errand.objects.get_or_create(connection=connection, key=key, defaults=first)
    if not made:
        if row.said == said:
            return row
        Errand.objects.filter(pk=row.pk).update(
            said=said, verb=verb, number=number, version=F("version") + 1, state=Errand.WAITING, attempts=0,
            not_before=not_before, note=None, done_at=None,
        )  # fmt: skip
        row.refresh_from_db()
    wake("cells.errand", after=wait, errand_id=row.pk)
    return row


def carry_out(errand: Errand) -> None:
    """Do it and write down what came of it. One that is done, claimed, or not due stays as it is."""
    if not _claimed(errand):
        return
    there, note = errand.there, None
    try:
        there, note = _done(errand)
    except Unanswered as refused:
        _failed(errand, refused.why)
    except Exception:
        log.exception("errand %s failed", errand)
        _failed(errand, FAULT)
    else:
        _written(errand, there, note)


def _claimed(errand: Errand) -> bool:
    """One worker has it, until its lease ends; while GitHub wants to be left alone nobody has."""
    now = timezone.now()
    errand.refresh_from_db()
    rest = errand.connection.rest_until
    if errand.state != Errand.WAITING:
        return False
    if rest and rest > now:
        Errand.objects.filter(pk=errand.pk, state=Errand.WAITING).update(not_before=rest)
        return False
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    due = Q(not_before=None) | Q(not_before__lte=now)
    rows = Errand.objects.filter(free, due, pk=errand.pk, state=Errand.WAITING, version=errand.version)
    if not rows.update(lease_until=lease(), attempts=F("attempts") + 1):
        return False
    errand.refresh_from_db()
    return True


def _done(errand: Errand) -> tuple[int | None, Sentence | None]:
    """GitHub's id of the comment, if there is one, and what is to be said about it."""
    said, connection, number = errand.said, errand.connection, errand.number
    if _taken_back(said):
        return errand.there, TAKEN_BACK
    if errand.verb == Errand.LABEL:
        writing.label(connection, number, add=said.get("add", []), drop=said.get("drop", []))
    elif errand.verb == Errand.DELETE_BRANCH:
        return None, _branch_deleted(errand)
    there = errand.there
    if errand.verb in (Errand.COMMENT, Errand.CLOSE) and said.get("body"):
        there = writing.comment(
            connection, number, said["body"][:BODY], marker=marker(errand.key), since=errand.made_at, there=there
        )  # fmt: skip
    return there, _closed(errand) if errand.verb == Errand.CLOSE else None


def _taken_back(said: dict[str, Any]) -> bool:
    """Whether the decision that it tells of does not count any more."""
    review = said.get("review")
    return review is not None and not Review.objects.filter(pk=review, void__isnull=True).exists()


def _closed(errand: Errand) -> Sentence | None:
    """The row knows at once: who takes the decision back now has to reopen it there. A later word of GitHub's stands."""
    sha = errand.said.get("sha", "")
    if not writing.close(errand.connection, errand.number, sha):
        return MOVED
    rows = PullRequest.objects.filter(connection=errand.connection, number=errand.number, head=sha)
    rows.filter(state=PullRequest.OPEN).update(state=PullRequest.CLOSED, closed_at=timezone.now())
    return None


def end_taken_back(connection: GitHubConnection, begins: str) -> None:
    """What waits to tell of decisions that do not count any more needs not wait; `begins` is how their keys begin."""
    rows = Errand.objects.filter(connection=connection, key__startswith=begins, state=Errand.WAITING)
    for row in rows:
        if _taken_back(row.said):
            _written(row, row.there, TAKEN_BACK)


def marker(key: str) -> str:
    """The last line of our comment; it is not shown."""
    return f"<!-- vpm:{key.replace('--', '-')} -->"


def _branch_deleted(errand: Errand) -> Sentence | None:
    """By git, which compares and deletes in one step: what somebody pushed there is not lost."""
    repository = errand.connection.repository
    outcome = source.place(repository, errand.said["name"], "", errand.said["sha"])
    if outcome.ok:
        return None
    if outcome.stale:
        return MOVED
    raise Unanswered(outcome.note or FAULT)


def _written(errand: Errand, there: int | None, note: Sentence | None) -> None:
    """What it says may have changed meanwhile: then the comment's id is kept, and it is done once more."""
    mine = Errand.objects.filter(pk=errand.pk)
    now = {"state": Errand.DONE, "done_at": timezone.now(), "note": note.as_json() if note else None}
    if not mine.filter(version=errand.version).update(there=there, lease_until=None, **now):
        mine.update(there=there, lease_until=None)
        wake("cells.errand", errand_id=errand.pk)


def _failed(errand: Errand, why: Sentence) -> None:
    rest = GitHubConnection.objects.values_list("rest_until", flat=True).get(pk=errand.connection_id)
    now = timezone.now()
    mine = Errand.objects.filter(pk=errand.pk, version=errand.version)
    if rest and rest > now:  # that is no failure of the errand
        mine.update(lease_until=None, not_before=rest, attempts=F("attempts") - 1, note=why.as_json())
        return
    state = Errand.FAILED if errand.attempts >= ATTEMPTS else Errand.WAITING
    wait = timedelta(seconds=min(WAIT * 4 ** (errand.attempts - 1), LONGEST))
    mine.update(lease_until=None, not_before=now + wait, state=state, note=why.as_json())


def settle() -> int:
    """Errands that are due and that nobody has are woken. Returns how many."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    due = Q(not_before__lte=now) | Q(not_before=None, made_at__lt=now - LATE)
    rows = Errand.objects.filter(free, due, state=Errand.WAITING)
    numbers = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for number in numbers:
        wake("cells.errand", errand_id=number)
    return len(numbers)
