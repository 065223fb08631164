"""What webhooks would have told of waiting pull requests: checks, reviews, whether they can be merged. A few each reading."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from github import Github

from cells.hosts.github import client, pulls
from cells.hosts.github.payloads import RED
from cells.models import GitHubConnection, Patch, PullRequest, Repository
from cells.patches import checks, life
from cells.pulls import mirror
from cells.pulls.rows import renew
from cells.refusals import Refused
from cells.sentences import Sentence

AT_ONCE = 25
SOONEST, LATEST = timedelta(minutes=1), timedelta(days=1)


def look(repository: Repository, alive: Callable[[], None] = lambda: None) -> list[Sentence]:
    """Ask about those that it is time for, and tell their patches; and what went wrong. Nothing is raised."""
    connection = mirror.reached(repository)
    if connection is None or mirror.rests(connection):
        return []
    rows = due(connection, timezone.now())
    if not rows:
        return []
    try:
        with client.speaking(connection, client.HURRY) as github:
            for row in rows:
                if not pulls.may_go_on(github):
                    break
                alive()
                _ask(connection, github, row)
    except Refused as refused:
        mirror.tell(connection, refused.why)
        return [refused.why]
    return []


def due(connection: GitHubConnection, now: datetime) -> list[PullRequest]:
    """Open ones whose patch waits: what was never asked first, then what was not asked for longest."""
    waiting = Patch.objects.filter(pull=OuterRef("pk"), state=life.PROPOSED)
    rows = PullRequest.objects.filter(Exists(waiting), connection=connection, state=PullRequest.OPEN)
    rows = rows.order_by(F("checks_at").asc(nulls_first=True), "-number")
    told = rows.values_list("pk", "checks_at", "updated_there")
    wanted = [pk for pk, asked, moved in told if is_due(asked, moved, now)][:AT_ONCE]
    return sorted(PullRequest.objects.filter(pk__in=wanted), key=lambda row: wanted.index(row.pk))


def is_due(asked: datetime | None, moved: datetime, now: datetime) -> bool:
    """Whether it is time to ask again: the longer nothing happened there, the longer it waits, a day at most."""
    if asked is None:
        return True
    return now >= asked + min(max((asked - moved) / 2, SOONEST), LATEST)


def _ask(connection: GitHubConnection, github: Github, row: PullRequest) -> None:
    """Told first and written last: whoever dies in between asks again."""
    where = pulls.by_number(connection.number or 0)
    now, told = timezone.now(), pulls.one(github, where, row.number)
    if told is None:
        PullRequest.objects.filter(pk=row.pk).update(checks_at=now)
        return
    found = pulls.checks(github, where, told.head)
    thought = [
        {"login": one.login, "state": one.state, "sha": one.sha, "at": one.at}
        for one in pulls.reviews(github, where, row.number)
    ]
    shown = [{"name": one.name, "state": one.state, "url": one.url} for one in found.rows]
    _tell(row, told.head, found)
    renew(row, told, reviews=thought, checks=shown, checks_at=now)


def _tell(row: PullRequest, head: str, found: pulls.Checks) -> None:
    """Where not everything may be seen, only what is red is sure."""
    if found.at is None or not (found.whole or found.state == RED):
        return
    waiting = Patch.objects.filter(pull=row, tip=head, state__in=checks.OPEN)
    for patch in waiting.select_related("repository", "lane"):
        checks.heard(patch=patch, state=found.state, tip=head, at=found.at)
