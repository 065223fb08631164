"""What happened at GitHub becomes evidence: merged pull requests, the colour of the branch, releases.

First it is written as documents into the mirror (`cells.ssot.told`), then rows are made of those (`evidence_rows`): a
worker that dies in between leaves documents, and the next reading makes their rows. Twice the same is written once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.utils import timezone

from cells.evidence import told as documents
from cells.evidence.told import Told
from cells.hosts.github import happened, places
from cells.hosts.github.client import Unanswered
from cells.hosts.github.happened import Merged
from cells.hosts.source import SOURCE_REFS
from cells.models import GitHubConnection, PullRequest, Repository
from cells.pulls import evidence_rows
from cells.pulls.mirror import reached, rests, tell
from cells.sentences import Sentence, sentence
from cells.ssot import told
from cells.ssot.mirror import Mirror, moment

log = logging.getLogger(__name__)

BACK = timedelta(days=30)  # how far the first look goes back
MOST = 30  # pull requests that one look asks about
PATIENCE = 3  # of which so many may fail before the others wait for the next look

FAULT = sentence(
    "What GitHub tells was not made evidence: a fault of ours; the log says which. The next reading tries again."
)


@dataclass
class Look:
    """One look: from when on, what is new, and what went wrong."""

    connection: GitHubConnection
    mirror: Mirror
    since: datetime
    alive: Callable[[], None]
    new: list[Told] = field(default_factory=list)
    problems: list[Sentence] = field(default_factory=list)
    left: bool = False  # more was merged than one look asks about

    @property
    def branch(self) -> str:
        return str(self.connection.repository.branch)

    def known(self, path: str) -> Told | None:
        """The document that stands there already."""
        return documents.read(told.text(self.mirror, path))


def bring(
    repository: Repository, mirror: Mirror, alive: Callable[[], None] = lambda: None, *, anew: bool = False
) -> list[Sentence]:
    """Ask, write down, make rows; what did not work, as sentences. `anew`: the swarm is another, so place all again."""
    try:
        evidence_rows.forget_lost(repository, mirror)
        connection = reached(repository)
        problems = _look(connection, mirror, alive) if connection and not rests(connection) else []
        evidence_rows.catch_up(repository, mirror)
        if anew:
            evidence_rows.place_again(repository, mirror)
    except Exception:  # what GitHub tells must not keep the repository from being read
        log.exception("%s: what GitHub tells was not made evidence", repository)
        return [FAULT]
    return problems


def _look(connection: GitHubConnection, mirror: Mirror, alive: Callable[[], None]) -> list[Sentence]:
    now = timezone.now()
    look = Look(connection, mirror, _since(connection, now), alive)
    for part in (_pulls, _checks, _releases):
        if not rests(connection):
            _tried(look, part)
    written = told.write(mirror, {one.path: documents.written(one) for one in look.new}, int(now.timestamp()))
    # As long as no pull request was mirrored, one can come and be merged without a row: GitHub has to be asked for it.
    if written and not look.problems and not look.left and connection.pulls_until:
        connection.evidence_until = now
        GitHubConnection.objects.filter(pk=connection.pk).update(evidence_until=now)
    if look.problems:
        tell(connection, look.problems[0])
    return look.problems


def _since(connection: GitHubConnection, now: datetime) -> datetime:
    """A month at least: a release is edited later, and a pull request may be known here later than it was merged."""
    return min(connection.evidence_until or now, now - BACK)


def _tried(look: Look, part: Callable[[Look], None]) -> None:
    """One part's trouble is not the others'."""
    try:
        part(look)
    except Unanswered as refused:
        _note(look, refused)


def _note(look: Look, refused: Unanswered) -> None:
    why = sentence("Not all that happened at GitHub became evidence: %(why)s", why=refused.why)
    if why not in look.problems:
        look.problems.append(why)
    look.connection.refresh_from_db(fields=["rest_until"])  # GitHub may have said when to come again


def _pulls(look: Look) -> None:
    waiting = [
        one for one in sorted(_merges(look), key=lambda one: (one.at, one.number)) if _is_new(look, one)
    ]
    look.left = len(waiting) > MOST
    failed = 0
    for one in waiting[:MOST]:
        look.alive()
        try:
            found = happened.merged(look.connection, look.branch, one.number)
        except Unanswered as refused:
            _note(look, refused)
            failed += 1
            if failed == PATIENCE or rests(look.connection):
                return
        else:
            look.new += [found] if found else []


def _merges(look: Look) -> Iterable[Merged]:
    """Those that the mirror of pull requests knows. What was merged before it began, only GitHub knows."""
    rows = PullRequest.objects.filter(
        connection=look.connection, state=PullRequest.MERGED, base_ref=look.branch, closed_at__gte=look.since
    )
    found = {
        number: Merged(number, commit, at)
        for number, commit, at in rows.values_list("number", "merge_commit", "closed_at")
        if at
    }
    if look.connection.evidence_until is None:
        asked = happened.merges(look.connection, look.branch, look.since)
        found = {one.number: one for one in asked} | found
    return found.values()


def _is_new(look: Look, one: Merged) -> bool:
    """Its document is not there, or is about a pull request of this number in another repository."""
    empty = documents.told(documents.PULL_REQUEST, str(one.number), "", "", one.at, ())
    known = look.known(empty.path)
    return known is None or bool(one.commit and known.fact("commit") != one.commit)


def _checks(look: Look) -> None:
    """Of the branch's head: said once, and again when the colour is another."""
    head = look.mirror.tip(SOURCE_REFS + look.branch)
    if not head or moment(look.mirror.commit(head).commit_time) < look.since:
        return
    found = happened.colour(look.connection, look.branch, head, _page(look.connection))
    if found is None:
        return
    known = look.known(found.path)
    said = [(one.fact("commit"), one.fact("checks"), one.url) for one in (known, found) if one]
    if known is None or said[0] != said[1]:
        look.new.append(found)


def _releases(look: Look) -> None:
    for one in happened.releases(look.connection, look.since):
        if look.known(one.path) != one:
            look.new.append(one)


def _page(connection: GitHubConnection) -> str:
    """The repository's page, for people."""
    origin = urlsplit(places.git_origin(connection.base_url))
    return f"{origin.scheme}://{origin.netloc}/{connection.full_name}"
