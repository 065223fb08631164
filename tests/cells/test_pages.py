"""The pages: who may see them, what they say, and that hostile text stays text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells import accounts
from cells.models import AuditEvent, Evidence, Patch, Repository, SignInToken
from cells.patches import life
from cells.patches.verdicts import fingerprint
from tests.factories import a_patch, a_repository, committed, source_of, sync

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    return a_repository(tmp_path)


def pages(repository: Repository) -> list[str]:
    patch, evidence = repository.patches.first(), repository.evidence.first()
    return [
        "/", "/cells/oven/", "/cells/crumb/panel/", "/patches/", "/patches/?state=all&order=oldest&cell=oven",
        f"/patches/{patch.pk}/", f"/patches/{patch.pk}/?diff=unified", "/evidence/", "/evidence/?cell=none&flag=1&q=heat",
        f"/evidence/{evidence.pk}/", "/files/?path=swarm.toml", "/audit/", "/audit/?verb=propose", "/repositories/", "/pulse",
    ]  # fmt: skip


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_viewer_sees_every_page_in_both_languages(bakery: Repository, viewer: User) -> None:
    client = signed_in(viewer)
    for page in pages(bakery):
        for language in ("en", "ja"):
            assert client.get(page, headers={"accept-language": language}).status_code == 200, page


def test_a_stranger_sees_none_and_reads_why(bakery: Repository, stranger: User) -> None:
    client = signed_in(stranger)
    for page in pages(bakery):
        answer = client.get(page)
        assert answer.status_code == 403, page
        assert "right “viewer”" in answer.text


def test_someone_not_signed_in_is_asked_to(bakery: Repository) -> None:
    for page in pages(bakery):
        assert Client().get(page)["Location"].startswith("/sign-in/"), page


def test_pages_work_before_there_is_any_repository(viewer: User) -> None:
    client = signed_in(viewer)
    assert client.get("/").status_code == 200
    assert client.get("/repositories/").status_code == 200
    assert client.get("/patches/").status_code == 404


@pytest.mark.parametrize(
    "page",
    [
        "/cells/nobody/",
        "/patches/999999/",
        "/evidence/999999/",
        "/files/?path=nope",
        "/files/?path=swarm.toml&commit=zz",
        "/?repo=nope",
    ],
)
def test_what_is_not_there_is_a_404(bakery: Repository, viewer: User, page: str) -> None:
    answer = signed_in(viewer).get(page)
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text


def test_a_reviewer_approves_and_finds_the_commit(bakery: Repository, reviewer: User) -> None:
    patch = a_patch(bakery)
    client = signed_in(reviewer)
    assert "Approve" in client.get(f"/patches/{patch.pk}/").text
    with committed():
        client.post(
            f"/patches/{patch.pk}/approve", {"digest": patch.digest, "verdict": fingerprint(patch.verdict)}
        )
    patch.refresh_from_db()
    assert patch.state == life.LANDED
    assert patch.commit[:10] in client.get(f"/patches/{patch.pk}/").text


def test_a_viewer_has_no_button_and_the_verb_refuses(bakery: Repository, viewer: User) -> None:
    patch = a_patch(bakery)
    client = signed_in(viewer)
    assert '<button class="primary"' not in client.get(f"/patches/{patch.pk}/").text
    answer = client.post(
        f"/patches/{patch.pk}/approve", {"digest": patch.digest, "verdict": fingerprint(patch.verdict)}
    )
    assert answer.status_code == 403
    assert Patch.objects.get(pk=patch.pk).state == life.PROPOSED


def test_a_stale_click_is_a_409_that_htmx_can_swap(bakery: Repository, reviewer: User) -> None:
    patch = a_patch(bakery)
    answer = signed_in(reviewer).post(f"/patches/{patch.pk}/approve", {"digest": "0" * 64}, **HTMX)
    assert answer.status_code == 409
    assert answer.text.strip().startswith('<section id="decision"')
    assert "no longer known here" in answer.text


def test_a_patch_that_no_longer_applies_offers_no_approval(bakery: Repository, reviewer: User) -> None:
    source_of(bakery).commit({"STATE/bread/current_state.md": "# Bread\n\nRewritten.\n"})
    sync(bakery)
    patch = a_patch(bakery)
    text = signed_in(reviewer).get(f"/patches/{patch.pk}/").text
    assert "no longer applies" in text
    assert f'/patches/{patch.pk}/approve"' not in text.replace("formaction", "") or ">Approve<" not in text


def test_hostile_text_stays_text(bakery: Repository, viewer: User) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3))"
    source = source_of(bakery)
    source.commit(
        {
            "reports/oven/bad_20260303T0000Z.md": f"# {bad}\n\n{bad}\n",
            "reports/oven/bad_20260303T0100Z.json": bad,
        }
    )
    source.propose("ask/bad", {"reports/oven/more.md": bad}, f"{bad}\n\n{bad}")
    sync(bakery)
    client = signed_in(viewer)
    patch = bakery.patches.get(branch="ask/bad")
    places = [f"/patches/{patch.pk}/", "/patches/", "/evidence/", "/cells/oven/", "/"]
    places += [f"/evidence/{one.pk}/" for one in Evidence.objects.filter(path__contains="bad_")]
    for place in places:
        text = client.get(place).text
        found = [bad for bad in ("<script>alert", "<img src=x", 'href="javascript') if bad in text]
        assert not found, place


def test_a_cell_with_ten_thousand_pieces_of_evidence_pages(
    bakery: Repository, viewer: User, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    one = bakery.evidence.first()
    cell = bakery.cells.get(key="oven")
    rows = [
        Evidence(
            **{
                f.attname: getattr(one, f.attname)
                for f in Evidence._meta.fields
                if f.name not in ("id", "path")
            },
            path=f"reports/{n}.md",
        )
        for n in range(10_000)
    ]
    made = Evidence.objects.bulk_create(rows)
    cell.evidence.through.objects.bulk_create(
        [cell.evidence.through(cell=cell, evidence=row, why="path") for row in made]
    )
    client = signed_in(viewer)
    with django_assert_max_num_queries(50):
        answer = client.get("/cells/oven/")
    assert answer.text.count('class="evidence-row"') == 50
    assert "of 10002" in answer.text.replace(",", "").replace("\xa0", "")
    page = client.get("/cells/oven/?page=3", **HTMX, HTTP_HX_TARGET="evidence-list")
    assert page.text.strip().startswith('<div id="evidence-list"')


def test_an_operator_assigns_evidence_by_hand_and_it_stays(bakery: Repository, operator: User) -> None:
    found = bakery.evidence.get(path__contains="rise")
    signed_in(operator).post(f"/evidence/{found.pk}/assign", {"cell": ["oven"]})
    source_of(bakery).commit({found.path: "# Rise\n\nTripled.\n"})
    sync(bakery)
    newest = bakery.evidence.get(path=found.path, current=True)
    assert [cell.key for cell in newest.cells.all()] == ["oven"]
    assert AuditEvent.objects.filter(verb="assign").exists()


def test_the_sign_in_link_works_once(db: None, client: Client) -> None:
    link = accounts.sign_in_link("http://testserver")
    assert client.get(link)["Location"] == "/"
    assert Client().get(link).status_code == 403
    assert SignInToken.objects.get().used_at
    assert link.rsplit("/", 2)[1] not in str(list(AuditEvent.objects.values()))


def test_only_an_operator_adds_a_repository(
    bakery: Repository, viewer: User, operator: User, tmp_path: Path
) -> None:
    asked = {"key": "second", "source": bakery.source}
    assert signed_in(viewer).post("/repositories/", asked).status_code == 403
    with committed():
        assert signed_in(operator).post("/repositories/", asked).status_code == 302
    assert Repository.objects.get(key="second").head
    assert signed_in(operator).post("/repositories/", {"key": "No Good", "source": "/x"}).status_code == 422


def test_the_pulse_tells_only_what_moved(bakery: Repository, viewer: User, reviewer: User) -> None:
    client = signed_in(viewer)
    first = client.get("/pulse")
    seen = first.text.split("seen=")[1].split('"')[0]
    assert client.get(f"/pulse?seen={seen}").status_code == 204
    with committed():
        a_patch(bakery, life.LANDED)
    assert client.get(f"/pulse?seen={seen}")["HX-Trigger"] == "vpm:changed"


def test_a_page_that_shows_older_bytes_offers_no_decision(bakery: Repository, reviewer: User) -> None:
    patch = a_patch(bakery)
    fragment = {**HTMX, "HTTP_HX_TARGET": "decision"}
    client = signed_in(reviewer)
    assert "Approve" in client.get(f"/patches/{patch.pk}/?seen={patch.digest}", **fragment).text
    old = client.get(f"/patches/{patch.pk}/?seen={'0' * 64}", **fragment).text
    assert "no longer known here" in old
    assert "Approve" not in old


def test_parts_of_a_page_are_fetched_from_the_repository_the_page_is_about(
    tmp_path: Path, viewer: User
) -> None:
    client = signed_in(viewer)
    for key in ("one", "two"):
        a_repository(tmp_path, key=key)
    client.get("/?repo=two")
    for page in ("/cells/oven/", "/patches/", "/evidence/", "/audit/"):
        text = client.get(page).text
        form, rest = re.search(r'<form class="filters".*?</form>', text, re.DOTALL), text
        if form:
            assert '<input type="hidden" name="repo" value="two">' in form[0], page
            rest = text.replace(form[0], "")
        urls = re.findall(
            r'(?:hx-get|href)="(/(?:cells|inbox|patches|evidence|audit)/[a-z]*/?(?:\?[^"]*)?)"', rest
        )
        assert len(urls) > 3, page
        assert all("repo=two" in url for url in urls), urls


def test_the_header_is_about_the_repository_of_the_evidence(tmp_path: Path, viewer: User) -> None:
    client = signed_in(viewer)
    a_repository(tmp_path, key="one")
    quiet = a_repository(tmp_path, key="two", proposals={})
    client.get("/?repo=one")
    text = client.get(f"/evidence/{quiet.evidence.first().pk}/").text
    assert '<option value="two" selected>' in text
    assert 'hx-swap="innerHTML" hx-target="this"></span>' in text
    assert '<form class="choose" action="/"' in text


def test_a_part_of_a_page_whose_session_ended_leads_to_signing_in(bakery: Repository) -> None:
    answer = Client().get("/pulse?repo=bakery", **HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/sign-in/")
    assert Client().get("/inbox/").url.startswith("/sign-in/")  # type: ignore[attr-defined]
