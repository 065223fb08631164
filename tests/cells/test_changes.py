"""What a patch's page shows of the change: the view that was chosen, what supports each part, and documents beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells.models import Patch, Repository
from cells.patches import proposing
from tests.factories import BEGAN, FILES, PROPOSALS, STATE, a_patch, a_repository, source_of, sync

pytestmark = pytest.mark.django_db

HEAT = "reports/oven/heat_20260302T0700Z.md"
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    return a_repository(tmp_path)


@pytest.fixture
def reader(viewer: User) -> Client:
    client = Client()
    client.force_login(viewer)
    return client


def proposed(repository: Repository, changes: dict[str, str | bytes | None], message: str = "") -> Patch:
    source_of(repository).propose("ask/one", changes, message)
    sync(repository)
    return repository.patches.get(branch="ask/one")


def changes_of(client: Client, patch: Patch, query: str = "") -> str:
    """The part of the page this is about, without the space between tags."""
    page = client.get(f"/patches/{patch.pk}/{query}").text
    start = page.find('<section class="backings">')
    part = page[
        start if start >= 0 else page.index('<section class="changes">') : page.index('<aside id="beside"')
    ]
    return re.sub(r"\s+", " ", part)


def test_a_document_is_rendered_until_somebody_chooses_otherwise(bakery: Repository, reader: Client) -> None:
    patch = a_patch(bakery)
    assert "The oven holds <del>210</del><ins>225</ins> degrees" in changes_of(reader, patch)
    assert 'class="code split"' in changes_of(reader, patch, "?diff=split")
    assert 'class="code split"' in changes_of(reader, patch), "remembered"
    assert 'class="code unified"' in changes_of(reader, patch, "?diff=unified")
    assert 'class="prose rendered"' in changes_of(reader, patch, "?diff=rendered")


def test_what_is_no_prose_is_compared_line_by_line_in_any_view(bakery: Repository, reader: Client) -> None:
    patch = proposed(bakery, {"swarm.toml": FILES["swarm.toml"].replace("Oven watch", "Oven care")})
    text = changes_of(reader, patch, "?diff=rendered")
    assert "<del>watch</del>" in text
    assert "diff=rendered" not in text, "not offered"


def test_added_deleted_renamed_and_binary_files_each_say_what_they_are(
    bakery: Repository, reader: Client
) -> None:
    rise = "reports/dough/rise_20260301T0600Z.md"
    patch = proposed(
        bakery,
        {
            "docs/new.md": "# New\n\n- [ ] bake\n",
            "reports/oven/heat_20260301T0700Z.md": None,
            rise: None,
            "docs/rise.md": FILES[rise],
            "docs/p.md": b"\x89PNG\x00\x01",
            "docs/latin.md": "caf\xe9\n".encode("latin-1"),
        },
    )
    text = changes_of(reader, patch)
    assert re.search(r'class="diff read added".*<h1>New</h1>', text)
    assert re.search(r'class="diff read deleted".*<h1>Heat</h1>', text)
    assert re.search(rf"{rise} → docs/rise.md.*No line changes", text)
    assert "Binary; its bytes are not shown." in text
    assert "caf\ufffd" in text, "what is no UTF-8 is shown as a diff"


def test_changed_lines_that_do_not_show_are_listed(bakery: Repository, reader: Client) -> None:
    hidden = STATE.replace("# Bread", "# Bread\n\n[plan]: https://example.org/other\n")
    text = changes_of(reader, proposed(bakery, {"STATE/bread/current_state.md": hidden}))
    assert "reads the same as before" in text
    assert "1 changed line does not show above:" in text
    assert "[plan]: https://example.org/other" in text


def test_each_file_of_a_branch_shows_what_it_cites(bakery: Repository, reader: Client) -> None:
    patch = proposed(
        bakery,
        {
            "STATE/bread/current_state.md": STATE.replace("thirty.", f"thirty (see `{HEAT}`)."),
            "docs/plan.md": "See reports/oven/none_20260302T0700Z.md and `docs/other.md`.\n",
            "docs/other.md": "Nothing.\n",
        },
    )
    text = changes_of(reader, patch)
    row = bakery.evidence.get(path=HEAT)
    state = re.search(r'<li id="e1">.*?</li>', text)
    assert state is not None
    assert f'<a href="/evidence/{row.pk}/" data-beside="/patches/{patch.pk}/beside?path=' in state[0]
    assert re.search(r'none_20260302T0700Z.md</code> <span class="pill warning">not in the repository', text)
    assert re.search(r'docs/other.md</a> <span class="pill">comes with this patch', text)
    assert re.search(
        r'no evidence named</span> <span id="e2"><a class="to" href="#f2"><code>docs/other.md', text
    )


def test_each_edit_of_an_ask_shows_the_evidence_it_names_or_that_it_names_none(
    bakery: Repository, reader: Client
) -> None:
    moved = "reports/oven/heat_20260301T0700Z.md"
    patch = proposing.propose(
        bakery,
        bakery.head,
        proposing.Proposed(
            files={
                "STATE/bread/current_state.md": STATE.replace("210", "214").encode(),
                "docs/plan.md": b"Bake.\n",
                moved: None,
                "reports/archive/heat.md": FILES[moved].encode(),
            },
            title="Say it", rationale="", kind="ask", author="rules", at=BEGAN,
            edits=[
                {"operation": "replace_section", "path": "STATE/bread/current_state.md", "match_heading": "現在地（C）",
                 "evidence": [HEAT, "swarm.toml", "reports/nowhere.md"]},
                {"operation": "add_file", "path": "docs/plan.md"},
                {"operation": "archive", "path": moved, "to": "reports/archive/heat.md", "evidence": []},
            ],
        ),
        actor="ask",
    )  # fmt: skip
    text = changes_of(reader, patch)
    first, second, third = re.findall(r'<li id="e\d">.*?(?=<li id="e|</section>)', text)
    assert "現在地（C）" in first
    assert f"/beside?path={HEAT.replace('/', '%2F')}" in first
    assert re.search(r'swarm.toml</a> <span class="pill warning">not in the evidence', first)
    assert re.search(r'nowhere.md</code> <span class="pill warning">not in the repository', first)
    for one in (second, third):
        assert "no evidence named" in one
        assert 'href="#f' in one


def test_support_and_change_lead_to_each_other(bakery: Repository, reader: Client) -> None:
    patch = proposed(
        bakery, {"docs/plan.md": f"See {HEAT}.\n", "swarm.toml": FILES["swarm.toml"] + "\n# a remark\n"}
    )
    text = changes_of(reader, patch)
    for entry, file in re.findall(r'id="(e\d+)".*?href="#(f\d+)"', text):
        assert re.search(rf'id="{file}" open>.*?href="#{entry}"', text)
    assert len(re.findall(r'id="f\d+"', text)) == 2


def test_what_the_message_of_a_branch_names_supports_all_of_it_and_opens(
    bakery: Repository, reader: Client
) -> None:
    patch = proposed(
        bakery, {"docs/plan.md": "Bake.\n"}, f"Plan\n\nBecause {HEAT}:3 says so, <b>loudly</b>.\n"
    )
    page = reader.get(f"/patches/{patch.pk}/").text
    assert re.search(rf'<a href="/files/\?[^"]*#L3"[^>]*>{HEAT}:3</a>', page)
    assert "<b>loudly" not in page
    text = changes_of(reader, patch)
    assert "for the whole change" in text
    assert re.search(r'id="f1" open>.*?href="#e1">↑ what supports it', text)


def test_a_document_opens_beside_at_its_line(bakery: Repository, reader: Client) -> None:
    patch = a_patch(bakery)
    text = reader.get(f"/patches/{patch.pk}/beside?path={HEAT}&line=3", **HTMX).text
    assert re.search(r'<tr class="here"><td class="n">3</td><td class="t">Steady at 214 degrees.', text)
    assert "2026-03-02" in text
    assert "<html" not in text
    whole = reader.get(f"/patches/{patch.pk}/beside?path={HEAT}", **HTMX).text
    assert "<h1>Heat</h1>" in whole


def test_its_claims_stand_above_it_those_of_the_line_first(tmp_path: Path, reader: Client) -> None:
    path = "reports/oven/metrics_20260302T0900Z.json"
    data = json.dumps({"service": "oven", "ready": "True", "success_rate": "98%"}, indent=1)
    repository = a_repository(tmp_path, files={**FILES, path: data}, proposals=PROPOSALS)
    claims = list(repository.evidence.get(path=path).claims.all())
    assert claims, "this test needs evidence that claims something"
    last = max(claims, key=lambda claim: claim.line)
    text = reader.get(f"/patches/{a_patch(repository).pk}/beside?path={path}&line={last.line}", **HTMX).text
    first = re.search(r'<ul class="plain-list beside-claims"><li class="here">(.*?)</li>', text, re.DOTALL)
    assert first is not None
    assert f"{last.predicate} = {last.value}" in first[1]


def test_without_javascript_it_is_the_page_of_the_file(bakery: Repository, reader: Client) -> None:
    answer = reader.get(f"/patches/{a_patch(bakery).pk}/beside?path={HEAT}&line=3")
    assert answer["Location"].startswith("/files/?repo=bakery&path=")
    assert answer["Location"].endswith("#L3")
    assert reader.get(answer["Location"].partition("#")[0]).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["path=nope.md", "path=", "path=reports", "path=../../etc/passwd", f"path={HEAT}&commit=main", f"path={HEAT}&commit={'0' * 40}"],
)  # fmt: skip
def test_what_is_not_there_is_a_sentence(bakery: Repository, reader: Client, query: str) -> None:
    answer = reader.get(f"/patches/{a_patch(bakery).pk}/beside?{query}&line=²", **HTMX)
    assert answer.status_code == 404
    assert 'role="alert"' in answer.text
    assert "<html" not in answer.text


def test_only_documents_of_the_patchs_own_repository_open(tmp_path: Path, reader: Client) -> None:
    mine = a_repository(tmp_path)
    other = a_repository(tmp_path, "other", files={**FILES, "docs/secret.md": "flour"})
    at = f"/patches/{a_patch(mine).pk}/beside?path=docs/secret.md"
    assert reader.get(at, **HTMX).status_code == 404
    assert reader.get(f"{at}&commit={other.head}", **HTMX).status_code == 404


def test_hostile_documents_stay_text_beside_and_rendered(bakery: Repository, reader: Client) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3))"
    patch = proposed(
        bakery, {"STATE/bread/current_state.md": f"# {bad}\n\n{bad}\n", "docs/bad.md": bad}, f"{bad}\n\n{bad}"
    )
    pages = [changes_of(reader, patch)]
    for place in (f"docs/bad.md&commit={patch.tip}", f"docs/bad.md&commit={patch.tip}&line=1"):
        pages.append(reader.get(f"/patches/{patch.pk}/beside?path={place}", **HTMX).text)
    for page in pages:
        assert "alert(1)" in page
        assert not [one for one in ("<script>alert", "<img", 'href="javascript') if one in page]


def test_a_stranger_sees_no_document(bakery: Repository, stranger: User) -> None:
    client = Client()
    client.force_login(stranger)
    assert client.get(f"/patches/{a_patch(bakery).pk}/beside?path={HEAT}", **HTMX).status_code == 403
