"""What a reminder says."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from cells.chain import seal
from cells.models import Repository
from cells.patches import desk, life, reviews
from cells.permissions import REVIEWER, VIEWER
from cells.refusals import say
from cells.reminding.digest import LINES, content
from tests.cells.reminders.sent import NOTES, at_its_time, due, tick
from tests.factories import a_patch, a_repository, a_user, source_of, sync

pytestmark = pytest.mark.django_db


def test_a_mail_says_what_waits_and_why_and_leads_there(bakery: Repository, rin: User) -> None:
    due(rin)
    tick()
    [sent] = mail.outbox
    assert sent.to == ["rin@example.org"]
    assert sent.subject == "[VPM] 5 patches need you."
    assert "(and 4 like it)" in sent.body
    assert "its risk is low" in sent.body
    assert re.search(r"^   https://vpm\.example/patches/\d+/$", sent.body, re.MULTILINE)
    assert "https://vpm.example/account/#reminders" in sent.body
    assert sent.body.splitlines()[-1] == f"Audit-Head: {seal.head()}"


def test_what_is_addressed_to_me_comes_first(bakery: Repository, rin: User) -> None:
    desk.hand_over(
        patch=a_patch(bakery, branch="ask/note-4"), by=a_user("ken", REVIEWER), to=rin, note="ovens"
    )
    said = content(due(rin))
    assert say(said.lines[0].why) == "ken handed it to you: ovens"
    assert (said.size, sum(line.size for line in said.lines), said.more) == (5, 5, 0)


def test_a_landing_that_failed_is_told(bakery: Repository, rin: User) -> None:
    a_patch(bakery, life.FAILED, branch="ask/note-3")
    assert "landing failed" in say(content(due(rin)).lines[0].why)


def test_never_more_than_ten_lines_and_the_rest_is_counted(tmp_path: Path, rin: User) -> None:
    many = {f"ask/n-{n}": {f"reports/oven/n_20260302T{n:02}00Z.md": "# Note\n"} for n in range(14)}
    bakery = a_repository(tmp_path, proposals=many)
    for patch in bakery.patches.all():
        desk.hand_over(patch=patch, by=a_user("ken", REVIEWER), to=rin)
    due(rin)
    tick()
    assert len(re.findall(r"^\d+\. ", mail.outbox[0].body, re.MULTILINE)) == LINES
    assert "and 4 more" in mail.outbox[0].body


def test_what_i_put_off_is_counted_and_not_named(bakery: Repository, rin: User) -> None:
    patch = a_patch(bakery, branch="ask/note-2")
    desk.snooze(patch=patch, by=rin, until=timezone.now() + timedelta(days=2))
    due(rin)
    tick()
    assert "4 patches need you." in mail.outbox[0].body
    assert "1 more waits, but not for you now" in mail.outbox[0].body
    assert patch.title not in mail.outbox[0].body.split("Open the inbox")[0].replace("like it", "")


def test_when_nothing_waits_nothing_is_sent(tmp_path: Path, rin: User) -> None:
    a_repository(tmp_path, proposals={})
    row = due(rin)
    tick()
    row.refresh_from_db()
    assert mail.outbox == []
    assert (row.last_sent_at, row.failed) == (None, None)
    assert row.next_at
    assert row.next_at > timezone.now()


def test_an_unchanged_list_is_one_line_the_second_day(bakery: Repository, rin: User) -> None:
    row = due(rin)
    tick()
    at_its_time(row)
    tick()
    again = mail.outbox[1].body
    assert "5 patches need you. Nothing is new since" in again
    assert not re.search(r"^\d+\. ", again, re.MULTILINE)
    assert "like it" not in again


def test_one_that_came_since_is_counted_and_the_list_is_there_again(bakery: Repository, rin: User) -> None:
    row = due(rin)
    tick()
    source_of(bakery).propose("ask/note-6", {"reports/oven/note_20260302T0600Z.md": "# Note 6\n\nWarm.\n"})
    sync(bakery)
    at_its_time(row)
    tick()
    assert "6 patches need you. 1 came since" in mail.outbox[1].body
    assert "1. #" in mail.outbox[1].body


def test_one_decided_and_one_new_of_the_same_group_is_not_nothing_new(bakery: Repository, rin: User) -> None:
    row = due(rin)
    tick()
    patch = a_patch(bakery, branch="ask/note-1")
    reviews.archive(patch=patch, by=rin, digest=patch.digest)
    source_of(bakery).propose("ask/note-6", {"reports/oven/note_20260302T0600Z.md": "# Note 6\n\nWarm.\n"})
    sync(bakery)
    at_its_time(row)
    tick()
    assert "5 patches need you. 1 came since" in mail.outbox[1].body


def test_landings_nobody_read_are_told_even_when_no_patch_waits(tmp_path: Path, rin: User) -> None:
    bakery = a_repository(tmp_path, proposals={})
    source_of(bakery).commit({"reports/oven/heat_20260303T0700Z.md": "# Heat\n"}, message="Sneak in")
    sync(bakery)
    due(rin)
    tick()
    assert "1 landing outside or by hand waits for a second reader." in mail.outbox[0].subject
    assert "https://vpm.example/outside/?repo=bakery" in mail.outbox[0].body


def test_a_viewer_is_told_what_waits_for_others(bakery: Repository) -> None:
    due(a_user("vera", VIEWER))
    tick()
    assert mail.outbox[0].subject == "[VPM] 5 patches wait for a reviewer."


def test_with_two_repositories_each_line_names_its_own(bakery: Repository, tmp_path: Path, rin: User) -> None:
    a_repository(tmp_path, key="mill", proposals=NOTES)
    said = content(due(rin))
    assert {line.repository for line in said.lines} == {"bakery", "mill"}
    assert said.size == 10
    assert content(due(rin, repository=bakery)).size == 5


def test_it_speaks_the_language_of_the_reminder(bakery: Repository, rin: User) -> None:
    due(rin, language="ja")
    tick()
    assert "its risk is low" not in mail.outbox[0].body
