"""Many at once: each by its own digest, what cannot be is told one by one, and what collides is never taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells.models import Lane, Patch, Repository
from cells.patches import bulk, life
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER, VIEWER
from cells.refusals import Refused
from tests.factories import FILES, a_patch, a_repository, a_user, committed, source_of, sync

pytestmark = pytest.mark.django_db

NOTES = {
    f"ask/note-{n}": {f"reports/oven/note_20260302T0{n}00Z.md": f"# Note {n}\n\nWarm.\n"} for n in range(1, 6)
}
STATE = FILES["STATE/bread/current_state.md"]


def state(degrees: int) -> dict[str, str]:
    return {"STATE/bread/current_state.md": STATE.replace("210", str(degrees))}


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    return a_repository(tmp_path, proposals=NOTES)


def chosen(repository: Repository) -> list[bulk.Seen]:
    rows = repository.patches.filter(state=life.PROPOSED).order_by("pk")
    return [bulk.Seen(row.pk, row.digest, fingerprint(row.verdict)) for row in rows]


def ways(lines: list[bulk.Line]) -> dict[str, str]:
    return {line.patch.branch: line.how for line in lines}


def test_what_was_chosen_lands_each_as_its_own_commit(bakery: Repository) -> None:
    rin = a_user("rin", REVIEWER)
    with committed():
        lines = bulk.decide(chosen=chosen(bakery), verb="approve", by=rin)
    assert {line.how for line in lines} == {bulk.DONE}
    landed = bakery.patches.filter(state=life.LANDED)
    assert landed.count() == len({patch.commit for patch in landed}) == 5


def test_the_preview_changes_nothing(bakery: Repository) -> None:
    lines = bulk.preview(chosen(bakery), "approve", a_user("rin", REVIEWER))
    assert bulk.counted(lines) == {bulk.READY: 5}
    assert bakery.patches.filter(state=life.PROPOSED).count() == 5


def test_what_changed_meanwhile_is_left_and_named(bakery: Repository) -> None:
    seen = chosen(bakery)
    stale = a_patch(bakery, branch="ask/note-2")
    Patch.objects.filter(pk=stale.pk).update(digest="f" * 64)
    lines = bulk.decide(chosen=seen, verb="archive", by=a_user("rin", REVIEWER))
    assert ways(lines)["ask/note-2"] == bulk.STALE
    assert bulk.counted(lines) == {bulk.DONE: 4, bulk.STALE: 1}
    assert bakery.patches.get(state=life.PROPOSED).branch == "ask/note-2"


def test_ones_own_are_not_among_what_lands(bakery: Repository) -> None:
    mine = a_patch(bakery, branch="ask/note-3")
    rin = a_user("rin", REVIEWER)
    mine.editors.add(rin)
    lines = bulk.preview(chosen(bakery), "approve", rin)
    assert bulk.counted(lines) == {bulk.READY: 4, bulk.FORBIDDEN: 1}
    assert "someone else has to approve it" in str(
        next(line.why for line in lines if line.how == bulk.FORBIDDEN)
    )


def test_a_viewer_decides_nothing(bakery: Repository) -> None:
    lines = bulk.decide(chosen=chosen(bakery), verb="archive", by=a_user("vera", VIEWER))
    assert bulk.counted(lines) == {bulk.FORBIDDEN: 5}


def test_colliding_ones_are_never_approved_in_bulk(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path, proposals={"ask/a": state(220), "ask/b": state(230)} | NOTES)
    lines = bulk.decide(chosen=chosen(bakery), verb="approve", by=a_user("rin", REVIEWER))
    assert ways(lines)["ask/a"] == ways(lines)["ask/b"] == bulk.MEETS
    assert bulk.counted(lines)[bulk.DONE] == 5
    assert "collides with #" in str(next(line.why for line in lines if line.patch.branch == "ask/a"))


def test_one_that_collides_with_something_not_chosen_is_left_too(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path, proposals={"ask/a": state(220), "ask/b": state(230)})
    lines = bulk.preview(chosen(bakery)[:1], "approve", a_user("rin", REVIEWER))
    assert [line.how for line in lines] == [bulk.MEETS]


def test_of_twins_one_is_enough(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path, proposals={"ask/a": state(220), "ask/b": state(220)})
    with committed():
        lines = bulk.decide(chosen=chosen(bakery), verb="approve", by=a_user("rin", REVIEWER))
    assert sorted(ways(lines).values()) == [bulk.DONE, bulk.MEETS]
    assert sorted(bakery.patches.values_list("state", flat=True)) == [life.LANDED, life.SUPERSEDED]


def test_twins_can_be_archived_together(tmp_path: Path) -> None:
    bakery = a_repository(tmp_path, proposals={"ask/a": state(220), "ask/b": state(220)})
    lines = bulk.decide(chosen=chosen(bakery), verb="archive", by=a_user("rin", REVIEWER))
    assert bulk.counted(lines) == {bulk.DONE: 2}


def test_a_failing_one_does_not_keep_the_others(bakery: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is faster between the look and the act."""
    real = bulk.reviews.archive
    first = a_patch(bakery, branch="ask/note-1").pk

    def archive(**said: object) -> object:
        if said["patch"].pk == first:  # type: ignore[attr-defined]
            real(patch=Patch.objects.get(pk=first), by=a_user("ken", REVIEWER), digest=str(said["digest"]))
        return real(**said)  # type: ignore[arg-type]

    monkeypatch.setattr(bulk.reviews, "archive", archive)
    lines = bulk.decide(chosen=chosen(bakery), verb="archive", by=a_user("rin", REVIEWER))
    assert bulk.counted(lines) == {bulk.REFUSED: 1, bulk.DONE: 4}


def test_rejecting_many_needs_one_reason(bakery: Repository) -> None:
    with pytest.raises(Refused, match="Say why"):
        bulk.decide(chosen=chosen(bakery), verb="reject", by=a_user("rin", REVIEWER), reason=" ")
    assert bakery.patches.filter(state=life.PROPOSED).count() == 5


def test_nothing_and_too_much_are_refused(bakery: Repository) -> None:
    rin = a_user("rin", REVIEWER)
    with pytest.raises(Refused, match="at least one"):
        bulk.preview([], "approve", rin)
    with pytest.raises(Refused, match="At most 200"):
        bulk.preview(chosen(bakery)[:1] * 201, "approve", rin)
    with pytest.raises(Refused, match="approved, archived or rejected"):
        bulk.preview(chosen(bakery), "land_by_hand", rin)


def form_of(text: str, action: str) -> dict[str, list[str]]:
    """What a browser would send of the form with this action, every box ticked as it is."""
    form = re.search(rf'<form[^>]*action="{re.escape(action)}[^"]*".*?</form>', text, re.DOTALL)
    assert form, action
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        said = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        names = re.search(r'name="([^"]*)"', tag)
        if names and (said.get("type") != "checkbox" or " checked" in tag):
            fields.setdefault(names[1], []).append(said.get("value", ""))
    return fields


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_from_the_inbox_to_the_result_and_back(bakery: Repository) -> None:
    client = signed_in(a_user("rin", REVIEWER))
    link, *_ = re.findall(r'href="(/bulk/[^"]*)"', client.get("/inbox/").text)
    page = client.get(link.replace("&amp;", "&")).text
    preview = client.post("/bulk/preview", form_of(page, "/bulk/preview") | {"verb": "archive"}).text
    assert "5 are archived" in preview
    done = client.post("/bulk/do", form_of(preview, "/bulk/do")).text
    assert "5 archived" in done
    assert set(bakery.patches.values_list("reviews__via", flat=True)) == {"bulk"}
    client.post("/undo")
    assert bakery.patches.filter(state=life.PROPOSED).count() == 5


def test_the_preview_says_how_many_land_are_stale_and_are_not_mine(bakery: Repository) -> None:
    rin = a_user("rin", REVIEWER)
    client = signed_in(rin)
    link, *_ = re.findall(r'href="(/bulk/[^"]*)"', client.get("/inbox/").text)
    form = form_of(client.get(link.replace("&amp;", "&")).text, "/bulk/preview")
    a_patch(bakery, branch="ask/note-1").editors.add(rin)
    Patch.objects.filter(branch="ask/note-2").update(digest="f" * 64)
    text = client.post("/bulk/preview", form | {"verb": "approve"}).text
    assert re.search(r"<h1[^>]*>\s*3 land, 1 is stale, 1 is not yours to decide", text)


def test_the_preview_does_not_promise_a_landing_that_somebody_else_has_to_agree_to(
    bakery: Repository,
) -> None:
    Lane.objects.filter(repository=bakery).update(approvals=2)
    client = signed_in(a_user("rin", REVIEWER))
    link, *_ = re.findall(r'href="(/bulk/[^"]*)"', client.get("/inbox/").text)
    form = form_of(client.get(link.replace("&amp;", "&")).text, "/bulk/preview")
    text = client.post("/bulk/preview", form | {"verb": "approve"}).text
    assert re.search(r"<h1[^>]*>\s*5 get your approval and wait for somebody else", text)
    assert "1 of 2 approvals; somebody else has to agree too." in text


def test_a_rejection_without_a_reason_is_refused_before_the_preview_and_keeps_what_was_ticked(
    bakery: Repository,
) -> None:
    client = signed_in(a_user("rin", REVIEWER))
    link, *_ = re.findall(r'href="(/bulk/[^"]*)"', client.get("/inbox/").text)
    form = form_of(client.get(link.replace("&amp;", "&")).text, "/bulk/preview")
    left = form | {"pk": form["pk"][1:]}
    answer = client.post(f"/bulk/preview?repo={bakery.key}", left | {"verb": "reject"})
    assert (answer.status_code, "Say why you reject it" in answer.text) == (409, True)
    assert form_of(answer.text, "/bulk/preview")["pk"] == left["pk"]


def test_a_refused_bulk_leads_back_with_its_sentence(bakery: Repository) -> None:
    client = signed_in(a_user("rin", REVIEWER))
    answer = client.post("/bulk/preview", {"verb": "approve"})
    assert answer.status_code == 409
    assert "Choose at least one patch." in answer.text


def test_rows_that_moved_are_read_again_before_they_are_decided(bakery: Repository) -> None:
    """A new version of a branch is another patch; the old number is told as superseded."""
    seen = chosen(bakery)
    source_of(bakery).commit({"reports/oven/note_20260302T0100Z.md": "# Note\n\nHot.\n"}, branch="ask/note-1")
    sync(bakery)
    lines = bulk.preview(seen, "approve", a_user("rin", REVIEWER))
    assert bulk.counted(lines) == {bulk.READY: 4, bulk.REFUSED: 1}
