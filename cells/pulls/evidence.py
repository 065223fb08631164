"""What happened at GitHub becomes evidence: merged pull requests, the colour of the branch, releases.

First it is written as documents into the mirror (`cells.ssot.told`), then rows are made of those (`evidence_rows`): a
worker that dies in between leaves documents, and the next reading makes their rows. Twice the same is written once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.core.cache import cache
from django.utils import timezone

from cells.evidence import told as documents
from cells.evidence.told import Told
from cells.hosts.github import happened, places
from cells.hosts.github.client import PAGE, Unanswered
from cells.hosts.github.happened import Merged
from cells.hosts.source import SOURCE_REFS
from cells.models import Delivery, GitHubConnection, PullRequest, Repository
from cells.pulls import evidence_rows
from cells.pulls.mirror import Turn, reached, rests, tell
from cells.sentences import Sentence, sentence
from cells.ssot import told
from cells.ssot.mirror import Mirror, moment

log = logging.getLogger(__name__)

BACK = timedelta(days=30)  # how far the first look goes back
MOST = 30  # pull requests that one look asks about
SETTLED = 600  # seconds: what is settled is asked for once in so long
QUIET = timedelta(hours=1)  # by then checks of a commit have begun
PATIENCE = 3  # of which so many may fail before the others wait for the next look
LAST = timedelta(days=1)  # so long one that failed is asked about after all others

ALWAYS = Turn()

FAULT = sentence(
    "What GitHub tells was not made evidence: a fault of ours; the log says which. The next reading tries again."
)
CUT = sentence(
    "More than %(most)s pull requests were closed at GitHub lately; what was merged before those did not become evidence.",
    most=happened.MOST_PAGES * PAGE,
)


@dataclass
class Look:
    """One look: from when on, what is new, and what went wrong."""

    connection: GitHubConnection
    mirror: Mirror
    since: datetime
    alive: Callable[[], None]
    before: datetime | None = None  # when it was asked the last time
    new: list[Told] = field(default_factory=list)
    problems: list[Sentence] = field(default_factory=list)
    remarks: list[Sentence] = field(default_factory=list)  # what the next look will not know better
    left: bool = False  # more was merged than one look asks about

    @property
    def branch(self) -> str:
        return str(self.connection.repository.branch)

    def known(self, path: str) -> Told | None:
        """The document that stands there already."""
        return documents.read(told.text(self.mirror, path))


def bring(
    repository: Repository,
    mirror: Mirror,
    alive: Callable[[], None] = lambda: None,
    *,
    turn: Turn = ALWAYS,
    anew: bool = False,
) -> list[Sentence]:
    """Ask when it is our turn, write down, make rows; what did not work, as sentences. `anew`: the swarm is another, so
    place all again.
    """
    try:
        evidence_rows.forget_lost(repository, mirror)
        connection = reached(repository) if turn.mine else None
        problems = _look(connection, mirror, alive, turn) if connection and not rests(connection) else []
        evidence_rows.catch_up(repository, mirror)
        if anew:
            evidence_rows.place_again(repository, mirror)
    except Exception:  # what GitHub tells must not keep the repository from being read
        log.exception("%s: what GitHub tells was not made evidence", repository)
        return [FAULT]
    return problems


def _look(
    connection: GitHubConnection, mirror: Mirror, alive: Callable[[], None], turn: Turn
) -> list[Sentence]:
    now = timezone.now()
    look = Look(connection, mirror, _since(connection, now), alive, turn.before)
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
    return look.problems + look.remarks


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
    waiting = _in_turn(look.connection, [one for one in _merges(look) if _is_new(look, one)])
    look.left = len(waiting) > MOST
    failed = 0
    for one in waiting[:MOST]:
        look.alive()
        try:
            found = happened.merged(look.connection, look.branch, one.number)
        except Unanswered as refused:
            _note(look, refused)
            cache.set(_failure(look.connection, one), timezone.now(), int(LAST.total_seconds()))
            failed += 1
            if failed == PATIENCE or rests(look.connection):
                return
        else:
            look.new += [found] if found else []


def _in_turn(connection: GitHubConnection, merges: Iterable[Merged]) -> list[Merged]:
    """The oldest first; but what failed lately comes after the others, what failed last at the end: it keeps nobody from
    being asked about. Where that was forgotten, one look finds out again.
    """
    keys = {one: _failure(connection, one) for one in merges}
    failed = cache.get_many(keys.values())
    long_ago = datetime.min.replace(tzinfo=UTC)
    return sorted(keys, key=lambda one: (failed.get(keys[one], long_ago), one.at, one.number))


def _failure(connection: GitHubConnection, one: Merged) -> str:
    return f"evidence-failed-{connection.pk}-{one.number}-{one.commit}"


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
        asked, whole = happened.merges(look.connection, look.branch, look.since)
        look.remarks += [] if whole else [CUT]
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
    if _settled(look, head):
        return
    found = happened.colour(look.connection, look.branch, head, _page(look.connection))
    if found is None:
        return
    known = look.known(found.path)
    said = [(one.fact("commit"), one.fact("checks"), one.url) for one in (known, found) if one]
    if known is None or said[0] != said[1]:
        look.new.append(found)


def _settled(look: Look, head: str) -> bool:
    """Whether its checks have ended, or will not begin any more, and nobody told of one since the last look. Every ten
    minutes they are asked for all the same.
    """
    now, before = timezone.now(), look.before
    if before is None or int(before.timestamp()) // SETTLED != int(now.timestamp()) // SETTLED:
        return False
    if Delivery.objects.filter(connection=look.connection, sha=head, received_at__gte=before).exists():
        return False
    known = look.known(documents.told(documents.CHECKS, look.branch, "", "", now, ()).path)
    ended = known is not None and known.fact("commit") == head
    return ended or moment(look.mirror.commit(head).commit_time) < now - QUIET


def _releases(look: Look) -> None:
    for one in happened.releases(look.connection, look.since):
        if look.known(one.path) != one:
            look.new.append(one)


def _page(connection: GitHubConnection) -> str:
    """The repository's page, for people."""
    origin = urlsplit(places.git_origin(connection.base_url))
    return f"{origin.scheme}://{origin.netloc}/{connection.full_name}"
