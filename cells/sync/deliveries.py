"""What a webhook causes. Its row is the job: done twice, late or out of order, the outcome is the same."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from cells.clock import wake
from cells.hosts.github.payloads import READ, UNKNOWN
from cells.hosts.github.remarks import Remark
from cells.hosts.github.results import Said, together
from cells.hosts.github.times import moment
from cells.models import Delivery, GitHubConnection, Patch, PullRequest, Repository
from cells.patches import checks
from cells.pulls import comments, landing
from cells.sentences import Sentence, sentence
from cells.sync import runs

log = logging.getLogger(__name__)

KEPT = timedelta(days=30)
LATE = timedelta(seconds=30)  # so long a worker may need before it is woken again
MAIN_MOVED = 30  # seconds until what waits for main is looked at: one look for many pushes
AT_ONCE = 100  # late ones woken by one beat

ASKED = sentence("A reading of the repository was asked for.")
PULLS = sentence("A reading was asked for; it brings the pull request as it stands at GitHub.")
NO_ASK = sentence("It asks nothing: a person's new comment does, where a paragraph of it begins with /ask.")
HEARD = sentence("What it asks is kept; see the comments that ask.")
NO_COMMIT = sentence("It names no commit and no time that could be used.")
OLD = sentence("It is about a time more than 30 days ago.")
NOBODY = sentence("No patch waits with that commit now.")
COLOURS = {"green": sentence("green"), "red": sentence("red"), "unknown": sentence("unknown")}
FAULT = sentence("A fault of ours; the log says which.")


def handle(row: Delivery) -> None:
    """Do what it asks for and say what came of it. What was handled already stays as it is."""
    if row.state != Delivery.TAKEN:
        return
    try:
        state, note = _handler(row)(row)
    except Exception:  # one delivery's trouble is not the others'
        log.exception("%s failed", row)
        state, note = Delivery.FAILED, FAULT
    Delivery.objects.filter(pk=row.pk, state=Delivery.TAKEN).update(state=state, note=note.as_json())


def _handler(row: Delivery) -> Callable[[Delivery], tuple[str, Sentence]]:
    if row.event in READ:
        return _read
    if row.event == "issue_comment":
        return _comment
    return _check


def _read(row: Delivery) -> tuple[str, Sentence]:
    runs.request(row.connection.repository, asked_by="github")
    if row.event == "push":
        _pushed(row.connection, str(row.said.get("ref", "")).removeprefix("refs/heads/"))
        return Delivery.DONE, ASKED
    if number := row.said.get("number"):
        landing.look_soon(row.connection, number=number)
    return Delivery.DONE, PULLS


def _pushed(connection: GitHubConnection, branch: str) -> None:
    """Main moves whatever waits for it; another branch, the pull requests from it."""
    if branch == connection.repository.branch:
        landing.look_soon(connection, after=MAIN_MOVED, base_ref=branch)
    elif branch:
        landing.look_soon(connection, head_ref=branch, fork=False)


def _comment(row: Delivery) -> tuple[str, Sentence]:
    if row.said and comments.take(row.connection, Remark(**row.said)):
        return Delivery.DONE, HEARD
    return Delivery.IGNORED, NO_ASK


def _check(row: Delivery) -> tuple[str, Sentence]:
    at = moment(row.said.get("at"))
    if not row.sha or at is None:
        return Delivery.IGNORED, NO_COMMIT
    if at < timezone.now() - KEPT:
        return Delivery.IGNORED, OLD
    landing.look_soon(row.connection, head=row.sha)
    # What is said of it one by one is asked for by the next reading.
    PullRequest.objects.filter(connection=row.connection, head=row.sha).update(checks_at=None)
    waiting = list(_waiting(row.connection).filter(tip=row.sha))
    if not waiting:
        return Delivery.DONE, NOBODY
    changed = [tell(row.connection, patch) for patch in waiting]
    said = {"patch": waiting[0].pk, "state": COLOURS[waiting[0].checks]}
    if any(changed):
        return Delivery.DONE, sentence("The checks of patch %(patch)s are %(state)s now.", **said)
    return Delivery.DONE, sentence("The checks of patch %(patch)s stay %(state)s.", **said)


def tell(connection: GitHubConnection, patch: Patch) -> bool:
    """Give the patch what all deliveries about its very tip come to; True when that changed it."""
    rows = Delivery.objects.filter(connection=connection, sha=patch.tip)
    words, oldest = [], timezone.now() - KEPT
    for said in rows.values_list("said", flat=True):
        at = moment(said.get("at"))
        if at and at >= oldest:
            words.append(Said(said["of"], said["name"], said["state"], at))
    state, at = together(words)
    return at is not None and checks.heard(patch=patch, state=state, tip=patch.tip, at=at)


def settle() -> int:
    """Deliveries nobody took are woken. Returns how many."""
    late = Delivery.objects.filter(state=Delivery.TAKEN, received_at__lt=timezone.now() - LATE)
    numbers = list(late.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for number in numbers:
        wake("cells.hook", delivery_id=number)
    return len(numbers)


def catch_up(repository: Repository) -> None:
    """Patches that came after the word about their checks are told it now."""
    spoken = Delivery.objects.filter(connection=repository.github, sha=OuterRef("tip"))
    for patch in _waiting(repository.github).filter(Exists(spoken), checks=UNKNOWN, checks_by=None):
        tell(repository.github, patch)


def tidy() -> int:
    """Rows are kept for 30 days."""
    return Delivery.objects.filter(received_at__lt=timezone.now() - KEPT).delete()[0]


def _waiting(connection: GitHubConnection) -> QuerySet[Patch]:
    rows = Patch.objects.filter(repository_id=connection.repository_id, state__in=checks.OPEN)
    return rows.select_related("repository", "lane").order_by("pk")
