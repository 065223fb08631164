"""Who gets into the API, and deciding through it: by a viewer, a reviewer and a stranger."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cells import accounts
from cells.models import ApiToken, Repository
from cells.patches import life
from cells.patches.verdicts import fingerprint
from tests.cells.callers import Program, program
from tests.factories import PROPOSALS, a_patch, a_repository, a_user, committed, source_of, sync

pytestmark = pytest.mark.django_db


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
    status, said = program(reviewer, "viewer").post(
        f"patches/{patch.pk}/approve", digest=patch.digest, verdict=fingerprint(patch.verdict)
    )
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
    assert [verb["verb"] for verb in said["verbs"] if verb["allowed"]] == [
        "approve", "reject", "send_back", "archive", "claim", "take_over", "let_go", "hand_over", "take", "snooze",
        "wake_up", "edit",
    ]  # fmt: skip
    _, said = reading.get(f"patches/{patch.pk}")
    assert not [verb for verb in said["verbs"] if verb["allowed"]]
    assert "“reviewer”" in said["verbs"][0]["why"]


def test_approving_lands_exactly_what_was_seen(
    deciding: Program, reading: Program, repository: Repository
) -> None:
    patch = a_patch(repository)
    with committed():
        status, said = deciding.post(
            f"patches/{patch.pk}/approve",
            digest=patch.digest,
            verdict=fingerprint(patch.verdict),
            reason="Warm is good.",
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
    status, said = deciding.post(f"patches/{patch.pk}/approve", digest="0" * 64, verdict="")
    assert (status, said["error"]["code"]) == (409, "refused")
    assert said["error"]["sentence"].startswith("This patch changed since you looked at it.")
    assert deciding.post(f"patches/{patch.pk}/reject", digest=patch.digest, reason=" ")[0] == 409
    assert deciding.post(f"patches/{patch.pk}/reject", digest=patch.digest, reason="Too warm.")[0] == 200
    status, said = deciding.post(
        f"patches/{patch.pk}/approve", digest=patch.digest, verdict=fingerprint(patch.verdict)
    )
    assert (status, said["error"]["sentence"]) == (409, "This patch was rejected; reopen it to decide again.")


def test_nobody_approves_their_own_by_api_either(repository: Repository) -> None:
    ada = a_user("ada", "reviewer")  # the proposals are by ada@example.org
    patch = a_patch(repository)
    status, said = program(ada, "reviewer").post(
        f"patches/{patch.pk}/approve", digest=patch.digest, verdict=fingerprint(patch.verdict)
    )
    assert (status, said["error"]["code"]) == (403, "forbidden")


def test_a_diff_is_cut_and_says_so(
    deciding: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cells.api.patch_shown.DIFF", 40)
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
