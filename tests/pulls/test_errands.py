"""Errands: written at GitHub once, whatever dies on the way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection as db
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cells import tasks
from cells.models import Errand, GitHubConnection
from cells.permissions import OPERATOR
from cells.pulls import errands
from tests.factories import a_user, committed
from tests.github.double import Double
from tests.github.repository import Repository as Remote
from tests.pulls.landing_helpers import a_bakery_at, connected

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(github: Double, tmp_path: Path) -> tuple[GitHubConnection, Remote, int]:
    """The connection, the repository at GitHub, and an open pull request in it."""
    bakery, remote = a_bakery_at(github, tmp_path)
    return connected(bakery), remote, remote.open_pull("ask/warmer-oven", "Warmer", by="codex")


def say(connection: GitHubConnection, number: int, body: str, verb: str = Errand.COMMENT) -> Errand:
    with committed():
        made = errands.order(connection, key="patch-1-said", verb=verb, number=number, said={"body": body})
    made.refresh_from_db()
    return made


def bodies(remote: Remote) -> list[str]:
    return [comment.body for comment in remote.it.comments.values()]


def due(errand: Errand) -> None:
    """Time passes until it may be tried again, and the beat comes by."""
    Errand.objects.filter(pk=errand.pk).update(not_before=timezone.now() - timedelta(seconds=1))
    with committed():
        tasks.settle()
    errand.refresh_from_db()


def test_a_comment_is_made_once_and_edited_when_it_says_something_else(
    there: tuple[GitHubConnection, Remote, int],
) -> None:
    connection, remote, number = there
    first = say(connection, number, "Judging.")
    with CaptureQueriesContext(db) as asked:
        errands.order(
            connection, key="patch-1-said", verb=Errand.COMMENT, number=number, said={"body": "Judging."}
        )
    assert len(asked) == 1
    last = say(connection, number, "Judged.")
    assert (first.pk, last.state, last.version) == (last.pk, Errand.DONE, 2)
    assert bodies(remote) == ["Judged.\n\n<!-- vpm:patch-1-said -->"]
    remote.it.comments.clear()  # somebody deleted it
    assert say(connection, number, "Judged again.").there in remote.it.comments
    connection.refresh_from_db()
    assert connection.speaks_as == "vpm"


def test_a_lost_answer_makes_no_second_comment(
    there: tuple[GitHubConnection, Remote, int], github: Double
) -> None:
    connection, remote, number = there
    remote.comment(number, "Mine!\n\n<!-- vpm:patch-1-said -->", by="rin")  # anybody can copy a marker
    github.fails_next(lost=True, method="POST", path="/comments$")
    made = say(connection, number, "Judged.")
    assert (made.state, made.there, made.attempts) == (Errand.WAITING, None, 1)
    assert made.not_before > timezone.now()
    due(made)
    assert (made.state, made.note) == (Errand.DONE, None)
    assert sum("Judged." in body for body in bodies(remote)) == 1


def test_what_github_never_takes_ends_with_its_sentence(there: tuple[GitHubConnection, Remote, int]) -> None:
    connection, _remote, _number = there
    made = say(connection, 404, "To whom?")
    for _ in range(errands.ATTEMPTS):
        due(made)
    assert (made.state, made.attempts) == (Errand.FAILED, errands.ATTEMPTS)
    assert "GitHub shows no" in made.note["text"]
    browser = Client()
    browser.force_login(a_user("op", OPERATOR))
    assert f'data-errand="{made.pk}"' in browser.get("/repositories/bakery/github").content.decode()


def test_while_github_wants_to_be_left_alone_nobody_asks(
    there: tuple[GitHubConnection, Remote, int], github: Double
) -> None:
    connection, remote, number = there
    say(connection, number, "First.")
    github.rate.used = github.rate.limit
    made = say(connection, number, "Second.")
    connection.refresh_from_db()
    assert (made.state, made.attempts, made.not_before) == (Errand.WAITING, 0, connection.rest_until)
    asked = len(github.calls)
    due(made)
    assert len(github.calls) == asked
    GitHubConnection.objects.update(rest_until=None)
    github.rate.used = 0
    due(made)
    assert made.state == Errand.DONE
    assert "Second." in bodies(remote)[0]


def test_closing_says_why_and_leaves_alone_what_somebody_pushed_to(
    there: tuple[GitHubConnection, Remote, int],
) -> None:
    connection, remote, number = there
    head = remote.pull(number).head_sha
    said = {"body": "Too warm.", "sha": head}
    remote.push("ask/warmer-oven", {"a.txt": "newer"})
    with committed():
        made = errands.order(connection, key="close-1", verb=Errand.CLOSE, number=number, said=said)
    assert remote.pull(number).state == "open"
    with committed():
        said["sha"] = remote.pull(number).head_sha
        errands.order(connection, key="close-1", verb=Errand.CLOSE, number=number, said=said)
    made.refresh_from_db()
    assert (made.state, made.note) == (Errand.DONE, None)
    assert (remote.pull(number).state, remote.pull(number).closed_by.login) == ("closed", "vpm")
    assert len(bodies(remote)) == 1


def test_labels_come_and_go_and_a_branch_is_deleted_only_where_we_left_it(
    there: tuple[GitHubConnection, Remote, int],
) -> None:
    connection, remote, number = there
    remote.label(number, "old", "kept")
    said = {"add": ["u_contract:state"], "drop": ["old", "never"]}
    gone = {"name": "think/dough-notes", "sha": remote.tip("think/dough-notes")}
    moved = {"name": "ask/warmer-oven", "sha": gone["sha"]}
    with committed():
        errands.order(connection, key="label", verb=Errand.LABEL, number=number, said=said)
        for key, branch in (("gone", gone), ("gone again", gone), ("moved", moved)):
            errands.order(connection, key=key, verb=Errand.DELETE_BRANCH, number=number, said=branch)
    assert set(remote.pull(number).labels) == {"kept", "u_contract:state"}
    assert (remote.tip("think/dough-notes"), bool(remote.tip("ask/warmer-oven"))) == ("", True)
    assert set(Errand.objects.values_list("state", flat=True)) == {Errand.DONE}
    assert "left as it is" in Errand.objects.get(key="moved").note["text"]
