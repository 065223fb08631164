"""Search by meaning on the pages and in the API; which evidence suggests a cell, and that a person decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells import accounts
from cells.models import Evidence, Repository
from cells.sentences import sentence
from egspace import refresh
from egspace.embedding import EmbedderAway
from egspace.models import Refresh
from tests.factories import FILES, a_repository, source_of, sync

pytestmark = pytest.mark.django_db

LOOSE = {
    "reports/notes/starter_20260302T0600Z.md": "# Rise again\n\nDoubled in an hour, and doubled again.\n",
    "reports/notes/tax_20260302T0600Z.md": "# 確定申告\n\n青色申告の控えを保管した。\n",
    "reports/notes/empty_20260302T0600Z.md": "",
}
SEARCH = "/near/?repo=bakery&near="


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    repository = a_repository(tmp_path, files=FILES | LOOSE)
    row = refresh.execute_now(repository)
    assert row.state == Refresh.DONE, row.error
    return repository


def evidence(name: str) -> Evidence:
    return Evidence.objects.get(path__contains=name, current=True)


def get(client: Client, path: str, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200, path
    return answer.content.decode()


def titles(page: str) -> list[str]:
    return re.findall(r'<a href="/evidence/\d+/" class="what">([^<]*)', page)


def test_words_find_what_means_the_same_nearest_first_with_how_similar_it_is(
    client: Client, viewer: User, bakery: Repository
) -> None:
    client.force_login(viewer)
    page = get(client, SEARCH + "it doubled again")
    assert titles(page)[:2] == ["Rise again", "Rise"]
    similar = [float(one) for one in re.findall(r"similarity</span> (\d\.\d\d)", page)]
    assert similar == sorted(similar, reverse=True)
    assert 0.2 < similar[0] <= 1


def test_the_list_of_evidence_asks_for_what_is_near_and_links_to_it_without_javascript(
    client: Client, viewer: User, bakery: Repository
) -> None:
    client.force_login(viewer)
    page = get(client, "/evidence/?repo=bakery&near=dough+%26+<b>")
    assert 'hx-get="/near/?repo=bakery&amp;near=dough%20%26%20%3Cb%3E"' in page
    assert 'value="dough &amp; &lt;b&gt;"' in page
    rows = get(client, SEARCH + "<b>dough</b>", **{"HX-Request": "true"})
    assert rows.lstrip().startswith('<div id="rows">')
    assert "The other filters do not count here." in rows
    assert "other filters" not in get(client, SEARCH + "dough"), "its own page has none"
    assert "&lt;b&gt;dough" in rows
    assert "<b>" not in rows


def test_what_cannot_be_searched_says_so(
    client: Client, viewer: User, bakery: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(viewer)
    assert "Write what you look for" in get(client, SEARCH)
    assert "Nothing in these words" in get(client, SEARCH + "%20…%20")

    def away(*_: object) -> None:
        raise EmbedderAway(sentence("The worker stopped in the middle; another one starts over."))

    monkeypatch.setattr("egspace.embedding.nearest.ask", away)
    assert "The worker stopped in the middle" in get(client, SEARCH + "dough")


def test_beside_a_piece_of_evidence_stands_what_is_near_to_it_and_not_itself(
    client: Client, viewer: User, bakery: Repository
) -> None:
    client.force_login(viewer)
    near = titles(get(client, f"/evidence/{evidence('heat_20260301').pk}/near/"))
    assert near[0] == "Heat"
    assert (
        len(near) == len(set(Evidence.objects.filter(current=True).values_list("pk"))) - 2
    )  # itself, and the empty one
    assert "There is no text in it to place." in get(client, f"/evidence/{evidence('empty').pk}/near/")


def test_evidence_of_no_cell_reads_like_one_and_an_operator_assigns_it(
    client: Client, viewer: User, operator: User, bakery: Repository
) -> None:
    loose = evidence("starter")
    assert not loose.cells.exists()
    client.force_login(viewer)
    page = get(client, f"/evidence/{loose.pk}/near/")
    assert "It reads like it belongs to:" in page
    assert re.search(r'name="cell" value="dough" checked disabled', page)
    assert "<button>Assign" not in page
    client.force_login(operator)
    assert "<button>Assign" in get(client, f"/evidence/{loose.pk}/near/")
    assert client.post(f"/evidence/{loose.pk}/assign", {"cell": "dough"}).status_code == 302
    assert [cell.key for cell in loose.cells.all()] == ["dough"]
    assert "It reads like it belongs to:" not in get(client, f"/evidence/{loose.pk}/near/")


def test_what_reads_like_no_cell_is_not_given_one(client: Client, viewer: User, bakery: Repository) -> None:
    client.force_login(viewer)
    page = get(client, f"/evidence/{evidence('tax').pk}/near/")
    assert "Its text reads like no cell." in page
    assert 'name="cell"' not in page


def test_before_the_map_is_made_nothing_is_near_and_the_page_says_why(
    client: Client, viewer: User, tmp_path: Path
) -> None:
    repository = a_repository(tmp_path)
    client.force_login(viewer)
    pk = repository.evidence.all()[0].pk
    for path in (f"/evidence/{pk}/near/", SEARCH + "dough"):
        assert "The map is being made" in get(client, path)
    token = accounts.make_token(user=viewer, scope="viewer")
    answer = client.get("/api/v1/near?q=dough", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 409
    assert answer.json()["error"]["sentence"] == "The map of this repository has not been made yet."


def test_what_came_after_the_map_is_said_to(client: Client, viewer: User, bakery: Repository) -> None:
    source_of(bakery).commit({"reports/oven/late_20260303T0700Z.md": "# Late\n\nA cold oven.\n"})
    sync(bakery)
    client.force_login(viewer)
    page = get(client, f"/evidence/{evidence('late').pk}/near/")
    assert "It came after the map was made" in page
    assert "A newer map is being made" in page


def test_the_api_finds_the_same(client: Client, viewer: User, bakery: Repository) -> None:
    token = accounts.make_token(user=viewer, scope="viewer")
    found = client.get(
        "/api/v1/near?q=it doubled again&limit=2", headers={"Authorization": f"Bearer {token}"}
    ).json()
    assert [one["evidence"]["title"] for one in found["items"]] == ["Rise again", "Rise"]
    assert found["items"][0]["evidence"]["cells"] == []
    assert found["items"][1]["evidence"]["cells"] == ["dough"]
    assert 1 >= found["items"][0]["similarity"] >= found["items"][1]["similarity"] > 0.2
    client.force_login(viewer)
    assert client.get("/api/v1/near").json() == {"items": []}


def test_nobody_without_the_right_searches(client: Client, stranger: User, bakery: Repository) -> None:
    client.force_login(stranger)
    pk = evidence("tax").pk
    assert {client.get(path).status_code for path in (SEARCH + "dough", f"/evidence/{pk}/near/")} == {403}
