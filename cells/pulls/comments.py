"""Comments that ask: taken once, whoever brings them; weighed once; each starts at most one ask.

A webhook and a look at GitHub end in the same row. Whoever is not trusted starts nothing and is not answered.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from cells import people
from cells.asks import asking
from cells.clock import wake
from cells.hosts.github import comments as there
from cells.hosts.github.client import Unanswered
from cells.hosts.github.remarks import Remark
from cells.hosts.github.times import moment
from cells.models import AskComment, GitHubConnection, Repository
from cells.permissions import OPERATOR
from cells.pulls import answers, asked, mirror
from cells.pulls.wanted import NotReadYet, wanted
from cells.refusals import Forbidden, Refused
from cells.sentences import Sentence, sentence

log = logging.getLogger(__name__)

DOOR = "github"
OLD = timedelta(days=7)  # nobody waits for an answer to what was asked before
PATIENCE = timedelta(minutes=10)  # for a pull request to be mirrored, and for a fault of ours to pass
LATE = timedelta(seconds=30)  # so long a worker may need before a comment is given to another one
AT_ONCE = 100

STRANGER = sentence(
    "Nothing was started: only people who are known here as operators may ask. An operator can add them."
)
EDITED = sentence("It was edited before it was seen, so it counts for nothing; write a new comment.")
TOO_OLD = sentence("It is more than seven days old, so it is not answered; write a new comment.")
WAITS = sentence("The pull request was not read yet; the question is asked once it is.")
NOT_READ = sentence(
    "The pull request could not be read within ten minutes. Write a new comment once it is seen here."
)
ELSEWHERE = sentence(
    "It was answered already, by another VPM or under another name of the repository. Connect a repository to one VPM, once."
)
FAULT = sentence("A fault of ours; the log says which.")
UNSEEN = sentence(
    "Comments at GitHub were not looked at: a fault of ours; the log says which. The next reading tries again."
)


def bring(repository: Repository) -> list[Sentence]:
    """Look at GitHub for comments no webhook brought; and what went wrong. What is not told now is asked the next time."""
    try:
        connection = mirror.reached(repository)
        return [] if connection is None or mirror.rests(connection) else _look(connection)
    except Exception:  # comments must not keep the repository from being read
        log.exception("%s: comments at GitHub were not looked at", repository)
        return [UNSEEN]


def _look(connection: GitHubConnection) -> list[Sentence]:
    rows = GitHubConnection.objects.filter(pk=connection.pk)
    if connection.comments_until is None:  # connected before comments were looked at: from now on
        rows.update(comments_until=timezone.now())
        return []
    try:
        _check_name(connection)
        look = there.since(connection, connection.comments_until)
        for remark in look.remarks:
            take(connection, remark, polled=True)
    except Refused as refused:
        mirror.tell(connection, refused.why)
        return [refused.why]
    rows.update(comments_until=look.until)
    return []


def _check_name(connection: GitHubConnection) -> None:
    """A repository that was connected under two names is looked at by the one that GitHub calls it. Raises Refused."""
    same = GitHubConnection.objects.filter(base_url=connection.base_url, number=connection.number)
    if connection.number is None or same.exclude(pk=connection.pk).exists():
        mirror.follow(connection, there.place(connection))


def take(connection: GitHubConnection, remark: Remark, *, polled: bool = False) -> AskComment | None:
    """The row of this comment, made once; None when it asks nothing. Raises Unanswered when polled."""
    at = moment(remark.at)
    if at is None or asked.read(remark.body) is None:
        return None
    known = AskComment.objects.filter(connection=connection, id_there=remark.id).first()
    if known:
        return known
    note = EDITED if remark.edited else TOO_OLD if at < timezone.now() - OLD else None
    heard = (polled or note is not None) and _trusted(connection, remark.author_number)
    title = there.title(connection, remark.number) if heard and not note else remark.title
    row = AskComment(
        connection=connection, id_there=remark.id, number=remark.number, on_pull=remark.on_pull, subject_title=title,
        author=remark.author, author_number=remark.author_number, body=remark.body, written_at=at,
        state=AskComment.IGNORED if note else AskComment.TAKEN, note=note.as_json() if note else None,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
            if note is None:
                wake("cells.ask_comment", comment_id=row.pk)
            elif heard:
                answers.refuse(row, note)
    except IntegrityError:  # the other way was faster
        return AskComment.objects.get(connection=connection, id_there=remark.id)
    return row


def consider(row: AskComment) -> None:
    """Start what it asks for, or say why not. One that was considered already stays as it is."""
    said = asked.read(row.body)
    if row.state != AskComment.TAKEN or said is None:
        return
    late = row.taken_at < timezone.now() - PATIENCE
    try:
        # Strangers must not make us ask GitHub; what counts is the look within the transaction.
        if _trusted(row.connection, row.author_number) and _elsewhere(row, late):
            _end(row, AskComment.IGNORED, ELSEWHERE)
        else:
            _start(row, said)
    except NotReadYet:
        if late:
            _refuse(row, NOT_READ)
        else:
            AskComment.objects.filter(pk=row.pk, state=AskComment.TAKEN).update(note=WAITS.as_json())
            wake("cells.sync", repository_id=row.connection.repository_id)
    except Forbidden:  # nobody we know, or their account here lost the right: strangers must not make us talk
        _end(row, AskComment.REFUSED, STRANGER)
    except Unanswered as refused:  # nobody knows whether it was answered; a little later somebody does
        AskComment.objects.filter(pk=row.pk, state=AskComment.TAKEN).update(note=refused.why.as_json())
    except Refused as refused:
        _refuse(row, refused.why)
    except Exception:
        log.exception("%s cannot be asked", row)
        if late:
            _refuse(row, FAULT)


def _trusted(connection: GitHubConnection, number: int) -> bool:
    return people.right_of(connection, number) == OPERATOR


def _elsewhere(row: AskComment, late: bool) -> bool:
    """Whether it is another connection's here, or was answered by another VPM. Raises Unanswered, unless it is late."""
    same = AskComment.objects.filter(connection__base_url=row.connection.base_url, id_there=row.id_there)
    if same.filter(pk__lt=row.pk).exists():  # the repository is connected twice, under two names
        return True
    try:
        if mirror.rests(row.connection):
            raise Unanswered(mirror.last_trouble(row.connection))
        return answers.given(row)
    except Unanswered:
        if late:
            return False
        raise


def _start(row: AskComment, said: asked.Said) -> None:
    """Claim and ask in one transaction: there is no comment that was claimed and not asked, and none by somebody whose
    right went meanwhile. Raises Refused and NotReadYet.
    """
    mine = AskComment.objects.filter(pk=row.pk, state=AskComment.TAKEN)
    with transaction.atomic():
        person = people.operator(row.connection, row.author_number)
        if person is None:
            raise Forbidden(STRANGER)
        what = wanted(row, said)
        if not mine.update(state=AskComment.ASKED, note=None):
            return
        ask = asking.start(
            cell=what.cell, mode=what.mode, by=person.user, door=DOOR, notes=what.notes, subject=what.subject,
            heard={"login": row.author, "number": row.number, "comment": row.id_there},
        )  # fmt: skip
        AskComment.objects.filter(pk=row.pk).update(ask=ask)


def _end(row: AskComment, state: str, why: Sentence) -> bool:
    mine = AskComment.objects.filter(pk=row.pk, state=AskComment.TAKEN)
    return bool(mine.update(state=state, note=why.as_json()))


def _refuse(row: AskComment, why: Sentence) -> None:
    """And say so under the comment."""
    with transaction.atomic():
        if _end(row, AskComment.REFUSED, why):
            answers.refuse(row, why)


def settle() -> int:
    """Comments nobody considered are given to a worker. Returns how many."""
    late = AskComment.objects.filter(state=AskComment.TAKEN, taken_at__lt=timezone.now() - LATE)
    numbers = list(late.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for number in numbers:
        wake("cells.ask_comment", comment_id=number)
    return len(numbers)
