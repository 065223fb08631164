"""Pull requests as rows: each reading asks GitHub what changed since the last one.

Whatever goes wrong is a sentence, kept with the connection; the reading goes on with what is known. No transaction is
open while GitHub is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from github import Github

from cells import audit
from cells.hosts.github import client, places, pulls
from cells.hosts.github.connecting import ALREADY
from cells.hosts.github.pull_payloads import Pull
from cells.hosts.source import PULL_REFS, SourceUnreadable, fetch_pulls
from cells.models import GitHubConnection, Patch, PullRequest, Repository
from cells.patches import life
from cells.pulls.rows import remember
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.commands import git
from cells.ssot.mirror import Mirror

HEADS = 200  # of forks, fetched by one reading
EARLY = 0.9  # of the time between two beats, which are not exact
NAMED = 25  # closed ones of which one reading asks who closed them

QUIET = sentence("GitHub wants to be left alone for a while; pull requests are as they were last seen.")
CUT = sentence("GitHub holds more pull requests than are read at once; the oldest are not mirrored.")


def bring(repository: Repository, mirror: Mirror, alive: Callable[[], None] = lambda: None) -> list[Sentence]:
    """Bring the rows, and the heads of forks, up to what GitHub says now; and remarks. What goes wrong there is one."""
    connection = reached(repository)
    if connection is None:
        return []
    if rests(connection):
        return [last_trouble(connection)]
    try:
        remarks = _look(connection, alive)
        _bring_heads(connection, mirror, alive)
    except (Refused, SourceUnreadable) as trouble:
        tell(connection, trouble.why)
        return [trouble.why]
    tell(connection, None)
    return remarks


def reached(repository: Repository) -> GitHubConnection | None:
    """The connection, where the repository is read from that very GitHub."""
    row = GitHubConnection.objects.select_related("repository").filter(repository=repository).first()
    return row if row and places.lives_at(repository.source, row.base_url) else None


def rests(connection: GitHubConnection) -> bool:
    """Whether GitHub said to wait, and it is not time yet."""
    return connection.rest_until is not None and connection.rest_until > timezone.now()


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether this reading also asks for comments and for what happened, and when the last one did that asked."""

    mine: bool = True
    before: datetime | None = None


def turn(repository: Repository) -> Turn:
    """Readings come whenever a webhook does; what costs the same each time is asked for once per beat."""
    row, now = reached(repository), timezone.now()
    if row is None:
        return Turn()
    rows = GitHubConnection.objects.filter(pk=row.pk)
    if rests(row):
        return Turn(mine=False)
    if row.asked_at and now < row.asked_at + timedelta(seconds=settings.VPM_SYNC_EVERY) * EARLY:
        return Turn(mine=False)
    return Turn(bool(rows.filter(asked_at=row.asked_at).update(asked_at=now)), row.asked_at)


def unread(repository: Repository, why: Sentence) -> None:
    """Git was not let in, so nothing was asked after it: the connection's page says so as well."""
    if connection := reached(repository):
        tell(connection, why)


def last_trouble(connection: GitHubConnection) -> Sentence:
    said = connection.trouble
    return Sentence(said["text"], said["params"]) if said else QUIET


def tell(connection: GitHubConnection, why: Sentence | None) -> None:
    """Keep what went wrong for the pages; None: nothing did."""
    trouble = why.as_json() if why else None
    if trouble != connection.trouble:
        GitHubConnection.objects.filter(pk=connection.pk).update(trouble=trouble)
        connection.trouble = trouble


def _look(connection: GitHubConnection, alive: Callable[[], None]) -> list[Sentence]:
    """Raises Refused. The cursor moves when everything before it is written."""
    with client.speaking(connection, client.HURRY) as github:
        where = _where(connection, github)
        found = pulls.changed(github, where, connection.pulls_until, alive)
        if found.pulls:
            follow(connection, pulls.Place(*found.pulls[0].repository))
        elif connection.pulls_until is None:  # no pull request tells the name it goes by now
            follow(connection, pulls.place(github, where))
        told = found.pulls if connection.pulls_until else _wanted(connection, found.pulls)
        with transaction.atomic():
            remember(connection, told)
            GitHubConnection.objects.filter(pk=connection.pk).update(pulls_until=found.until)
        _name_closers(connection, github, where)
        if not pulls.may_go_on(github):  # what is left of the hour's limit is for landing
            GitHubConnection.objects.filter(pk=connection.pk).update(asked_at=timezone.now())
    return [CUT] if found.cut else []


def _wanted(connection: GitHubConnection, told: Iterable[Pull]) -> list[Pull]:
    """The first time: what ended before that is wanted only where landing has opened it."""
    known = set(PullRequest.objects.filter(connection=connection).values_list("number", flat=True))
    return [one for one in told if one.state == PullRequest.OPEN or one.number in known]


def _where(connection: GitHubConnection, github: Github) -> str:
    """The repository's address by number; the first time its name is asked for it."""
    if connection.number is None:
        follow(connection, pulls.place(github, f"/repos/{connection.full_name}"))
    return pulls.by_number(connection.number or 0)


def follow(connection: GitHubConnection, place: pulls.Place) -> None:
    """Remember its number, and the name it goes by when that is another one. Raises Refused."""
    before, name = connection.full_name, place.full_name
    if connection.number not in (None, place.number) or not places.FULL_NAME.fullmatch(name):
        return
    if (connection.number, before) == (place.number, name):
        return
    try:
        with transaction.atomic():
            rows = GitHubConnection.objects.filter(pk=connection.pk)
            rows.update(number=place.number, full_name=name)
            if name != before:
                audit.record(
                    actor="github", verb="rename_github", subject=connection.repository,
                    repository=connection.repository.key, before={"full_name": before}, after={"full_name": name},
                )  # fmt: skip
    except IntegrityError:
        raise Refused(ALREADY) from None
    connection.number, connection.full_name = place.number, name


def _name_closers(connection: GitHubConnection, github: Github, where: str) -> None:
    """Who closed what a patch still waits with; for the others nobody needs to know."""
    waiting = Patch.objects.filter(repository=connection.repository, state=life.PROPOSED, pull__isnull=False)
    rows = PullRequest.objects.filter(connection=connection, closed_by="", pk__in=waiting.values("pull"))
    for row in rows.exclude(state=PullRequest.OPEN)[:NAMED]:
        name = pulls.closed_by(github, where, row.number)
        PullRequest.objects.filter(pk=row.pk).exclude(state=PullRequest.OPEN).update(closed_by=name)


def _bring_heads(connection: GitHubConnection, mirror: Mirror, alive: Callable[[], None]) -> None:
    """Heads of open pull requests from forks are here, and no others. Raises SourceUnreadable."""
    repository = connection.repository
    rows = PullRequest.objects.filter(
        connection=connection, fork=True, state=PullRequest.OPEN, base_ref=repository.branch
    )
    wanted = {str(number): head for number, head in rows.values_list("number", "head")}
    held = mirror.branches(PULL_REFS)
    if gone := held.keys() - wanted.keys():
        orders = "".join(f"delete {PULL_REFS}{number}\n" for number in sorted(gone))
        git(repository.mirror, "update-ref", "--stdin", stdin=orders)
    missing = [int(number) for number, head in wanted.items() if held.get(number) != head]
    if missing:
        fetch_pulls(repository, sorted(missing)[:HEADS], alive)
