"""The inbox in the order a person asks for: what comes first, why, and that nothing is lost between pages."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cells import accounts
from cells.models import Patch, Repository
from cells.patches import life, order
from egspace.models import Forecast, Standing
from tests.factories import PROPOSALS, a_patch, a_repository

pytestmark = pytest.mark.django_db

MORE = PROPOSALS | {"codex/readme": {"README.md": "# Bakery\n"}}


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    """Three that wait: for the oven (1.2, moving away), for the dough (1.4, coming closer), and for no cell."""
    repository = a_repository(tmp_path, proposals=MORE)
    for key, delta, velocity in (("oven", 1.2, -0.02), ("dough", 1.4, 0.03), ("crumb", None, None)):
        Standing.objects.create(
            repository=repository, kind="cell", key=key, cell=repository.cells.get(key=key), delta=delta, velocity=velocity,
        )  # fmt: skip
    for branch, before, after in (("ask/warmer-oven", 1.2, 1.25), ("think/dough-notes", 1.4, 1.36)):
        Forecast.objects.create(
            patch=a_patch(repository, branch=branch), key="oven" if "oven" in branch else "dough", head="0" * 40,
            before=before, after=after,
        )  # fmt: skip
    return repository


def branches(repository: Repository, name: str) -> list[str]:
    rows, fields = order.by(repository.patches.all(), name)
    return [row.branch for row in rows.order_by(*fields)]


def listed(client: Client, query: str) -> list[str]:
    page = client.get(f"/patches/?repo=bakery&{query}").content.decode()
    return re.findall(r'<a href="/patches/\d+/[^"]*" class="what">([^<]*)', page)


def test_every_order_puts_first_what_it_is_named_for(bakery: Repository) -> None:
    oven, dough, readme = "ask/warmer-oven", "think/dough-notes", "codex/readme"
    assert branches(bakery, "newest") == [readme, dough, oven]
    assert branches(bakery, "age") == branches(bakery, "oldest") == [oven, dough, readme]
    assert branches(bakery, "delta") == [dough, oven, readme]
    assert branches(bakery, "velocity") == [oven, dough, readme]
    assert branches(bakery, "effect") == [dough, oven, readme]
    assert branches(bakery, "no such order") == branches(bakery, "newest")


def test_the_risk_the_contract_saw_comes_first_and_what_it_did_not_judge_last(bakery: Repository) -> None:
    for branch, risk in (("ask/warmer-oven", "LOW"), ("think/dough-notes", "HIGH")):
        patch = a_patch(bakery, branch=branch)
        assert patch.verdict
        patch.verdict["risk"] = risk
        patch.save()
    Patch.objects.filter(branch="codex/readme").update(verdict=None, decision="")
    assert branches(bakery, "risk") == ["think/dough-notes", "ask/warmer-oven", "codex/readme"]
    said = order.because(list(bakery.patches.all()), "risk")
    assert re.match(r"risk high: [\w-]+$", said[a_patch(bakery, branch="think/dough-notes").pk])
    assert (
        said[a_patch(bakery, branch="codex/readme").pk] == "risk unknown: the contract has not judged it yet"
    )


def test_the_row_says_why_it_stands_there(client: Client, viewer: User, bakery: Repository) -> None:
    client.force_login(viewer)
    Patch.objects.update(authored_at=timezone.now() - timedelta(days=12))
    for name, sentences in {
        "delta": [
            "dough: δ 1.40, the farthest of 2",
            "oven: δ 1.20, farther than 0 of 2",
            "It belongs to no cell",
        ],
        "velocity": [
            "oven moves away from its goal, 0.02 a week",
            "dough moves towards its goal, 0.03 a week",
        ],
        "effect": [
            "brings dough closer to its goal, by 0.040",
            "takes oven farther from its goal, by 0.050",
            "No effect on a δ",
        ],
        "age": ["waits for 1\N{NO-BREAK SPACE}week"],
        "risk": ["risk low: "],
    }.items():
        page = client.get(f"/patches/?repo=bakery&order={name}").content.decode()
        for sentence in sentences:
            assert sentence in page, (name, sentence)
    assert "order-because" not in client.get("/patches/?repo=bakery").content.decode()


def test_what_is_unknown_is_said_to_be(client: Client, viewer: User, bakery: Repository) -> None:
    client.force_login(viewer)
    Standing.objects.filter(key="dough").update(
        delta=None,
        velocity=None,
        unknown={"text": "Where it is, is unknown: no evidence belongs to it.", "params": {}},
    )
    page = client.get("/patches/?repo=bakery&order=delta").content.decode()
    assert "dough: δ unknown. Where it is, is unknown: no evidence belongs to it." in page
    assert "δ 0" not in page
    assert branches(bakery, "delta")[0] == "ask/warmer-oven"
    assert (
        "dough: which way it moves is unknown"
        in client.get("/patches/?repo=bakery&order=velocity").content.decode()
    )


def test_a_filter_keeps_the_order(client: Client, viewer: User, bakery: Repository) -> None:
    client.force_login(viewer)
    assert listed(client, "order=delta") == ["Propose dough-notes", "Propose warmer-oven", "Propose readme"]
    assert listed(client, "order=delta&cell=oven") == ["Propose warmer-oven"]
    a_patch(bakery, life.REJECTED, branch="think/dough-notes")
    assert listed(client, "order=delta") == ["Propose warmer-oven", "Propose readme"]
    assert listed(client, "order=delta&state=all")[0] == "Propose dough-notes"


def test_the_steps_from_one_patch_to_the_next_follow_the_list_it_was_opened_from(
    client: Client, viewer: User, bakery: Repository
) -> None:
    client.force_login(viewer)
    for name in order.names():
        rows, fields = order.by(bakery.patches.all(), name)
        pks = [row.pk for row in rows.order_by(*fields)]
        for place, pk in enumerate(pks):
            page = client.get(f"/patches/{pk}/?order={name}").content.decode()
            steps = {
                key: int(to) for to, key in re.findall(r'href="/patches/(\d+)/[^"]*" data-step="(\w)"', page)
            }
            expected = {"k": pks[place - 1] if place else None, "j": pks[place + 1] if place < 2 else None}
            assert steps == {key: to for key, to in expected.items() if to}, name


@pytest.mark.parametrize("name", ["newest", "age", "risk", "delta", "velocity", "effect"])
def test_the_api_pages_through_an_order_and_says_why(
    client: Client, viewer: User, bakery: Repository, name: str
) -> None:
    token = accounts.make_token(user=viewer, scope="viewer")
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(
            "/api/v1/patches",
            {"order": name, "limit": 1, "cursor": cursor},
            headers={"Authorization": f"Bearer {token}"},
        ).json()
        found += answer["items"]
        cursor = answer["next"]
    assert [row["branch"] for row in found] == branches(bakery, name)
    assert all(row["because"] for row in found) == (name != "newest")


def test_ten_thousand_waiting_patches_are_ordered_by_the_database(
    client: Client, viewer: User, bakery: Repository, django_assert_max_num_queries: Any
) -> None:
    one = a_patch(bakery)
    cells = {cell.key: cell.pk for cell in bakery.cells.all()}
    many = [
        Patch(
            repository=bakery, branch=f"many/{n}", tip=f"{n:040x}", kind="ask", title=f"Patch {n}", author_name="many",
            authored_at=one.authored_at + timedelta(seconds=n % 7), state_at=one.state_at, digest="d", state=life.PROPOSED,
        )
        for n in range(10_000)
    ]  # fmt: skip
    through = Patch.cells.through
    rows = Patch.objects.bulk_create(many)
    through.objects.bulk_create(
        through(patch_id=row.pk, cell_id=cells["dough" if n % 2 else "oven"]) for n, row in enumerate(rows)
    )
    client.force_login(viewer)
    for name in order.names():
        with django_assert_max_num_queries(40):
            assert len(listed(client, f"order={name}&page=300")) == 30
    first, second = listed(client, "order=delta"), listed(client, "order=delta&page=2")
    assert not set(first) & set(second)
