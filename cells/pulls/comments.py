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
from cells.hosts.github.payloads import moment
from cells.hosts.github.remarks import Remark
from cells.models import AskComment, GitHubConnection, Repository
from cells.permissions import OPERATOR
from cells.pulls import answers, asked, mirror
from cells.pulls.wanted import NotReadYet, Wanted, wanted
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
FAULT = sentence("A fault of ours; the log says which.")


def bring(repository: Repository) -> list[Sentence]:
    """Look at GitHub for comments no webhook brought; and what went wrong. What is not told now is asked the next time."""
    connection = mirror.reached(repository)
    if connection is None or mirror.rests(connection):
        return []
    rows = GitHubConnection.objects.filter(pk=connection.pk)
    if connection.comments_until is None:  # connected before comments were looked at: from now on
        rows.update(comments_until=timezone.now())
        return []
    try:
        look = there.since(connection, connection.comments_until)
        for remark in look.remarks:
            take(connection, remark, polled=True)
    except Unanswered as refused:
        mirror.tell(connection, refused.why)
        return [refused.why]
    rows.update(comments_until=look.until)
    return []


def take(connection: GitHubConnection, remark: Remark, *, polled: bool = False) -> AskComment | None:
    """The row of this comment, made once; None when it asks nothing. Raises Unanswered when polled."""
    at = moment(remark.at)
    if at is None or asked.read(remark.body) is None:
        return None
    known = AskComment.objects.filter(connection=connection, id_there=remark.id).first()
    if known:
        return known
    note = EDITED if remark.edited else TOO_OLD if at < timezone.now() - OLD else None
    title = remark.title
    if polled and not note and _trusted(connection, remark.author_number):
        title = there.title(connection, remark.number)
    row = AskComment(
        connection=connection, id_there=remark.id, number=remark.number, on_pull=remark.on_pull, subject_title=title,
        author=remark.author, author_number=remark.author_number, body=remark.body, written_at=at,
        state=AskComment.IGNORED if note else AskComment.TAKEN, note=note.as_json() if note else None,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
            if row.state == AskComment.TAKEN:
                wake("cells.ask_comment", comment_id=row.pk)
    except IntegrityError:  # the other way was faster
        return AskComment.objects.get(connection=connection, id_there=remark.id)
    return row


def consider(row: AskComment) -> None:
    """Start what it asks for, or say why not. One that was considered already stays as it is."""
    said = asked.read(row.body)
    if row.state != AskComment.TAKEN or said is None:
        return
    if not _trusted(row.connection, row.author_number):
        _refuse(row, STRANGER)
        return
    late = row.taken_at < timezone.now() - PATIENCE
    try:
        _start(row, wanted(row, said))
    except NotReadYet:
        if late:
            _refuse(row, NOT_READ, aloud=True)
        else:
            AskComment.objects.filter(pk=row.pk, state=AskComment.TAKEN).update(note=WAITS.as_json())
            wake("cells.sync", repository_id=row.connection.repository_id)
    except Forbidden:  # their account here lost the right
        _refuse(row, STRANGER)
    except Refused as refused:
        _refuse(row, refused.why, aloud=True)
    except Exception:
        log.exception("%s cannot be asked", row)
        if late:
            _refuse(row, FAULT, aloud=True)


def _trusted(connection: GitHubConnection, number: int) -> bool:
    return people.right_of(connection, number) == OPERATOR


def _start(row: AskComment, what: Wanted) -> None:
    """Claim and ask in one transaction: there is no comment that was claimed and not asked."""
    mine = AskComment.objects.filter(pk=row.pk, state=AskComment.TAKEN)
    with transaction.atomic():
        if not mine.update(state=AskComment.ASKED, note=None):
            return
        ask = asking.start(
            cell=what.cell, mode=what.mode, by=people.user_of(row.connection, row.author_number), door=DOOR,
            notes=what.notes, subject=what.subject,
            heard={"login": row.author, "number": row.number, "comment": row.id_there},
        )  # fmt: skip
        AskComment.objects.filter(pk=row.pk).update(ask=ask)


def _refuse(row: AskComment, why: Sentence, *, aloud: bool = False) -> None:
    """`aloud`: also under the comment. Strangers must not make us talk."""
    mine = AskComment.objects.filter(pk=row.pk, state=AskComment.TAKEN)
    with transaction.atomic():
        if mine.update(state=AskComment.REFUSED, note=why.as_json()) and aloud:
            answers.refuse(row, why)


def settle() -> int:
    """Comments nobody considered are given to a worker. Returns how many."""
    late = AskComment.objects.filter(state=AskComment.TAKEN, taken_at__lt=timezone.now() - LATE)
    numbers = list(late.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for number in numbers:
        wake("cells.ask_comment", comment_id=number)
    return len(numbers)
