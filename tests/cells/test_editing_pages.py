"""The form that rewrites documents: bytes come back as they were, nothing typed is lost, every refusal is on the page."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells.models import Patch, Repository
from cells.patches import drafts, life, reviews, versions, writing
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from cells.ssot.mirror import Mirror
from cells.views.editing import as_written, plain
from tests.cells.test_pages import signed_in
from tests.cells.test_versions import CURRENT, WARMER, WARMEST, edited, on_main
from tests.factories import FILES, STATE, a_patch, a_repository, a_user, committed, source_of, sync

pytestmark = pytest.mark.django_db

BAD = "</textarea><script>alert(1)</script>"


@pytest.fixture
def rin(db: None) -> Client:
    return signed_in(a_user("rin", REVIEWER))


def form(page: str) -> dict[str, str]:
    """What a browser would send back untouched."""
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>\n(.*?)</textarea>', page, re.DOTALL):
        found[name] = text.replace("\n", "\r\n")
    found.pop("csrfmiddlewaretoken", None)
    return {name: unescape(value) for name, value in found.items()}


def url(patch: Patch) -> str:
    return f"/patches/{patch.pk}/edit"


def newest(repository: Repository) -> Patch:
    patch = repository.patches.order_by("-pk").first()
    assert patch
    return patch


def test_the_form_shows_each_document_as_main_would_hold_it(repository: Repository, rin: Client) -> None:
    page = rin.get(url(a_patch(repository))).text
    assert form(page)["text-1"].replace("\r\n", "\n") == WARMER
    assert f'aria-label="{CURRENT}"' in page
    assert "Back without saving" in page


def test_saving_makes_a_new_version_and_leads_to_it(repository: Repository, rin: Client) -> None:
    patch = a_patch(repository)
    sent = form(rin.get(url(patch)).text)
    sent |= {"text-1": sent["text-1"].replace("225", "240"), "why": "Two hundred and forty.", "do": "save"}
    answer = rin.post(url(patch), sent, follow=True)
    new = newest(repository)
    assert answer.redirect_chain == [(f"/patches/{new.pk}/", 302)]
    assert "someone else has to approve it" in answer.text
    assert new.replaces == patch
    draft, _ = versions.draft(new, Mirror(repository.mirror))
    assert draft.get(CURRENT).text == WARMEST


def test_a_preview_shows_the_diff_and_saves_nothing(repository: Repository, rin: Client) -> None:
    patch = a_patch(repository)
    sent = form(rin.get(url(patch)).text)
    sent |= {"text-1": sent["text-1"].replace("225", "240"), "do": "preview"}
    answer = rin.post(url(patch), sent)
    assert answer.status_code == 200
    assert "<ins>240</ins>" in answer.text
    assert form(answer.text)["text-1"] == sent["text-1"]
    assert repository.patches.count() == 2


def test_an_untouched_form_is_refused_with_its_sentence(repository: Repository, rin: Client) -> None:
    patch = a_patch(repository)
    answer = rin.post(url(patch), form(rin.get(url(patch)).text) | {"do": "save"})
    assert answer.status_code == 409
    assert "Nothing is edited" in answer.text


def test_what_was_typed_stays_when_the_patch_changed_meanwhile(repository: Repository, rin: Client) -> None:
    patch = a_patch(repository)
    sent = form(rin.get(url(patch)).text)
    sent |= {"text-1": sent["text-1"].replace("225", "241"), "why": "Hotter.", "do": "save"}
    source_of(repository).commit({CURRENT: STATE.replace("without anyone watching", "asleep")})
    sync(repository)
    answer = rin.post(url(patch), sent)
    assert answer.status_code == 409
    assert "changed since you looked" in answer.text
    again = form(answer.text)
    assert (again["text-1"], again["why"]) == (sent["text-1"], "Hotter.")
    assert rin.post(url(patch), again | {"do": "save"}).status_code == 302


def test_what_was_typed_stays_when_somebody_else_decided(
    repository: Repository, rin: Client, reviewer: User
) -> None:
    patch = a_patch(repository)
    sent = form(rin.get(url(patch)).text) | {"text-1": "All new.", "do": "save"}
    edited(patch, by=reviewer)
    answer = rin.post(url(patch), sent)
    assert answer.status_code == 409
    assert "This patch was superseded" in answer.text
    assert "All new." in answer.text
    assert "Save as new version" not in answer.text


def test_hostile_text_stays_text(repository: Repository, rin: Client) -> None:
    patch = a_patch(repository)
    sent = form(rin.get(url(patch)).text) | {"text-1": BAD, "why": BAD, "do": "preview"}
    assert "<script>alert" not in rin.post(url(patch), sent).text
    sent |= {"path-1": "../x"}
    answer = rin.post(url(patch), sent)
    assert answer.status_code == 409
    assert "not among the documents" in answer.text


@pytest.mark.parametrize(
    "text",
    [
        "\n\nTwo lines before\n",
        "a\r\nb\r\nc\r\n",
        "no end",
        "mixed\r\nends\nof lines\r",
        "\ufeffmarked\n",
        "  \t\n",
    ],
)
def test_an_untouched_document_keeps_every_byte_while_another_is_edited(
    tmp_path: Path, rin: Client, text: str
) -> None:
    note = "reports/dough/a_note.md"
    repository = a_repository(tmp_path, proposals={"x/two": {note: text, CURRENT: WARMER}})
    patch = a_patch(repository, branch="x/two")
    sent = form(rin.get(url(patch)).text)
    number = next(name for name, path in sent.items() if path == CURRENT).removeprefix("path-")
    sent |= {f"text-{number}": WARMEST.replace("\n", "\r\n"), "do": "save"}
    assert rin.post(url(patch), sent).status_code == 302
    tree = Mirror(repository.mirror).commit(newest(repository).tip).tree
    assert tree[note].data == text.encode()
    assert tree[CURRENT].data == WARMEST.encode()


def test_a_document_with_crlf_keeps_it_when_it_is_edited() -> None:
    assert as_written("a\nb\n", "x\r\ny\r\n") == "a\r\nb\r\n"
    assert as_written("a\nb\n", "x\ny\n") == "a\nb\n"
    assert plain("a\r\nb\rc\n") == "a\nb\nc\n"


def test_a_picture_is_listed_and_can_be_left_out(tmp_path: Path, rin: Client) -> None:
    repository = a_repository(tmp_path)
    source_of(repository).propose("x/picture", {"reports/oven/p.png": b"\x89PNG\0", CURRENT: WARMEST})
    sync(repository)
    patch = a_patch(repository, branch="x/picture")
    page = rin.get(url(patch)).text
    assert "not UTF-8 text" in page
    sent = form(page)
    number = next(name for name, path in sent.items() if path.endswith(".png")).removeprefix("path-")
    assert rin.post(url(patch), sent | {f"leave-{number}": "1", "do": "save"}).status_code == 302
    assert [file["path"] for file in newest(repository).files] == [CURRENT]


def test_a_conflict_is_shown_with_both_sides_and_an_explanation(repository: Repository, rin: Client) -> None:
    source_of(repository).commit({CURRENT: STATE.replace("210", "190")})
    sync(repository)
    page = rin.get(url(a_patch(repository))).text
    assert "&lt;&lt;&lt;&lt;&lt;&lt;&lt; main" in page
    assert "take the marks out" in page


def test_a_change_that_is_too_large_says_so_and_offers_to_leave_documents_out(
    tmp_path: Path, rin: Client
) -> None:
    many = {f"reports/dough/n{number:03}.md": f"# {number}\n" for number in range(drafts.MOST + 3)}
    repository = a_repository(tmp_path, proposals={"x/many": many})
    page = rin.get(url(a_patch(repository, branch="x/many"))).text
    assert page.count("too large to be rewritten here as a whole") == 3
    assert page.count('name="leave-') == drafts.MOST + 3


def test_who_may_not_decide_reads_why_in_both_languages(repository: Repository, viewer: User) -> None:
    client, patch = signed_in(viewer), a_patch(repository)
    for page in (url(patch), "/files/edit?path=swarm.toml"):
        assert client.get(page).status_code == 403
    assert "Propose a change" not in client.get("/files/?path=swarm.toml").text


def test_a_person_proposes_a_change_to_a_document_of_main(repository: Repository, rin: Client) -> None:
    assert "/files/edit?repo=bakery&amp;path=swarm.toml" in rin.get("/files/?path=swarm.toml").text
    page = f"/files/edit?repo=bakery&path={CURRENT}"
    sent = form(rin.get(page).text)
    sent |= {"text-1": sent["text-1"].replace("210", "220"), "why": "It is.", "do": "preview", "title": ""}
    assert "<ins>220</ins>" in rin.post(page, sent).text
    assert "Give the change a title" in rin.post(page, sent | {"do": "save"}).text
    answer = rin.post(page, sent | {"do": "save", "title": "Measure again"}, follow=True)
    new = newest(repository)
    assert (new.title, new.kind, new.author_name, new.rationale) == (
        "Measure again",
        "state",
        "rin",
        "It is.",
    )
    assert new.proposer == a_user("rin")
    assert "It is your own" in answer.text
    assert new.decision


def test_an_emergency_can_start_from_a_document(repository: Repository, operator: User) -> None:
    _, seen = writing.draft(repository, Mirror(repository.mirror), CURRENT)
    new = writing.write(
        repository=repository, path=CURRENT, text=WARMEST, seen=seen, by=operator, title="Now", kind="state"
    )
    with committed():
        reviews.land_by_hand(
            patch=new, by=operator, digest=new.digest, verdict=fingerprint(new.verdict), reason="It burns."
        )
    assert on_main(repository) == WARMEST.encode()


def test_a_document_that_changed_since_is_not_overwritten_unread(repository: Repository, rin: Client) -> None:
    page = f"/files/edit?repo=bakery&path={CURRENT}"
    sent = form(rin.get(page).text) | {"text-1": "Mine.", "title": "Mine", "do": "save"}
    source_of(repository).commit({CURRENT: STATE.replace("210", "190")})
    sync(repository)
    answer = rin.post(page, sent)
    assert answer.status_code == 409
    assert "changed on main since you opened it" in answer.text
    assert "Mine." in answer.text


def test_what_main_does_not_hold_is_not_found(repository: Repository, rin: Client) -> None:
    for path in ("", "nowhere.md", "..", "reports"):
        status = rin.get("/files/edit", {"repo": "bakery", "path": path}).status_code
        assert status == (200 if path == "reports" else 404), path


def test_revert_and_discard_lead_to_the_patch_that_waits_or_lands(
    repository: Repository, rin: Client
) -> None:
    old = a_patch(repository)
    new = edited(old, by=a_user("mio", REVIEWER))
    assert rin.post(f"/patches/{new.pk}/discard")["Location"] == f"/patches/{old.pk}/"
    landed = a_patch(repository, life.LANDED)
    with committed():
        answer = rin.post(f"/patches/{landed.pk}/revert", {"reason": "Too warm."})
    back = newest(repository)
    assert answer["Location"] == f"/patches/{back.pk}/"
    assert (back.reverts, back.state) == (landed, life.LANDED)
    assert on_main(repository) == FILES[CURRENT].encode()
    assert rin.post(f"/patches/{landed.pk}/revert").status_code == 409
