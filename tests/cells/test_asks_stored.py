"""Documents with what no database column holds: read, judged, asked about and shown all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells.asks import life
from cells.models import Patch, Repository
from tests.cells.callers import program
from tests.cells.test_asks import BAKERY, RUN, asked
from tests.factories import a_repository

pytestmark = pytest.mark.django_db

ODD = '"a\\u0000b": 1, "x": NaN, "\\ud800": 1e999, "said": "\\udfff\\u0000", "deep": ' + "[" * 300 + "]" * 300
FILES = BAKERY | {
    "data/odd.json": f'{{"run": "{RUN}", {ODD}}}\n',
    "data/keys.json": '{"a\\u0000b": 1, "\\ud800": 2, "c": 3}\n',
    "STATE/bread/current_state.md": BAKERY["STATE/bread/current_state.md"] + "\nA \0 in it.\n",
    "reports/oven/odd_20260302T0800Z.log": "hello \0 there\n",
}
BRANCHES = {
    "x/keys": {"data/keys.json": '{"c": 3}\n'},
    "x/without": {"data/odd.json": f'{{"run": "{RUN}", "x": 0}}\n'},
    "x/notes": {
        "docs/a.md": "# A\n\nSee `reports/oven/a\0b.md` and the run bake_oven_2\0_20260302T060000Z.\n"
    },
}


@pytest.fixture
def odd(tmp_path: Path) -> Repository:
    return a_repository(tmp_path, files=FILES, proposals=BRANCHES)


def test_a_proposal_that_removes_such_a_key_is_judged_and_shown(
    odd: Repository, operator: User, client: Client
) -> None:
    client.force_login(operator)
    for branch in BRANCHES:
        patch = Patch.objects.get(repository=odd, branch=branch)
        assert patch.decision == "REVIEW_REQUIRED"
        assert client.get(f"/patches/{patch.pk}/").status_code == 200
        assert program(operator, "operator").get(f"patches/{patch.pk}")[0] == 200
    keys = Patch.objects.get(repository=odd, branch="x/keys")
    assert keys.verdict is not None
    lost = {r["params"]["key"] for r in keys.verdict["reasons"] if r["rule"] == "json-keys-lost"}
    assert lost == {"/a\ufffdb", "/\ufffd"}
    assert client.get("/patches/").status_code == 200
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("mode", ["update_north_star", "u_contract", "pm_snapshot", "doc_update"])
def test_an_ask_keeps_its_context_as_json_that_every_database_takes(
    odd: Repository, operator: User, client: Client, mode: str
) -> None:
    ask = asked(odd.cells.get(key="oven"), operator, mode=mode)
    assert ask.state in (life.ANSWERED, life.PLAN_ONLY), ask.error
    kept = json.dumps(ask.context, ensure_ascii=False, allow_nan=False)
    kept.encode("utf-8")
    assert "\\u0000" not in kept
    assert ask.context is not None
    memory = {one["path"]: one["object"] for one in ask.context["memory_documents"]}["data/odd.json"]
    assert (memory["x"], memory["\ufffd"], memory["a\ufffdb"]) == ("NaN", "Infinity", 1)
    client.force_login(operator)
    assert client.get(f"/asks/{ask.pk}/").status_code == 200
    assert program(operator, "operator").get(f"asks/{ask.pk}")[0] == 200


def test_memory_that_cannot_be_written_back_ends_the_ask_with_a_sentence(
    tmp_path: Path, operator: User, client: Client
) -> None:
    memory = BAKERY["data/oven.json"].rstrip().removesuffix("}") + f", {ODD}}}\n"
    repository = a_repository(tmp_path, files=FILES | {"data/oven.json": memory})
    ask = asked(repository.cells.get(key="oven"), operator)
    assert ask.state == life.FAILED
    assert ask.error is not None
    assert ask.error["params"] == {"path": "data/oven.json"}
    client.force_login(operator)
    assert client.get(f"/asks/{ask.pk}/").status_code == 200
