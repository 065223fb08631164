"""The API through its door, by a viewer, a reviewer and a stranger."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from cells import accounts
from cells.models import ApiToken, AuditEvent, Patch, Repository, SyncRun
from cells.patches import life
from cells.repositories import known_as
from tests.factories import FILES, PROPOSALS, a_patch, a_repository, a_user, committed, source_of, sync

pytestmark = pytest.mark.django_db

Say = Callable[..., Any]


class Program:
    """A caller with a bearer token; answers are (status, JSON)."""

    def __init__(self, token: str = "", client: Client | None = None) -> None:
        self.client = client or Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: object) -> tuple[int, Any]:
        said = self.client.get(f"/api/v1/{path}", query, headers=self.headers)
        return said.status_code, said.json()

    def post(self, path: str, **body: object) -> tuple[int, Any]:
        said = self.client.post(f"/api/v1/{path}", body, "application/json", headers=self.headers)
        return said.status_code, said.json()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return a_repository(tmp_path)


def program(user: User, scope: str) -> Program:
    return Program(accounts.make_token(user=user, scope=scope))


@pytest.fixture
def reading(viewer: User) -> Program:
    return program(viewer, "viewer")


@pytest.fixture
def deciding(reviewer: User) -> Program:
    return program(reviewer, "reviewer")


# Who may


def test_nobody_gets_in_without_saying_who(repository: Repository) -> None:
    for path in ("repositories", "projects", "cells", "cells/oven", "patches", "patches/1", "audit", "swarm"):
        status, said = Program().get(path)
        assert (status, said["error"]["code"]) == (401, "unauthenticated"), path
    assert Client().get("/api/v1/cells").headers["WWW-Authenticate"] == "Bearer"


def test_a_token_that_is_unknown_revoked_or_of_a_former_user_is_nobody(viewer: User) -> None:
    assert Program("vpm_guess").get("cells")[0] == 401
    asking = program(viewer, "viewer")
    accounts.revoke_token(token=ApiToken.objects.get(), by=viewer)
    assert asking.get("cells")[0] == 401
    asking = program(viewer, "viewer")
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    assert asking.get("cells")[0] == 401


def test_a_stranger_with_a_session_is_refused_with_a_sentence(stranger: User, repository: Repository) -> None:
    client = Client()
    client.force_login(stranger)
    status, said = Program(client=client).get("cells")
    assert status == 403
    assert said == {
        "error": {
            "code": "forbidden",
            "sentence": "You need the right “viewer” to see this; an operator can give it to you.",
        }
    }


def test_a_token_dies_with_the_right_of_its_user(
    deciding: Program, reviewer: User, repository: Repository
) -> None:
    reviewer.groups.clear()
    assert deciding.get("cells")[0] == 403


def test_a_token_never_does_more_than_its_scope(reviewer: User, repository: Repository) -> None:
    patch = a_patch(repository)
    status, said = program(reviewer, "viewer").post(f"patches/{patch.pk}/approve", digest=patch.digest)
    assert (status, said["error"]["code"]) == (403, "forbidden")
    assert said["error"]["sentence"] == "This token has the scope “viewer”; this needs one with “reviewer”."
    patch.refresh_from_db()
    assert patch.state == life.PROPOSED


def test_a_session_reads_but_decides_only_with_its_csrf_token(reviewer: User, repository: Repository) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(reviewer)
    browser, patch = Program(client=client), a_patch(repository)
    assert browser.get("cells")[0] == 200
    status, said = browser.post(f"patches/{patch.pk}/reject", digest=patch.digest, reason="No.")
    assert (status, said["error"]["code"]) == (403, "forbidden")
    secret = "a" * 32
    client.cookies["csrftoken"] = secret
    browser.headers["X-CSRFToken"] = secret
    assert browser.post(f"patches/{patch.pk}/reject", digest=patch.digest, reason="No.")[0] == 200


def test_a_bad_token_is_not_rescued_by_a_session(reviewer: User) -> None:
    client = Client()
    client.force_login(reviewer)
    assert Program("vpm_guess", client=client).get("cells")[0] == 401


# Reading


def test_a_repository_is_shown_without_the_credentials_of_its_source(
    reading: Program, repository: Repository
) -> None:
    known_as("secret", "https://ada:hunter2@git.example.org/x.git")
    _, said = reading.get("repositories")
    assert [row["key"] for row in said["items"]] == ["bakery", "secret"]
    assert said["items"][1]["source"] == "https://git.example.org/x.git"
    assert "hunter2" not in json.dumps(reading.get("audit")[1])
    assert (said["items"][0]["cells"], said["items"][0]["waiting"], said["total"]) == (3, 2, 2)


def test_a_cell_shows_c_g_and_delta_with_path_line_and_commit(
    reading: Program, repository: Repository
) -> None:
    status, said = reading.get("cells/oven")
    assert status == 200
    facts = {row["kind"]: row for row in said["state"]["facts"]}
    assert facts["current"]["text"] == "The oven holds 210 degrees, give or take thirty."
    assert {"goal_short", "goal_mid", "gap"} <= set(facts)
    for row in facts.values():
        lines = FILES[row["path"]].splitlines()[row["line"] - 1 : row["last_line"]]
        assert row["text"].split("：")[-1] in "\n".join(lines)
        assert row["commit"] == repository.head
    assert [task["data"]["done"] for task in said["state"]["tasks"]] == [False, True]
    assert said["borrowed"] is False
    assert said["relations"] == [{"source": "dough", "target": "oven", "type": "feeds"}]
    assert said["milestones"] == {"P3-1": "Read the thermometer"}
    assert said["health"]["state"] == "on-track"


def test_a_cell_without_a_state_borrows_its_projects_and_says_so(
    reading: Program, repository: Repository
) -> None:
    _, said = reading.get("cells/dough")
    assert said["borrowed"] is True
    assert said["state"]["path"] == "STATE/bread/current_state.md"


def test_a_project_shows_c_g_and_delta(reading: Program, repository: Repository) -> None:
    _, said = reading.get("projects")
    assert [row["key"] for row in said["items"]] == ["bread"]
    assert said["items"][0]["state"]["open_tasks"] == 1


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({}, ["crumb", "dough", "oven"]),
        ({"lane": "sample"}, ["crumb", "dough"]),
        ({"project": "bread"}, ["dough", "oven"]),
        ({"state": "shelved"}, ["crumb"]),
        ({"lane": "monitoring", "state": "shelved"}, []),
        ({"repo": "bakery", "lane": ""}, ["crumb", "dough", "oven"]),
    ],
)
def test_cells_are_filtered(
    query: dict[str, str], keys: list[str], reading: Program, repository: Repository
) -> None:
    _, said = reading.get("cells", **query)
    assert [row["key"] for row in said["items"]] == keys
    assert said["total"] == len(keys)


def test_evidence_comes_newest_first_and_by_kind(reading: Program, repository: Repository) -> None:
    _, said = reading.get("cells/oven/evidence")
    assert [row["path"] for row in said["items"]] == [
        "reports/oven/heat_20260302T0700Z.md",
        "reports/oven/heat_20260301T0700Z.md",
    ]
    assert said["items"][0]["observed"]["source"] == "name"
    assert said["items"][0]["cells"] == ["oven"]
    assert reading.get("cells/oven/evidence", kind="picture")[1]["items"] == []


def test_the_swarm_is_node_link_data_that_networkx_reads(reading: Program, repository: Repository) -> None:
    networkx = pytest.importorskip("networkx")
    status, said = reading.get("swarm")
    assert status == 200
    graph = networkx.node_link_graph(said, edges="edges")
    assert set(graph.nodes) == {"oven", "dough", "crumb"}
    assert list(graph.edges(keys=True)) == [("dough", "oven", "feeds")]


def test_with_several_repositories_lists_show_all_and_one_thing_asks_which(
    reading: Program, repository: Repository, tmp_path: Path
) -> None:
    a_repository(tmp_path, key="annex")
    assert [row["repository"] for row in reading.get("projects")[1]["items"]] == ["annex", "bakery"]
    for path in ("cells/oven", "cells/oven/evidence", "swarm"):
        status, said = reading.get(path)
        assert (status, said["error"]["code"]) == (409, "refused")
        assert "annex, bakery" in said["error"]["sentence"]
        assert reading.get(path, repo="annex")[0] == 200


# Pages


@pytest.mark.parametrize("path", ["cells", "cells/oven/evidence", "patches", "audit"])
def test_pages_join_to_the_whole_list(path: str, reading: Program, repository: Repository) -> None:
    _, whole = reading.get(path)
    assert whole["next"] is None
    seen, cursor = [], ""
    while cursor is not None:
        _, page = reading.get(path, limit=1, cursor=cursor)
        assert len(page["items"]) == 1
        assert page["total"] == whole["total"]
        seen, cursor = seen + page["items"], page["next"]
    assert seen == whole["items"]


def test_what_arrives_while_someone_pages_shifts_nothing(reading: Program, repository: Repository) -> None:
    _, first = reading.get("patches", limit=1)
    source = source_of(repository)
    source.propose("ask/rye", {"docs/rye.md": "Rye wants patience.\n"})
    sync(repository)
    _, second = reading.get("patches", limit=1, cursor=first["next"])
    assert [row["branch"] for row in (*first["items"], *second["items"])] == [
        "think/dough-notes",
        "ask/warmer-oven",
    ]
    assert second["total"] == 3


def test_rows_of_one_moment_are_told_apart(reading: Program, repository: Repository) -> None:
    Patch.objects.update(authored_at=timezone.now())
    _, first = reading.get("patches", limit=1)
    _, second = reading.get("patches", limit=1, cursor=first["next"])
    assert {first["items"][0]["id"], second["items"][0]["id"]} == set(
        Patch.objects.values_list("pk", flat=True)
    )
    assert second["next"] is None


def test_a_cursor_of_another_list_or_none_of_ours_is_refused(
    reading: Program, repository: Repository
) -> None:
    _, page = reading.get("cells", limit=1)
    for path, cursor in (
        ("patches", page["next"]),
        ("cells", page["next"][:-1]),
        ("cells", "x"),
        ("cells", "[1]:é"),
    ):
        status, said = reading.get(path, cursor=cursor)
        assert (status, said["error"]["code"]) == (422, "invalid")
        assert (
            said["error"]["sentence"] == "This cursor is not one that this list gave; begin again without it."
        )


# What cannot be answered


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("cells?repo=nowhere", 404, "No repository is known as nowhere."),
        ("cells/ghost", 404, "bakery has no cell ghost."),
        ("patches/999999", 404, "There is no patch 999999."),
        ("patches/0", 422, "patch_id is too small; the least is 1."),
        ("patches/99999999999999999999", 422, "patch_id is too large; the most is 9223372036854775807."),
        ("patches/oven", 422, "patch_id has to be a whole number."),
        ("cells?limit=0", 422, "limit is too small; the least is 1."),
        ("cells?limit=201", 422, "limit is too large; the most is 200."),
        ("cells?limit=ten", 422, "limit has to be a whole number."),
        ("cells?repo=a%00b", 422, "repo holds a character that no text here can have."),
        ("cells/a%00b", 422, "key holds a character that no text here can have."),
        (f"cells?lane={'x' * 1001}", 422, "lane is too long; the most is 1000 characters."),
        ("cells?repo=%ff", 404, "No repository is known as �."),
        ("nothing/here", 404, "There is nothing at this address; /api/v1/openapi.json lists what there is."),
        ("", 404, "There is nothing at this address; /api/v1/openapi.json lists what there is."),
    ],
)
def test_what_is_unknown_or_malformed_is_a_sentence(
    path: str, status: int, sentence: str, reading: Program, repository: Repository
) -> None:
    found, said = reading.get(path)
    assert (found, said["error"]["sentence"]) == (status, sentence)


def test_an_unknown_state_names_the_known_ones(reading: Program) -> None:
    status, said = reading.get("patches", state="asleep")
    assert status == 422
    assert "proposed" in said["error"]["sentence"]


def test_before_the_first_repository_lists_are_empty(reading: Program) -> None:
    assert reading.get("cells")[1] == {"items": [], "next": None, "total": 0}
    assert reading.get("cells/oven")[0] == 404


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[1]", b'{"digest": 5}', b'{"digest": "x"}', b"[" * 5000]
)
def test_a_body_that_cannot_be_read_is_a_sentence(
    body: bytes, deciding: Program, repository: Repository
) -> None:
    said = deciding.client.post(
        f"/api/v1/patches/{a_patch(repository).pk}/reject", body, "application/json", headers=deciding.headers
    )
    assert (said.status_code, said.json()["error"]["code"]) == (422, "invalid")


def test_a_wrong_method_has_the_one_shape_too(deciding: Program) -> None:
    said = deciding.client.put("/api/v1/patches/1", headers=deciding.headers)
    assert (said.status_code, said["Allow"], said.json()["error"]["code"]) == (405, "GET", "invalid")
    assert deciding.post("nothing/here")[0] == 404


def test_sentences_come_in_the_callers_language(reading: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def in_language(text: str) -> str:
        from django.utils.translation import get_language

        asked.append(get_language() or "")
        return text

    monkeypatch.setattr("cells.refusals.gettext", in_language)
    reading.client.get("/api/v1/cells/ghost", headers=reading.headers | {"Accept-Language": "ja"})
    assert asked == ["ja"]


# Deciding


def test_a_patch_comes_with_its_diff_its_files_and_what_the_caller_may_do(
    reading: Program, deciding: Program, repository: Repository
) -> None:
    patch = a_patch(repository)
    status, said = deciding.get(f"patches/{patch.pk}")
    assert status == 200
    assert "-The oven holds 210 degrees" in said["diff"]["text"]
    assert "+The oven holds 225 degrees" in said["diff"]["text"]
    assert said["diff"]["truncated"] is False
    assert [(file["path"], file["added"], file["removed"]) for file in said["files"]] == [
        ("STATE/bread/current_state.md", 1, 1)
    ]
    assert said["digest"] == patch.digest
    assert said["rationale"] == "Because it is warm."
    assert [(verb["verb"], verb["allowed"]) for verb in said["verbs"]] == [
        ("approve", True),
        ("reject", True),
    ]
    _, said = reading.get(f"patches/{patch.pk}")
    assert [verb["allowed"] for verb in said["verbs"]] == [False, False]
    assert "“reviewer”" in said["verbs"][0]["why"]


def test_approving_lands_exactly_what_was_seen(
    deciding: Program, reading: Program, repository: Repository
) -> None:
    patch = a_patch(repository)
    with committed():
        status, said = deciding.post(
            f"patches/{patch.pk}/approve", digest=patch.digest, reason="Warm is good."
        )
    assert (status, said["state"]) == (200, "approved")
    _, said = reading.get(f"patches/{patch.pk}")
    assert (said["state"], said["push_state"]) == ("landed", "pushed")
    assert [(r["by"], r["decision"], r["reason"]) for r in said["reviews"]] == [
        ("reviewer", "approve", "Warm is good.")
    ]
    message = subprocess.run(
        ["git", "--git-dir", repository.source, "log", "-1", "--format=%H %an%n%B", "main"],
        capture_output=True,
        text=True,
    ).stdout
    assert message.startswith(f"{said['commit']} Ada Proposer")
    assert "Approved-by: reviewer" in message
    assert "225" in reading.get("cells/oven")[1]["state"]["facts"][0]["text"]


def test_a_refusal_is_the_verbs_own_sentence(deciding: Program, repository: Repository) -> None:
    patch = a_patch(repository)
    status, said = deciding.post(f"patches/{patch.pk}/approve", digest="0" * 64)
    assert (status, said["error"]["code"]) == (409, "refused")
    assert said["error"]["sentence"].startswith("This patch changed since you looked at it.")
    assert deciding.post(f"patches/{patch.pk}/reject", digest=patch.digest, reason=" ")[0] == 409
    assert deciding.post(f"patches/{patch.pk}/reject", digest=patch.digest, reason="Too warm.")[0] == 200
    status, said = deciding.post(f"patches/{patch.pk}/approve", digest=patch.digest)
    assert (status, said["error"]["sentence"]) == (409, "This patch was rejected; reopen it to decide again.")


def test_nobody_approves_their_own_by_api_either(repository: Repository) -> None:
    ada = a_user("ada", "reviewer")  # the proposals are by ada@example.org
    patch = a_patch(repository)
    status, said = program(ada, "reviewer").post(f"patches/{patch.pk}/approve", digest=patch.digest)
    assert (status, said["error"]["code"]) == (403, "forbidden")


def test_a_diff_is_cut_and_says_so(
    deciding: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cells.api.patches.DIFF", 40)
    patch = a_patch(a_repository(tmp_path))
    _, said = deciding.get(f"patches/{patch.pk}")
    assert (len(said["diff"]["text"]), said["diff"]["truncated"]) == (40, True)


def test_a_diff_that_is_not_utf_8_is_still_shown(deciding: Program, tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source_of(repository).propose("ask/old", {"docs/old.txt": "古い\n".encode("shift_jis")})
    patch = a_patch(sync(repository), branch="ask/old")
    status, said = deciding.get(f"patches/{patch.pk}")
    assert status == 200
    assert "docs/old.txt" in said["diff"]["text"]


def test_patches_are_filtered(reading: Program, repository: Repository) -> None:
    a_patch(repository, life.REJECTED)
    for query, branches in (
        ({"state": "proposed"}, ["think/dough-notes"]),
        ({"state": "rejected"}, ["ask/warmer-oven"]),
        ({"cell": "oven"}, ["ask/warmer-oven"]),
        ({"kind": "think"}, ["think/dough-notes"]),
        ({"lane": "sample"}, ["think/dough-notes"]),
        ({}, list(reversed(PROPOSALS))),
    ):
        assert [row["branch"] for row in reading.get("patches", **query)[1]["items"]] == branches, query


# The trail


def test_the_trail_says_who_decided(reading: Program, repository: Repository) -> None:
    patch = a_patch(repository, life.REJECTED)
    _, said = reading.get("audit", repo="bakery", verb="reject")
    assert [(row["actor"], row["subject"], row["reason"]) for row in said["items"]] == [
        ("reviewer", str(patch.pk), "Too warm for rye.")
    ]
    assert said["items"][0]["before"] == {"state": "proposed"}


def printed(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_the_command_prints_the_trail_newest_last(repository: Repository, reading: Program) -> None:
    a_patch(repository, life.REJECTED)
    rows = [json.loads(line) for line in printed("--json")]
    assert [row["id"] for row in rows] == list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert rows[-1] == reading.get("audit", limit=1)[1]["items"][0]
    assert [
        json.loads(line)["repository"] for line in printed("--json", "--repo", "bakery", "--limit", "2")
    ] == ["bakery"] * 2
    assert "reviewer reject patch" in printed("--limit", "1")[0]
    assert printed("--repo", "nowhere") == []
    with pytest.raises(CommandError):
        printed("--limit", "0")


# Health


def test_health_needs_nobody_and_tells_nothing_secret(repository: Repository) -> None:
    for path in ("/health", "/api/v1/health"):
        said = Client().get(path)
        assert said.status_code == 200
        assert said.json()["status"] == "ok"
        assert said.json()["repositories"] == {"known": 1, "failing": 0}
        assert "bakery" not in said.content.decode()


def test_health_is_degraded_when_a_reading_failed_or_the_worker_is_silent(repository: Repository) -> None:
    SyncRun.objects.update(finished_at=timezone.now() - timezone.timedelta(hours=1))
    said = Client().get("/health").json()
    assert (said["status"], said["worker"] > 3000) == ("degraded", True)
    SyncRun.objects.update(finished_at=timezone.now(), state=SyncRun.FAILED)
    assert Client().get("/health").json()["repositories"] == {"known": 1, "failing": 1}


def test_health_is_degraded_without_a_broker(settings: Any, repository: Repository) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    said = Client().get("/health")
    assert (said.status_code, said.json()["status"], said.json()["broker"]) == (200, "degraded", "down")


def test_health_is_503_when_the_database_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    for path in ("/health", "/api/v1/health"):
        said = Client().get(path)
        assert (said.status_code, said.json()["database"]) == (503, "down")
