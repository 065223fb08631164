"""Reading what landed outside: by a second person, on the page and on the map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells.models import AuditEvent, OutsideCommit, Repository
from cells.patches import oversight
from cells.permissions import REVIEWER
from cells.refusals import Forbidden, Refused
from tests.cells.callers import Program
from tests.factories import ADA, a_repository, a_user, source_of, sync

pytestmark = pytest.mark.django_db

OVEN = "reports/oven/heat_20260303T0700Z.md"


def push(
    repository: Repository, path: str = OVEN, text: str = "# Heat\n\nToo hot.\n", said: str = "Sneak in"
) -> None:
    """Somebody commits to the source's main; not read yet."""
    source_of(repository).commit({path: text}, message=said)


def listed(repository: Repository) -> OutsideCommit:
    push(repository)
    sync(repository)
    return OutsideCommit.objects.get()


def test_somebody_else_reads_it_and_that_is_in_the_audit(tmp_path: Path) -> None:
    row, rin = listed(a_repository(tmp_path)), a_user("rin", REVIEWER)
    oversight.read(row=row, by=rin)
    row.refresh_from_db()
    assert row.read_by == rin
    event = AuditEvent.objects.get(verb="read")
    assert (event.actor, event.subject_type, event.after["commit"]) == ("rin", "outsidecommit", row.commit)
    with pytest.raises(Refused, match="already"):
        oversight.read(row=row, by=a_user("mio", REVIEWER))


def test_of_two_who_read_at_once_one_is_recorded(tmp_path: Path) -> None:
    row = listed(a_repository(tmp_path))
    copy = OutsideCommit.objects.get(pk=row.pk)
    oversight.read(row=row, by=a_user("rin", REVIEWER))
    with pytest.raises(Refused, match="already"):
        oversight.read(row=copy, by=a_user("mio", REVIEWER))
    assert AuditEvent.objects.filter(verb="read").count() == 1


def test_who_made_the_commit_cannot_be_its_reader(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    row, ada = listed(repository), a_user("Ada", REVIEWER)
    User.objects.filter(pk=ada.pk).update(email=ADA[1].upper())
    ada.refresh_from_db()
    with pytest.raises(Refused, match="second person"):
        oversight.read(row=row, by=ada)
    with pytest.raises(Refused, match="all of these yourself"):
        oversight.read_all(repository=repository, by=ada, upto=row.pk)
    assert not oversight.unread(repository, ada)
    assert oversight.unread(repository, a_user("rin", REVIEWER)).outside == 1


def test_a_viewer_does_not_count_as_a_reader(tmp_path: Path, viewer: User) -> None:
    repository = a_repository(tmp_path)
    row = listed(repository)
    with pytest.raises(Forbidden):
        oversight.read(row=row, by=viewer)
    with pytest.raises(Forbidden):
        oversight.read_all(repository=repository, by=viewer, upto=row.pk)


def test_all_are_read_up_to_the_newest_that_was_seen(tmp_path: Path, reviewer: User) -> None:
    repository = a_repository(tmp_path)
    for number in range(3):
        push(repository, text=f"{number}", said=f"Number {number}")
    sync(repository)
    seen = OutsideCommit.objects.get(subject="Number 1").pk
    assert oversight.read_all(repository=repository, by=reviewer, upto=seen) == 2
    assert [row.subject for row in OutsideCommit.objects.filter(read_at=None)] == ["Number 2"]
    assert AuditEvent.objects.filter(verb="read").count() == 2


def test_the_page_lists_what_is_unread_first_and_opens_what_it_changes(
    tmp_path: Path, client: Client
) -> None:
    repository = a_repository(tmp_path)
    row = listed(repository)
    push(repository, "docs/other.md", "Other.", "Another one")
    sync(repository)
    oversight.read(row=OutsideCommit.objects.get(subject="Another one"), by=a_user("mio", REVIEWER))
    client.force_login(a_user("rin", REVIEWER))
    page = client.get("/outside/").content.decode()
    assert "Sneak in" in page
    assert "Another one" not in page
    assert "1 landed outside, unread" in page
    both = client.get("/outside/?show=all").content.decode()
    assert both.index("Sneak in") < both.index("Another one")
    assert "mio has read it" in both
    assert "Sneak in" in client.get("/outside/?cell=oven").content.decode()
    assert "Nothing waits to be read here." in client.get("/outside/?lane=sample").content.decode()
    assert "Too hot." in client.get(f"/outside/{row.pk}/").content.decode()
    part = client.get(f"/outside/{row.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "Too hot." in part
    assert "<html" not in part
    assert "1 landed outside, unread" in client.get("/cells/oven/").content.decode()
    answer = client.post(f"/outside/{row.pk}/read", {"from": "list"}, follow=True)
    assert "Everything has been read." in answer.content.decode()
    assert "landed outside, unread" not in client.get("/cells/oven/").content.decode()


def test_a_refusal_stands_in_the_row_with_its_status(tmp_path: Path, client: Client) -> None:
    row = listed(a_repository(tmp_path))
    client.force_login(a_user("rin", REVIEWER))
    oversight.read(row=row, by=a_user("mio", REVIEWER))
    answer = client.post(f"/outside/{row.pk}/read", headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "Somebody has read this already." in answer.content.decode()
    assert client.post(f"/outside/{row.pk}/read").status_code == 409


def test_what_came_after_the_page_was_made_is_announced_and_not_read_with_the_rest(
    tmp_path: Path, client: Client
) -> None:
    repository = a_repository(tmp_path)
    row = listed(repository)
    push(repository, "docs/other.md", "Other.", "Another one")
    sync(repository)
    client.force_login(a_user("rin", REVIEWER))
    told = {"HX-Request": "true", "HX-Target": "outside-head"}
    head = client.get(f"/outside/?seen={row.pk}", headers=told).content.decode()
    assert "Something new has come" in head
    page = client.get(f"/outside/?seen={row.pk}").content.decode()
    assert f'name="upto" value="{row.pk}"' in page
    said = client.post("/outside/read", {"upto": row.pk}, follow=True).content.decode()
    assert "You have read 1 commit." in said
    assert "Another one" in said
    client.post("/outside/read", {"upto": "nonsense"})
    assert OutsideCommit.objects.filter(read_at=None).count() == 1


def test_what_was_taken_off_main_after_it_was_read_is_listed_but_not_shown(
    tmp_path: Path, client: Client
) -> None:
    repository = a_repository(tmp_path)
    begin = str(source_of(repository).tip())
    row = listed(repository)
    oversight.read(row=row, by=a_user("rin", REVIEWER))
    source_of(repository).repo.references.create("refs/heads/main", begin, force=True)
    sync(repository)
    client.force_login(a_user("rin", REVIEWER))
    page = client.get(f"/outside/{row.pk}/").content.decode()
    assert "No branch holds this commit any more" in page
    assert "Too hot." not in page


def test_the_map_marks_the_cell_until_it_is_read(tmp_path: Path, client: Client) -> None:
    repository = a_repository(tmp_path)
    row = listed(repository)
    client.force_login(a_user("rin", REVIEWER))
    assert "landed outside, unread" in client.get("/").content.decode()
    assert "landed outside, unread" in client.get("/map.json").content.decode()
    oversight.read(row=row, by=a_user("rin", REVIEWER))
    assert "landed outside, unread" not in client.get("/").content.decode()
    assert "landed outside, unread" not in client.get("/map.json").content.decode()


def test_counting_what_is_unread_takes_the_same_queries_for_one_and_for_many(
    tmp_path: Path, django_assert_num_queries: Any
) -> None:
    repository = a_repository(tmp_path)
    rin = a_user("rin", REVIEWER)
    for number in range(5):
        push(repository, text=f"{number}")
    sync(repository)
    with django_assert_num_queries(2):
        found = oversight.unread(repository, rin)
    assert (found.outside, found.by_hand, len(found.commits)) == (5, 0, oversight.FIRST)


def test_a_program_lists_what_is_unread_and_says_that_it_read_it(
    repository: Repository, deciding: Program, reading: Program
) -> None:
    row = listed(repository)
    status, said = reading.get("outside", repo="bakery", unread=True)
    assert (status, said["total"]) == (200, 1)
    assert (said["items"][0]["commit"], said["items"][0]["cells"]) == (row.commit, ["oven"])
    assert reading.get("outside", cell="dough")[1]["total"] == 0
    assert reading.post(f"outside/{row.pk}/read")[0] == 403
    assert deciding.post(f"outside/{row.pk}/read")[1]["read_by"] == "reviewer"
    assert deciding.post(f"outside/{row.pk}/read")[0] == 409
    assert deciding.post("outside/12345/read")[0] == 404
    assert reading.get("outside", unread=True)[1]["total"] == 0
