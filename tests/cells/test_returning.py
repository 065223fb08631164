"""Sending back: an ask's patch is asked for again with the comment; a branch's proposer reads it and commits anew."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from cells.asks import asking, returning
from cells.asks import life as asks
from cells.models import Ask, AuditEvent, Patch, Repository
from cells.patches import life, reviews, versions
from cells.patches.origins import remarks
from cells.permissions import REVIEWER
from cells.refusals import Refused
from cells.ssot.mirror import Mirror
from tests.cells.callers import Program
from tests.cells.test_ask_pages import an_ask
from tests.factories import STATE, a_patch, a_user, committed, source_of, sync

pytestmark = pytest.mark.django_db

CURRENT = "STATE/bread/current_state.md"


@pytest.fixture
def answer(repository: Repository, operator: User) -> Patch:
    patch = an_ask(repository, operator, "pm_snapshot").patch
    assert patch is not None
    return patch


def sent_back(patch: Patch, by: User, comment: str = "Name the oven.") -> returning.Sent:
    return returning.send_back(patch=patch, by=by, digest=patch.digest, reason=comment)


def test_an_asks_patch_is_asked_for_again_by_the_loop_with_the_comment(answer: Patch, reviewer: User) -> None:
    sent = sent_back(answer, reviewer)
    assert (answer.state, sent.why_not) == (life.SENT_BACK, None)
    new = sent.ask
    assert new is not None
    first = answer.asks.get()
    assert (new.parent, new.comment, new.mode, new.cell) == (first, "Name the oven.", first.mode, first.cell)
    assert (new.asked_by, new.door, new.state) == (None, "send_back", asks.QUEUED)
    event = AuditEvent.objects.get(verb="send_back")
    assert (event.actor, event.reason) == ("reviewer", "Name the oven.")


def test_an_edited_answer_is_asked_for_again_too(answer: Patch, reviewer: User) -> None:
    draft, _ = versions.draft(answer, Mirror(answer.repository.mirror))
    document = next(one for one in draft.documents if one.text)
    edited = versions.edit(
        patch=answer, by=reviewer, digest=answer.digest, files={document.path: f"{document.text}\nMore.\n"}
    )
    sent = sent_back(edited, a_user("mio", REVIEWER))
    assert sent.ask is not None
    assert sent.ask.parent == answer.asks.get()


def test_without_a_comment_nothing_is_sent_back_and_nothing_asked(answer: Patch, reviewer: User) -> None:
    with pytest.raises(Refused, match="Say what has to be different"):
        sent_back(answer, reviewer, " ")
    answer.refresh_from_db()
    assert answer.state == life.PROPOSED
    assert Ask.objects.count() == 1


def test_where_the_cell_is_gone_the_patch_is_sent_back_and_it_is_said_why_nothing_is_asked(
    answer: Patch, reviewer: User
) -> None:
    answer.asks.update(cell=None)
    sent = sent_back(answer, reviewer)
    assert (answer.state, sent.ask) == (life.SENT_BACK, None)
    assert str(sent.why_not) == "Nothing is asked again: The swarm holds no cell oven any more."
    assert Ask.objects.count() == 1


def test_taken_back_the_patch_waits_again_and_the_new_ask_is_cancelled(answer: Patch, reviewer: User) -> None:
    new = sent_back(answer, reviewer).ask
    assert new is not None
    returning.reopen(patch=answer, by=reviewer)
    new.refresh_from_db()
    assert (answer.state, new.state) == (life.PROPOSED, asks.CANCELLED)


def test_taking_a_rejection_back_cancels_no_ask(answer: Patch, reviewer: User, operator: User) -> None:
    asking.send_back(ask=answer.asks.get(), by=operator, comment="Once more.")
    reviews.reject(patch=answer, by=reviewer, digest=answer.digest, reason="No.")
    returning.reopen(patch=answer, by=reviewer)
    assert Ask.objects.filter(state=asks.QUEUED).count() == 1


def test_a_branchs_proposer_reads_the_comment_and_a_new_commit_follows_what_was_sent_back(
    repository: Repository, reviewer: User, reading: Program
) -> None:
    old = a_patch(repository)
    with committed():
        assert sent_back(old, reviewer, "Say by which thermometer.").ask is None
    status, told = reading.get(f"patches/{old.pk}")
    assert status == 200
    assert [(one["decision"], one["reason"]) for one in told["reviews"]] == [
        ("send_back", "Say by which thermometer.")
    ]
    source_of(repository).commit({CURRENT: STATE.replace("210", "226")}, branch=old.branch)
    sync(repository)
    old.refresh_from_db()
    new = a_patch(repository)
    assert (old.state, new.replaces) == (life.SENT_BACK, old)
    assert [str(remark.sentence) for remark in remarks(new)] == [
        f"It follows #{old.pk}, which was sent back."
    ]
