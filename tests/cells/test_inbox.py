"""The inbox: what needs one person first, groups folded, and what is kept from it counted with its reason."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cells.models import Lane, Patch, Repository
from cells.patches import desk, inbox, life, reviews
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER, VIEWER
from tests.factories import FILES, a_patch, a_repository, a_user, committed, source_of, sync

pytestmark = pytest.mark.django_db

NOTES = {
    f"ask/note-{n}": {f"reports/oven/note_20260302T0{n}00Z.md": f"# Note {n}\n\nWarm.\n"} for n in range(1, 6)
}
LOOSE = {"think/dough-notes": {"reports/dough/notes_20260302T0500Z.md": "# Dough\n\nTwice the size.\n"}}


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    """Five proposals that ask the same question, and one that asks another."""
    return a_repository(tmp_path, proposals=NOTES | LOOSE)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def shown(repository: Repository, user: User) -> list[str]:
    """The branches of what the inbox leads to, in its order, every group unfolded."""
    found = inbox.desk(repository, user)
    rows = list(found.first)
    for key, size in found.groups:
        rows += inbox.members(repository, key, inbox.aside_of(found), size)
    return [item.patch.branch for item in rows]


def approved(patch: Patch, by: User) -> None:
    reviews.approve(patch=patch, by=by, digest=patch.digest, verdict=fingerprint(patch.verdict))


def test_what_asks_the_same_question_is_one_group(bakery: Repository) -> None:
    rin = a_user("rin", REVIEWER)
    found = inbox.desk(bakery, rin)
    assert sorted(size for _, size in found.groups) == [1, 5]
    assert found.size == 6
    folded = [bundle for bundle in inbox.bundles(bakery, found, found.groups) if bundle.size == 5]
    assert [len(bundle.rows) for bundle in folded] == [1]
    assert sorted(shown(bakery, rin)) == sorted([*NOTES, *LOOSE])


def test_every_row_says_why_it_stands_there(bakery: Repository) -> None:
    text = signed_in(a_user("rin", REVIEWER)).get("/inbox/").text
    assert "its risk is low" in text
    assert "4 more like it" in text


def test_the_rest_of_a_group_comes_when_it_is_asked_for(bakery: Repository) -> None:
    client = signed_in(a_user("rin", REVIEWER))
    [link] = re.findall(r'hx-get="(/inbox/group[^"]*)"', client.get("/inbox/").text)
    assert client.get(link.replace("&amp;", "&")).text.count("inbox-row") == 4


def test_what_somebody_handed_me_is_first_and_nobody_elses(bakery: Repository) -> None:
    rin, ken, ui = (a_user(name, REVIEWER) for name in ("rin", "ken", "ui"))
    patch = a_patch(bakery, branch="ask/note-4")
    desk.hand_over(patch=patch, by=rin, to=ken, note="you know ovens")
    assert shown(bakery, ken)[0] == "ask/note-4"
    assert "ask/note-4" not in shown(bakery, ui)
    assert "rin handed it to you: you know ovens" in signed_in(ken).get("/inbox/").text
    assert "1 handed" in signed_in(ui).get("/inbox/").text


def test_what_i_put_off_comes_back_when_it_changes(bakery: Repository) -> None:
    rin = a_user("rin", REVIEWER)
    patch = a_patch(bakery, branch="ask/note-2")
    desk.snooze(patch=patch, by=rin, until=timezone.now() + timedelta(days=1))
    assert "ask/note-2" not in shown(bakery, rin)
    Patch.objects.filter(pk=patch.pk).update(digest="f" * 64)
    assert shown(bakery, rin)[0] == "ask/note-2"


def test_what_somebody_else_holds_or_i_proposed_is_counted_not_shown(bakery: Repository) -> None:
    rin, ada = a_user("rin", REVIEWER), a_user("ada", REVIEWER)
    desk.claim(patch=a_patch(bakery, branch="ask/note-1"), by=rin)
    assert shown(bakery, rin)[0] == "ask/note-1"
    found = inbox.desk(bakery, ada)
    assert (found.size, len(found.hidden)) == (0, 6)  # Ada wrote all of them
    assert set(found.hidden.values()) == {inbox.CLAIMED, inbox.OWN}


def test_the_header_counts_what_the_inbox_shows(bakery: Repository) -> None:
    Lane.objects.filter(repository=bakery).update(approvals=2)
    rin, ken = a_user("rin", REVIEWER), a_user("ken", REVIEWER)
    one, two, three, four, five = (a_patch(bakery, branch=f"ask/note-{n}") for n in range(1, 6))
    desk.claim(patch=one, by=ken)
    desk.hand_over(patch=two, by=rin, to=ken)
    desk.snooze(patch=three, by=rin, until=timezone.now() + timedelta(days=1))
    four.editors.add(rin)
    approved(five, rin)
    assert set(inbox.desk(bakery, rin).hidden.values()) == set(inbox.HIDDEN)
    for user, size in ((rin, 1), (ken, 6)):
        assert inbox.desk(bakery, user).size == inbox.size(bakery, user) == size
        assert inbox.size_up_to(100, bakery, user) == size
        assert inbox.size_up_to(1, bakery, user) == 1


def test_an_approval_that_lacks_a_second_is_first_for_the_others(bakery: Repository) -> None:
    Lane.objects.filter(repository=bakery).update(approvals=2)
    rin, ken = a_user("rin", REVIEWER), a_user("ken", REVIEWER)
    approved(a_patch(bakery, branch="ask/note-5"), rin)
    assert shown(bakery, ken)[0] == "ask/note-5"
    assert "ask/note-5" not in shown(bakery, rin)
    assert "rin approved it; yours is missing." in signed_in(ken).get("/inbox/").text
    assert "yours is missing" not in signed_in(a_user("vera", VIEWER)).get("/inbox/").text


def test_a_failed_landing_stays_until_somebody_decides(bakery: Repository) -> None:
    a_patch(bakery, life.FAILED, branch="ask/note-3")
    rin = a_user("rin", REVIEWER)
    assert shown(bakery, rin)[0] == "ask/note-3"
    text = signed_in(rin).get("/inbox/").text
    assert f"/patches/{Patch.objects.get(branch='ask/note-3').pk}/retry" in text


def test_a_claim_ends_at_the_time_that_is_told(bakery: Repository) -> None:
    patch = a_patch(bakery, branch="ask/note-1")
    desk.claim(patch=patch, by=a_user("ken", REVIEWER))
    patch.refresh_from_db()
    client, until = signed_in(a_user("rin", REVIEWER)), f"until {patch.claimed_until:%H:%M} UTC"
    assert until in client.get(f"/patches/{patch.pk}/").text
    assert until in client.get("/inbox/kept/claimed/").text
    assert until in signed_in(a_user("ken")).get(f"/patches/{patch.pk}/").text


def test_a_viewer_sees_what_waits_and_no_button(bakery: Repository) -> None:
    text = signed_in(a_user("vera", VIEWER)).get("/inbox/").text
    assert "6 patches wait for a reviewer" in text
    assert 'data-key="a"' not in text


def test_no_button_before_the_verdict(bakery: Repository) -> None:
    Patch.objects.update(decision="", verdict=None)
    client = signed_in(a_user("rin", REVIEWER))
    assert 'data-key="a"' not in client.get("/inbox/").text
    assert 'data-key="a"' not in client.get(f"/patches/{a_patch(bakery, branch='ask/note-1').pk}/").text


def test_deciding_on_a_page_leads_to_the_next_one(bakery: Repository) -> None:
    rin = a_user("rin", REVIEWER)
    client, order = signed_in(rin), shown(bakery, rin)
    for number, branch in enumerate(order):
        patch = a_patch(bakery, branch=branch)
        form = {
            "digest": patch.digest,
            "verdict": fingerprint(patch.verdict),
            "from": "inbox",
            "reason": "No.",
        }
        answer = client.post(f"/patches/{patch.pk}/reject", form)
        if number + 1 < len(order):
            following = a_patch(bakery, branch=order[number + 1])
            assert answer.url == f"/patches/{following.pk}/?from=inbox"  # type: ignore[attr-defined]
    assert answer.url.startswith("/inbox/")  # type: ignore[attr-defined]
    assert "Nothing needs you now." in client.get("/inbox/").text


def test_previous_and_next_walk_the_inbox_there_and_back(bakery: Repository) -> None:
    rin = a_user("rin", REVIEWER)
    order = shown(bakery, rin)
    for number, branch in enumerate(order):
        before, after = inbox.around(bakery, rin, a_patch(bakery, branch=branch))
        assert (before.branch if before else None) == (order[number - 1] if number else None)
        assert (after.branch if after else None) == (order[number + 1] if number + 1 < len(order) else None)


@pytest.mark.parametrize(
    ("verb", "form", "said"),
    [
        ("reject", {"reason": "Too warm."}, "Rejected."),
        ("send_back", {"reason": "Say where."}, "Sent back."),
        ("archive", {}, "Archived."),
        ("snooze", {"for": "week"}, "Put off."),
        ("claim", {}, "Claimed."),
    ],
)
def test_whatever_is_done_can_be_undone_by_one_click(
    bakery: Repository, verb: str, form: dict[str, str], said: str
) -> None:
    client, patch = signed_in(a_user("rin", REVIEWER)), a_patch(bakery, branch="ask/note-1")
    seen = {"digest": patch.digest, "verdict": fingerprint(patch.verdict)}
    client.post(f"/patches/{patch.pk}/{verb}", seen | form)
    assert said in client.get("/inbox/").text
    client.post("/undo")
    patch.refresh_from_db()
    assert patch.state == life.PROPOSED
    assert (desk.holder(patch), patch.snoozes.count(), inbox.desk(bakery, a_user("rin")).size) == (None, 0, 6)


def test_an_approval_can_be_undone_before_it_lands(bakery: Repository, settings: Any) -> None:
    settings.VPM_UNDO_SECONDS = 60
    client, patch = signed_in(a_user("rin", REVIEWER)), a_patch(bakery, branch="ask/note-1")
    with committed():
        client.post(
            f"/patches/{patch.pk}/approve", {"digest": patch.digest, "verdict": fingerprint(patch.verdict)}
        )
    patch.refresh_from_db()
    assert patch.state == life.APPROVED
    client.post("/undo")
    patch.refresh_from_db()
    assert patch.state == life.PROPOSED
    assert not patch.reviews.filter(void__isnull=True).exists()


@pytest.mark.parametrize(
    ("came", "leads"),
    [("/inbox/", "/inbox/"), ("/patches/1/?from=inbox", "?from=inbox"), ("/patches/1/", "/")],
)
def test_undoing_leads_back_into_the_inbox_whoever_came_from_there(
    bakery: Repository, came: str, leads: str
) -> None:
    client, patch = signed_in(a_user("rin", REVIEWER)), a_patch(bakery, branch="ask/note-1")
    client.post(f"/patches/{patch.pk}/archive", {"digest": patch.digest})
    answer = client.post("/undo", headers={"referer": f"http://testserver{came}"})
    assert answer.headers["Location"] == (
        leads if leads == "/inbox/" else f"/patches/{patch.pk}/{leads.lstrip('/')}"
    )


def test_what_is_not_mine_to_undo_is_refused(bakery: Repository) -> None:
    patch = a_patch(bakery, branch="ask/note-1")
    reviews.archive(patch=patch, by=a_user("ken", REVIEWER), digest=patch.digest)
    answer = signed_in(a_user("rin", REVIEWER)).post("/undo")
    assert answer.status_code == 409
    assert "nothing of yours to take back" in answer.text


def test_a_row_that_is_refused_stays_and_says_why(bakery: Repository) -> None:
    patch = a_patch(bakery, branch="ask/note-1")
    form = {"digest": "0" * 64, "verdict": fingerprint(patch.verdict), "via": "inbox"}
    answer = signed_in(a_user("rin", REVIEWER)).post(
        f"/patches/{patch.pk}/approve", form, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 409
    assert "changed since you looked" in answer.text
    assert f'id="p{patch.pk}"' in answer.text


def test_it_is_known_which_decisions_were_taken_without_opening(bakery: Repository) -> None:
    rin, patch = a_user("rin", REVIEWER), a_patch(bakery, branch="ask/note-1")
    signed_in(rin).post(f"/patches/{patch.pk}/archive", {"digest": patch.digest, "via": "inbox"})
    assert patch.reviews.get().via == "inbox"


def test_twins_and_collisions_name_each_other(tmp_path: Path) -> None:
    state = FILES["STATE/bread/current_state.md"]
    warmer = {"STATE/bread/current_state.md": state.replace("210", "225")}
    hotter = {"STATE/bread/current_state.md": state.replace("210", "250")}
    bakery = a_repository(tmp_path, proposals={"ask/a": warmer, "ask/b": warmer, "ask/c": hotter})
    numbers = {patch.branch: patch.pk for patch in bakery.patches.all()}
    text = signed_in(a_user("rin", REVIEWER)).get("/inbox/").text
    row = re.search(rf'<li[^>]*id="p{numbers["ask/a"]}".*?</li>', text, re.DOTALL)
    assert row
    assert f"#{numbers['ask/b']}" in row[0].split("The same change waits in")[1]
    assert f"#{numbers['ask/c']}" in row[0].split("Collides on")[1]


def test_a_branch_that_moves_on_leaves_and_its_new_version_comes(bakery: Repository) -> None:
    rin = a_user("rin", REVIEWER)
    source = source_of(bakery)
    source.commit({"reports/oven/note_20260302T0100Z.md": "# Note 1\n\nWarmer.\n"}, branch="ask/note-1")
    sync(bakery)
    assert shown(bakery, rin).count("ask/note-1") == 1
    assert a_patch(bakery, branch="ask/note-1").replaces is not None


def test_whoever_decides_a_test_proposal_reads_its_lesson_at_once(bakery: Repository) -> None:
    patch = a_patch(bakery, branch="ask/note-1")
    Patch.objects.filter(pk=patch.pk).update(
        planted_by=a_user("olga", OPERATOR), lesson="nobody measured it."
    )
    client = signed_in(a_user("rin", REVIEWER))
    form = {"digest": patch.digest, "verdict": fingerprint(patch.verdict), "from": "inbox"}
    answer = client.post(f"/patches/{patch.pk}/approve", form, follow=True)
    assert "nobody measured it." in answer.text
    assert "Undo" not in answer.text
    patch.refresh_from_db()
    assert patch.state == life.ARCHIVED
