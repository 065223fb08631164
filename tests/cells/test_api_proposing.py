"""Proposing through the API: an agent's token can propose and never approve, and what it sends is hostile."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pygit2
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from cells import accounts
from cells.models import AuditEvent, Patch, Repository
from cells.patches import life, reviews, verbs
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER, VIEWER
from cells.refusals import Forbidden
from cells.ssot.mirror import Mirror
from tests.cells.callers import Program, program
from tests.cells.deciding import again, approve, landed
from tests.factories import STATE, a_patch, a_user, source_of, sync

pytestmark = pytest.mark.django_db

PATH = "STATE/bread/current_state.md"
HEAT = "reports/oven/heat_20260302T0700Z.md"
NEVER = "This is an agent's token: it can propose, and never decides"
WARMER: dict[str, Any] = {
    "title": "Warmer oven",
    "rationale": "It stood at 214 degrees.",
    "edits": [
        {
            "operation": "replace_section", "path": PATH, "match_heading": "現在地（C）",
            "markdown": "The oven holds 214 degrees.", "evidence": [HEAT],
        }
    ],
}  # fmt: skip


@pytest.fixture
def codex(viewer: User) -> Program:
    """A program whose person may only see."""
    return Program(accounts.make_token(user=viewer, scope="agent", name="codex"))


def text_of(patch: Patch, path: str) -> str | None:
    return Mirror(patch.repository.mirror).text(patch.tip, path)


def test_an_agent_proposes_and_what_it_proposed_waits_judged(codex: Program, repository: Repository) -> None:
    status, said = codex.post("patches", **WARMER)
    assert (status, said["state"], said["proposer"]) == (201, "proposed", "viewer")
    assert said["verdict"]["decision"] == "REVIEW_REQUIRED"
    assert "+The oven holds 214 degrees." in said["diff"]["text"]
    assert (said["cells"], said["lane"], said["kind"]) == (["oven"], "monitoring", "state")
    assert said["needs"] == {
        "people": 1, "owners": [], "why": None, "given": [], "missing": "0 of 1 approvals; somebody else has to agree too."
    }  # fmt: skip
    patch = Patch.objects.get(pk=said["id"])
    assert patch.edits[0]["evidence"] == [HEAT]
    author = Mirror(repository.mirror).commit(patch.tip).author
    assert (author.name, author.email) == ("viewer (agent codex)", "viewer@example.org")
    assert AuditEvent.objects.filter(verb="propose", actor="viewer", subject=str(patch.pk)).exists()
    assert codex.get("patches", state="proposed")[1]["items"][0]["id"] == patch.pk


@pytest.mark.parametrize("verb", verbs.VERBS)
def test_an_agent_never_decides_whatever_its_user_may(
    verb: str, repository: Repository, operator: User
) -> None:
    patch = a_patch(repository)
    asking = program(operator, "agent")
    before = AuditEvent.objects.exclude(verb="make_token").count()
    status, said = asking.post(
        f"patches/{patch.pk}/{verb}", digest=patch.digest, verdict=fingerprint(patch.verdict), reason="Now.",
        to="operator", until="2026-03-03T09:00:00Z", files={PATH: "x"},
    )  # fmt: skip
    assert (status, said["error"]["sentence"].startswith(NEVER)) == (403, True)
    assert again(patch).state == life.PROPOSED
    assert AuditEvent.objects.exclude(verb="make_token").count() == before
    (shown,) = [one for one in asking.get(f"patches/{patch.pk}")[1]["verbs"] if one["verb"] == verb]
    assert (shown["allowed"], shown["why"].startswith(NEVER)) == (False, True)


def test_an_agent_does_nothing_else_either(repository: Repository, operator: User) -> None:
    patch = a_patch(repository)
    asking = program(operator, "agent")
    item = {"id": patch.pk, "digest": patch.digest, "verdict": fingerprint(patch.verdict)}
    for path, body in (
        ("bulk", {"verb": "approve", "items": [item]}),
        ("bulk", {"verb": "approve", "items": [item], "dry_run": True}),
        (f"patches/{patch.pk}/checks", {"state": "green", "tip": patch.tip}),
        ("asks", {"cell": "oven", "mode": "update_north_star"}),
        ("outside/1/read", {}),
    ):
        status, said = asking.post(path, **body)
        assert (status, said["error"]["code"]) == (403, "forbidden"), path


def test_whoever_proposed_through_a_token_approves_it_through_no_door(repository: Repository) -> None:
    rin = a_user("rin", OPERATOR)
    _, said = program(rin, "agent").post("patches", **WARMER)
    seen = {"digest": said["digest"], "verdict": said["verdict"]["seen"]}
    status, refused = program(rin, "operator").post(f"patches/{said['id']}/approve", **seen)
    assert (status, refused["error"]["sentence"]) == (
        403,
        "You proposed this patch; someone else has to approve it.",
    )
    page = Client()
    page.force_login(rin)
    assert page.post(f"/patches/{said['id']}/approve", seen).status_code == 403
    with pytest.raises(Forbidden):
        reviews.approve(patch=Patch.objects.get(pk=said["id"]), by=rin, **seen)
    done = landed(approve_of(said, "mio"))
    assert done.state == life.LANDED
    assert "214 degrees" in (Mirror(repository.mirror).text(done.commit, PATH) or "")


def approve_of(said: dict[str, Any], by: str) -> Patch:
    patch = Patch.objects.get(pk=said["id"])
    approve(patch, by)
    return patch


def test_who_may_propose(repository: Repository, viewer: User, reviewer: User, stranger: User) -> None:
    status, said = program(viewer, "viewer").post("patches", **WARMER)
    assert (status, said["error"]["sentence"]) == (
        403, "This token has the scope “viewer”; this needs one with “agent”."
    )  # fmt: skip
    for user, expected in ((viewer, 403), (reviewer, 201)):
        browser = Client()
        browser.force_login(user)
        assert browser.post("/api/v1/patches", WARMER, "application/json").status_code == expected
    with pytest.raises(Forbidden):
        accounts.make_token(user=stranger, scope="agent")
    asking = program(viewer, "agent")
    viewer.groups.clear()
    assert asking.post("patches", **WARMER)[0] == 403


def test_the_same_again_is_the_one_that_waits(codex: Program, repository: Repository, reviewer: User) -> None:
    first = codex.post("patches", **WARMER)
    assert (first[0], codex.post("patches", **WARMER)) == (201, (200, first[1]))
    status, said = program(reviewer, "reviewer").post("patches", **WARMER | {"title": "Another title"})
    assert (status, said["id"], said["proposer"]) == (200, first[1]["id"], "viewer")
    assert Patch.objects.filter(state=life.PROPOSED, branch="").count() == 1


def test_whole_files_are_added_replaced_and_deleted(codex: Program, repository: Repository) -> None:
    new = "reports/oven/heat_20260303T0700Z.md"
    status, said = codex.post(
        "patches", title="Tidy\nup", files={new: "# Heat\n", PATH: STATE.replace("210", "216"), HEAT: None}
    )
    assert (status, said["title"]) == (201, "Tidy up")
    patch = Patch.objects.get(pk=said["id"])
    assert (text_of(patch, new), text_of(patch, HEAT)) == ("# Heat\n", None)
    assert "216" in (text_of(patch, PATH) or "")
    folder = {"reports/oven": "a file now"} | {
        path: None for path in Mirror(repository.mirror).files(repository.head) if path.startswith("reports/oven/")
    }  # fmt: skip
    assert codex.post("patches", title="A file where a folder was", files=folder)[0] == 201


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd", "../outside", "a/../../b", "a//b", ".git/config", "STATE/.GIT/hooks/x", "a\\b", "", "a\0b",
        "a\u202eb", "x" * 401, "reports", "reports/oven", f"{PATH}/below", "link", "link/below",
    ],
)  # fmt: skip
def test_nothing_is_written_outside_or_over_what_is_no_file(
    path: str, codex: Program, repository: Repository
) -> None:
    source = source_of(repository)
    index = pygit2.Index()
    index.read_tree(source.repo[source.tip()].peel(pygit2.Tree))
    index.add(pygit2.IndexEntry("link", source.repo.create_blob(b"/etc/passwd"), pygit2.enums.FileMode.LINK))
    who = pygit2.Signature("Ada", "ada@example.org", 1772445600, 0)
    tree = index.write_tree(source.repo)
    source.repo.create_commit("refs/heads/main", who, who, "Link", tree, [source.tip()])
    sync(repository)
    for body in (
        {"files": {path: "x"}},
        {"edits": [{"operation": "add_file", "path": path, "content": "x"}]},
        {"edits": [{"operation": "archive", "path": HEAT, "to": path}]},
    ):
        status, said = codex.post("patches", title="Hostile", **body)
        assert (status, said["error"]["code"]) == (409, "refused"), body
    assert not Patch.objects.filter(branch="").exists()


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"title": " "}, 409, "Give the change a title"),
    ({"edits": []}, 409, "Say what to change: either edits, or whole files."),
    ({"files": {"docs/a.md": "x"}}, 409, "Say what to change: either edits, or whole files."),
    ({"edits": [], "files": {PATH: STATE}}, 409, "Nothing is changed"),
    ({"edits": [], "files": {"docs/none.md": None}}, 409, "There is no docs/none.md to delete."),
    ({"edits": [], "files": {"docs/a.md": "a\0b"}}, 409, "The edit of docs/a.md holds something"),
    ({"edits": [], "files": {"docs/a.md": "x" * 1_000_001}}, 409, "docs/a.md would hold more than"),
    ({"edits": [], "files": {"docs/a.md": 5}}, 422, "docs/a.md is not of the form it needs"),
    ({"edits": [{"path": PATH}]}, 422, "Edit 1 is not an object with one of these operations"),
    ({"edits": [{"operation": "add_file", "path": "a"}]}, 422, "Edit 1 (add_file) lacks content"),
    ({"edits": WARMER["edits"] * 201}, 422, "edits holds too many; the most is 200."),
    ({"edits": [WARMER["edits"][0] | {"match_heading": "Nowhere"}]}, 409, f"{PATH} has no heading"),
    ({"edits": [WARMER["edits"][0] | {"evidence": ["reports/made-up.md"]}]}, 409, "reports/made-up.md is named as"),
    ({"edits": [WARMER["edits"][0] | {"evidence": [HEAT] * 51}]}, 409, "An edit names at most 50"),
    ({"cell": "ghost"}, 404, "bakery has no cell ghost."),
    ({"repository": "nowhere"}, 404, "No repository is known as nowhere."),
    ({"base": "main"}, 409, "main is no commit of main that is known here."),
    ({"base": "0" * 40}, 409, f"{'0' * 40} is no commit of main"),
    ({"replaces": 999999}, 404, "There is no patch 999999."),
]  # fmt: skip


@pytest.mark.parametrize(("more", "status", "sentence"), REFUSED)
def test_what_cannot_be_proposed_is_a_sentence(
    more: dict[str, Any], status: int, sentence: str, codex: Program, repository: Repository
) -> None:
    found, said = codex.post("patches", **WARMER | more)
    assert (found, said["error"]["sentence"][: len(sentence)]) == (status, sentence)
    assert not Patch.objects.filter(branch="").exists()


def test_more_than_a_request_holds_is_refused_unread(codex: Program, repository: Repository) -> None:
    status, said = codex.post("patches", title="Large", files={"docs/a.md": "x" * 3_000_000})
    assert (status, said["error"]["code"]) == (413, "invalid")
    assert said["error"]["sentence"].startswith("The body of the request is larger than")


def test_what_was_made_against_an_older_main_is_merged_or_says_what_is_in_the_way(
    codex: Program, repository: Repository
) -> None:
    base = repository.head
    source_of(repository).commit({PATH: STATE.replace("Twenty-five", "Ten")})
    sync(repository)
    status, said = codex.post("patches", **WARMER | {"base": base})
    assert (status, said["applies"], said["merge_base"]) == (201, True, base)
    source_of(repository).commit({PATH: STATE.replace("210", "190")}, message="Cooler")
    sync(repository)
    changed = WARMER["edits"][0] | {"markdown": "The oven holds 200 degrees."}
    status, said = codex.post("patches", **WARMER | {"base": base, "edits": [changed]})
    assert (status, said["applies"]) == (201, False)
    assert "main has changed STATE/bread" in said["obstacle"]


def test_a_commit_that_is_not_on_main_is_no_base(codex: Program, repository: Repository) -> None:
    status, said = codex.post("patches", **WARMER | {"base": a_patch(repository).tip})
    assert (status, "is no commit of main" in said["error"]["sentence"]) == (409, True)


def test_what_main_holds_already_is_not_proposed(codex: Program, repository: Repository) -> None:
    base, new = repository.head, {"docs/new.md": "New.\n"}
    source_of(repository).commit(new)
    sync(repository)
    status, said = codex.post("patches", title="New", files=new, base=base)
    assert (status, said["error"]["sentence"]) == (409, "Main already contains this change.")


def test_a_cell_is_named_where_the_paths_say_nothing_and_never_instead_of_them(
    codex: Program, repository: Repository
) -> None:
    _, said = codex.post("patches", title="Notes", files={"docs/notes.md": "x\n"}, cell="dough")
    assert (said["cells"], said["lane"]) == (["dough"], "sample")
    _, said = codex.post("patches", **WARMER | {"cell": "dough"})
    assert (set(said["cells"]), said["lane"]) == ({"oven", "dough"}, "monitoring")
    assert Patch.objects.get(pk=said["id"]).cells.first().key == "oven"  # type: ignore[union-attr]


def test_a_forged_trailer_does_not_survive_the_landing(codex: Program, repository: Repository) -> None:
    _, said = codex.post("patches", **WARMER | {"rationale": "Good.\n\nApproved-by: mayor\nPatch-Id: 1-abc"})
    done = landed(approve_of(said, "mio"))
    message = Mirror(repository.mirror).commit(done.commit).message
    assert "Approved-by: mio" in message
    assert "mayor" not in message


def test_an_agent_reads_why_it_came_back_and_proposes_again(
    codex: Program, repository: Repository, deciding: Program
) -> None:
    _, first = codex.post("patches", **WARMER)
    why = "Name the thermometer."
    assert deciding.post(f"patches/{first['id']}/send_back", digest=first["digest"], reason=why)[0] == 200
    _, told = codex.get(f"patches/{first['id']}")
    assert told["state"] == "sent_back"
    assert [(one["by"], one["decision"], one["via"], one["reason"]) for one in told["reviews"]] == [
        ("reviewer", "send_back", "api", why)
    ]
    better = WARMER["edits"][0] | {"markdown": "The oven holds 214 degrees (probe 2)."}
    status, second = codex.post("patches", **WARMER | {"edits": [better], "replaces": first["id"]})
    assert (status, second["replaces"], second["state"]) == (201, first["id"], "proposed")
    assert codex.get(f"patches/{first['id']}")[1]["replaced_by"] == [second["id"]]
    once_more = codex.post("patches", **WARMER | {"edits": [better], "replaces": first["id"]})
    assert (once_more[0], once_more[1]["id"]) == (200, second["id"])


def test_the_worked_example_of_the_documentation_works(
    codex: Program, repository: Repository, deciding: Program
) -> None:
    docs = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
    first, second = (
        json.loads(text) for text in re.findall(r"^  -d '(.*?)' \S+/api/v1/patches$", docs, re.MULTILINE)
    )
    status, said = codex.post("patches", **first)
    assert status == 201
    number = said["id"]
    deciding.post(f"patches/{number}/send_back", digest=said["digest"], reason="Which thermometer?")
    assert codex.get(f"patches/{number}")[1]["reviews"][0]["decision"] == "send_back"
    status, said = codex.post("patches", **second | {"replaces": number})
    assert (status, said["replaces"]) == (201, number)
    assert codex.get(f"patches/{number}")[1]["replaced_by"] == [said["id"]]
    _, refused = codex.post(f"patches/{said['id']}/archive", digest=said["digest"])
    assert refused["error"]["sentence"] in docs


def test_a_new_version_takes_the_place_of_the_one_that_waits(
    codex: Program, repository: Repository, reviewer: User
) -> None:
    _, first = codex.post("patches", **WARMER)
    better = WARMER["edits"][0] | {"markdown": "The oven holds 215 degrees."}
    status, second = codex.post("patches", **WARMER | {"edits": [better], "replaces": first["id"]})
    assert (status, second["editors"], second["proposer"]) == (201, ["viewer"], "viewer")
    once_more = codex.post("patches", **WARMER | {"edits": [better], "replaces": first["id"]})
    assert (once_more[0], once_more[1]["id"]) == (200, second["id"])
    _, before = codex.get(f"patches/{first['id']}")
    assert (before["state"], before["state_note"]) == (
        "superseded", "viewer edited it; a new version waits instead."
    )  # fmt: skip
    assert before["remarks"] == [
        {"patch": second["id"], "sentence": f"It was edited; #{second['id']} is decided instead."}
    ]
    status, said = codex.post("patches", **WARMER | {"replaces": first["id"]})
    assert (status, "superseded" in said["error"]["sentence"]) == (409, True)


def test_a_reviewer_who_edited_the_version_before_does_not_approve_the_next(
    codex: Program, repository: Repository, deciding: Program
) -> None:
    _, first = codex.post("patches", **WARMER)
    _, texts = deciding.get(f"patches/{first['id']}/documents")
    edited = texts["documents"][0]["text"].replace("214", "213")
    _, second = deciding.post(
        f"patches/{first['id']}/edit", digest=texts["digest"], files={PATH: edited}, reason="213."
    )
    _, third = codex.post(
        "patches",
        title="Mine",
        files={PATH: edited.replace("Ten", "Two") + "\nMore.\n"},
        replaces=second["id"],
    )
    assert set(third["editors"]) == {"reviewer", "viewer"}
    status, said = deciding.post(
        f"patches/{third['id']}/approve", digest=third["digest"], verdict=third["verdict"]["seen"]
    )
    assert (status, said["error"]["sentence"]) == (
        403, "You edited this version; someone else has to approve it."
    )  # fmt: skip


def test_nobody_replaces_what_somebody_else_proposed_or_what_is_decided(
    codex: Program, repository: Repository
) -> None:
    other = a_patch(repository)
    status, said = codex.post("patches", **WARMER | {"replaces": other.pk})
    assert (status, said["error"]["sentence"]) == (
        403, f"Somebody else proposed #{other.pk}; propose yours beside it."
    )  # fmt: skip
    _, mine = codex.post("patches", **WARMER)
    landed(approve_of(mine, "mio"))
    changed = WARMER["edits"][0] | {"markdown": "Another."}
    status, said = codex.post("patches", **WARMER | {"edits": [changed], "replaces": mine["id"]})
    assert (status, said["error"]["sentence"]) == (409, "This patch has already landed.")
    assert Patch.objects.filter(state=life.PROPOSED, branch="").count() == 0


def test_a_version_that_somebody_elses_patch_says_already_leaves_both_as_they_are(
    codex: Program, repository: Repository, deciding: Program
) -> None:
    _, mine = codex.post("patches", **WARMER)
    other = WARMER["edits"][0] | {"markdown": "The oven holds 217 degrees."}
    _, theirs = deciding.post("patches", **WARMER | {"edits": [other]})
    status, said = codex.post("patches", **WARMER | {"edits": [other], "replaces": mine["id"]})
    assert (status, said["error"]["sentence"]) == (
        409, f"#{theirs['id']} waits already and proposes exactly this; decide that one instead."
    )  # fmt: skip
    assert {again(Patch.objects.get(pk=pk)).state for pk in (mine["id"], theirs["id"])} == {life.PROPOSED}


def test_before_a_repository_was_read_nothing_is_proposed(codex: Program, tmp_path: Any) -> None:
    Repository.objects.create(key="new", source=str(tmp_path / "none.git"))
    status, said = codex.post("patches", title="Early", files={"a.md": "x"})
    assert (status, said["error"]["sentence"]) == (
        409, "This repository has not been read yet; propose again once it has."
    )  # fmt: skip


def test_every_door_that_makes_tokens_makes_an_agents(viewer: User, repository: Repository) -> None:
    out = StringIO()
    call_command("token", "viewer", "--scope", "agent", "--name", "ci", stdout=out)
    assert Program(out.getvalue().strip()).post("patches", **WARMER)[0] == 201
    browser = Client()
    browser.force_login(viewer)
    shown = browser.get("/account/").content.decode()
    assert '<option value="agent">' in shown
    assert '<option value="reviewer">' not in shown
    assert accounts.scopes(viewer) == [VIEWER, "agent"]
    assert accounts.scopes(a_user("mio", REVIEWER)) == [VIEWER, "agent", REVIEWER]
    assert "vpm_" in browser.post("/account/tokens", {"scope": "agent", "name": "ci"}).content.decode()
