"""Pull requests as patches: each reading brings what GitHub says, and the inbox tells the truth."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from cells.hosts.github import client as speaker
from cells.hosts.github import connecting
from cells.models import AuditEvent, Patch, PullRequest, Repository
from cells.patches import life
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER
from cells.refusals import say
from cells.sync import runs
from tests.factories import a_user, sync
from tests.github.double import Double
from tests.github.double import Repository as Remote
from tests.pulls.mirrored import LOAF, at_github, connected, connection, mirroring, patch_of, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def remote(github: Double, tmp_path: Path) -> Remote:
    return at_github(github, tmp_path)


@pytest.fixture
def bakery(remote: Remote, github: Double, settings: Any) -> Repository:
    return connected(remote, github, settings)


def test_a_pull_request_is_the_patch_of_its_branch(remote: Remote, bakery: Repository) -> None:
    remote.push("loaf", LOAF, "wip")
    number = remote.open_pull("loaf", "A browner loaf", body="Because pale bread is sad.", by="codex")
    remote.label(number, "bread", "evidence")
    sync(bakery)
    patch, pull = patch_of("loaf"), row(number)
    assert (patch.pull, patch.state, patch.title) == (pull, life.PROPOSED, "A browner loaf")
    assert patch.rationale == "Because pale bread is sad."
    assert (pull.author, pull.labels, pull.head, pull.fork) == (
        "codex",
        ["bread", "evidence"],
        patch.tip,
        False,
    )
    assert pull.mergeable == "clean"
    remote.push("main", {"a.md": "a"}, "Begin anew (#1)", by="rin")
    remote.push("crumb", {"reports/oven/crumb.md": "# Crumb\n\nSee PR #2.\n"})
    assert remote.open_pull("crumb", "Crumb", body="Follows PR #1, and PR #7000 which is not there.") == 2
    sync(bakery)
    cited = [
        reason for reason in patch_of("crumb").verdict["reasons"] if reason["rule"] == "citations-missing"
    ]
    assert [reason["params"] for reason in cited] == [{"target": "#7000"}]
    assert Patch.objects.filter(branch="loaf").count() == 1


def test_what_happens_to_a_pull_request_is_told_by_its_patch(remote: Remote, bakery: Repository) -> None:
    remote.push("loaf", LOAF, "wip")
    number = remote.open_pull("loaf", "A browner loaf")
    sync(bakery)
    remote.close(number, by="rin")
    sync(bakery)
    patch = patch_of("loaf")
    assert patch.state == life.SUPERSEDED
    assert say(patch.state_note) == f"Its pull request #{number} was closed at GitHub by rin."
    sync(bakery)  # its branch is still there, which is no reason to take it back
    assert patch_of("loaf").state == life.SUPERSEDED
    remote.reopen(number)
    sync(bakery)
    assert (patch_of("loaf").pk, patch_of("loaf").state, row(number).closed_by) == (
        patch.pk,
        life.PROPOSED,
        "",
    )
    forced = remote.force_push("loaf", LOAF | {"reports/oven/more.md": "# More\n"}, "wip again")
    sync(bakery)
    newer = patch_of("loaf")
    assert (newer.tip, newer.replaces, newer.pull, newer.title) == (
        forced,
        patch,
        row(number),
        "A browner loaf",
    )
    patch.refresh_from_db()
    assert patch.state == life.SUPERSEDED
    remote.merge(number, by="rin", method="squash")
    sync(bakery)
    newer.refresh_from_db()
    assert (newer.state, row(number).state) == (life.SUPERSEDED, PullRequest.MERGED)
    assert say(newer.state_note) == f"Pull request #{number} was merged at GitHub by rin."


def test_a_closed_pull_request_whose_branch_is_gone_names_who_closed_it(
    remote: Remote, bakery: Repository
) -> None:
    remote.push("loaf", LOAF)
    number = remote.open_pull("loaf", "A browner loaf")
    sync(bakery)
    remote.close(number, by="rin")
    remote.delete_branch("loaf")
    sync(bakery)
    assert say(patch_of("loaf").state_note) == f"Its pull request #{number} was closed at GitHub by rin."


def test_one_opened_and_closed_between_two_readings_never_waits(remote: Remote, bakery: Repository) -> None:
    remote.push("crumb", LOAF)
    sync_before = remote.open_pull("crumb", "Crumb")
    sync(bakery)
    remote.push("loaf", {"reports/oven/b.md": "# B\n"})
    remote.close(remote.open_pull("loaf", "A browner loaf"))
    sync(bakery)
    assert patch_of("loaf").state == life.SUPERSEDED
    assert patch_of("crumb").pull == row(sync_before)


def test_titles_drafts_labels_and_bases_follow(remote: Remote, bakery: Repository, github: Double) -> None:
    remote.push("loaf", LOAF, "wip\n\nBecause of the crust.")
    number = remote.open_pull("loaf", "Loaf", draft=True)
    sync(bakery)
    patch = patch_of("loaf")
    assert patch.rationale == "Because of the crust."  # an empty description says nothing
    assert "draft" in {reason["rule"] for reason in patch.verdict["reasons"]}
    there = remote.pull(number)
    github.passes(seconds=10)
    there.title, there.body, there.draft, there.updated = (
        "  Better\n loaf\x00 ",
        "Why",
        False,
        github.world.now(),
    )
    sync(bakery)
    patch.refresh_from_db()
    assert (patch.title, patch.rationale) == ("Better loaf\ufffd", "Why")
    assert "draft" not in {reason["rule"] for reason in patch.verdict["reasons"]}
    remote.push("next", {"README.md": "# Next\n"}, by="rin")
    there.base_ref, there.updated = "next", github.world.now()
    sync(bakery)
    patch.refresh_from_db()
    assert (patch.state, patch.pull, row(number).base_ref) == (life.PROPOSED, None, "next")


def test_words_that_changed_at_github_have_to_be_read_before_they_are_approved(
    remote: Remote, bakery: Repository, github: Double, client: Client
) -> None:
    remote.push("loaf", LOAF, "wip")
    there = remote.pull(remote.open_pull("loaf", "Loaf"))
    sync(bakery)
    patch = patch_of("loaf")
    seen = {"digest": patch.digest, "verdict": fingerprint(patch.verdict)}
    github.passes(seconds=10)
    there.title, there.updated = "Pay the stranger", github.world.now()
    sync(bakery)
    client.force_login(a_user("rin", REVIEWER))
    refused = client.post(f"/patches/{patch.pk}/approve", seen, headers={"HX-Request": "true"})
    patch.refresh_from_db()
    assert (refused.status_code, patch.state) == (409, life.PROPOSED)
    assert "They become the message of the commit" in refused.text
    client.post(f"/patches/{patch.pk}/approve", seen | {"verdict": fingerprint(patch.verdict)})
    patch.refresh_from_db()
    assert patch.state != life.PROPOSED


def test_a_fork_is_read_and_never_lands_by_itself(remote: Remote, bakery: Repository) -> None:
    tip = remote.push_to_fork("loaf", LOAF, by="stranger")
    number = remote.open_pull("loaf", "A stranger's loaf", by="stranger", from_fork=True)
    sync(bakery)
    patch = patch_of(f"pull/{number}")
    assert (patch.tip, patch.pull, patch.pull and patch.pull.fork) == (tip, row(number), True)
    remote.check(tip, "test", "success")
    PullRequest.objects.update(checks_at=None)
    sync(bakery)
    patch.refresh_from_db()
    assert (patch.checks, patch.decision) == ("green", "REVIEW_REQUIRED")
    assert [
        reason["rule"] for reason in patch.verdict["reasons"] if reason["decision"] != "AUTO_MERGE_OK"
    ] == ["fork"]
    remote.push("main", {"a.md": "a"}, by="rin")
    sync(bakery)
    assert patch_of(f"pull/{number}").state == life.PROPOSED  # its branch is not among those of the source
    remote.push_to_fork("loaf", {"reports/oven/c.md": "# C\n"}, by="stranger")
    sync(bakery)
    newer = patch_of(f"pull/{number}")
    assert (newer.replaces, newer.state) == (patch, life.PROPOSED)
    remote.close(number, by="stranger")
    sync(bakery)
    newer.refresh_from_db()
    assert say(newer.state_note) == f"Its pull request #{number} was closed at GitHub by stranger."
    remote.push(f"pull/{number}", {"reports/oven/d.md": "# D\n"})  # a name that looks like a fork's is one
    sync(bakery)
    assert "fork" in {reason["rule"] for reason in patch_of(f"pull/{number}").verdict["reasons"]}


def test_one_that_changes_ci_is_reviewed_at_high_risk(remote: Remote, bakery: Repository) -> None:
    tip = remote.push("ci", {".github/workflows/ci.yml": "on: push\n"})
    number = remote.open_pull("ci", "Faster CI")
    remote.check(tip, "test", "success")
    sync(bakery)
    verdict = patch_of("ci").verdict
    assert (row(number).state, verdict["decision"], verdict["risk"]) == ("open", "REVIEW_REQUIRED", "HIGH")


def test_checks_and_reviews_are_asked_for_without_webhooks(
    remote: Remote, bakery: Repository, github: Double
) -> None:
    tip = remote.push("loaf", LOAF)
    number = remote.open_pull("loaf", "A browner loaf")
    remote.check(tip, "lint", "success")
    running = remote.check(tip, "test")
    remote.review(number, "COMMENT", "Hm.", by="rin")
    remote.review(number, "APPROVE", by="rin")
    remote.review(number, "COMMENT", "Nice.", by="rin")
    sync(bakery)
    patch = patch_of("loaf")
    assert (patch.checks, {one["name"]: one["state"] for one in row(number).checks}) == (
        "unknown", {"lint": "green", "test": "pending"},
    )  # fmt: skip
    assert [(one["login"], one["state"], one["sha"]) for one in row(number).reviews] == [
        ("rin", "approved", tip)
    ]
    assert mirroring(github, bakery) == ["/repos/acme/bakery/pulls"]  # nothing happened: the list is all
    check = remote.it.checks[running]
    check.status, check.conclusion, check.completed = "completed", "success", github.world.now()
    PullRequest.objects.update(checks_at=row(number).checks_at.replace(year=2025))
    sync(bakery)
    patch.refresh_from_db()
    assert (patch.checks, row(number).checks_at.year) == ("green", 2026)
    remote.status(tip, "oven", "failure")
    PullRequest.objects.update(checks_at=None)
    sync(bakery)
    patch.refresh_from_db()
    assert patch.checks == "red"


def test_without_the_right_to_see_checks_nothing_is_called_green(
    remote: Remote, github: Double, settings: Any
) -> None:
    bakery = connected(
        remote, github, settings, contents="write", pull_requests="write", issues="read", statuses="read"
    )
    tip = remote.push("loaf", LOAF)
    number = remote.open_pull("loaf", "A browner loaf")
    remote.world.person("oven-bot", "Bot")
    remote.status(tip, "oven", "success", by="oven-bot")
    sync(bakery)
    assert (patch_of("loaf").checks, connection().trouble) == ("unknown", None)
    remote.status(tip, "oven", "failure", by="oven-bot")
    PullRequest.objects.filter(number=number).update(checks_at=None)
    sync(bakery)
    assert patch_of("loaf").checks == "red"


def test_a_renamed_repository_is_followed_by_its_number(
    remote: Remote, bakery: Repository, github: Double
) -> None:
    remote.push("loaf", LOAF)
    number = remote.open_pull("loaf", "A browner loaf")
    remote.rename("patisserie")
    sync(bakery)
    assert connection().full_name == "acme/patisserie"
    assert patch_of("loaf").pull == row(number)
    event = AuditEvent.objects.get(verb="rename_github")
    assert (event.before, event.after) == ({"full_name": "acme/bakery"}, {"full_name": "acme/patisserie"})
    assert bakery.source.endswith("acme/bakery.git")  # which GitHub leads on from


def test_what_the_token_may_not_see_any_more_is_a_sentence(
    remote: Remote, bakery: Repository, github: Double
) -> None:
    remote.push("loaf", LOAF)
    remote.open_pull("loaf", "A browner loaf")
    sync(bakery)
    (token,) = github.world.tokens.values()
    del token.permissions["pull_requests"]
    remote.push("crumb", {"reports/oven/e.md": "# E\n"})
    sync(bakery)
    assert patch_of("crumb").state == patch_of("loaf").state == life.PROPOSED  # the rest is read
    told = say(connection().trouble)
    assert told == "GitHub does not allow this for acme/bakery (it answered 403)."
    assert told in [say(problem) for problem in bakery.problems]
    token.permissions["pull_requests"] = "read"
    sync(bakery)
    assert (connection().trouble, bakery.problems) == (None, [])


def test_where_git_is_not_let_in_the_connection_does_not_claim_to_work(
    remote: Remote, bakery: Repository, github: Double, client: Client
) -> None:
    client.force_login(a_user("mio", OPERATOR))
    connecting.check(repository=bakery, by="command line")
    assert "It works" in client.get("/repositories/bakery/github").text
    (token,) = github.world.tokens
    held = github.world.tokens.pop(token)
    run = runs.execute_now(bakery, "test")
    page = client.get("/repositories/bakery/github").text
    assert run.error
    assert escape(say(run.error)) in page
    assert "It works" not in page
    github.world.tokens[token] = held
    sync(bakery)
    assert "It works" in client.get("/repositories/bakery/github").text


def test_while_github_wants_quiet_nobody_asks(
    remote: Remote, bakery: Repository, github: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speaker, "HURRY", 0)
    github.fails_next(
        403, times=3, path="/pulls", message="API rate limit exceeded", headers={"Retry-After": "3000"}
    )
    sync(bakery)
    assert connection().rest_until
    assert "takes no more requests" in say(connection().trouble)
    before = len(github.calls)
    remote.push("loaf", LOAF)
    sync(bakery)
    assert (len(github.calls), patch_of("loaf").state) == (before, life.PROPOSED)
    assert "takes no more requests" in say(bakery.problems[0])


def test_trouble_of_github_moves_no_cursor(remote: Remote, bakery: Repository, github: Double) -> None:
    remote.push("loaf", LOAF)
    number = remote.open_pull("loaf", "A browner loaf")
    github.fails_next(502, times=9, path="/pulls")
    sync(bakery)
    assert "trouble of its own" in say(connection().trouble)
    assert connection().pulls_until is None
    github.api.faults.waiting.clear()
    sync(bakery)
    assert (patch_of("loaf").pull, connection().trouble) == (row(number), None)


def test_what_landing_made_is_no_proposal_of_its_own(remote: Remote, bakery: Repository) -> None:
    tip = remote.push("vpm/patch-1", LOAF)
    number = remote.open_pull("vpm/patch-1", "Landing")
    PullRequest.objects.create(
        connection=connection(), number=number, title="Landing", head=tip, head_ref="vpm/patch-1", base_ref="main",
        made=tip, created_there="2026-01-01T00:00Z", updated_there="2026-01-01T00:00Z",
    )  # fmt: skip
    sync(bakery)
    assert row(number).made == tip
    assert not Patch.objects.filter(branch="vpm/patch-1").exists()
    other = remote.push("vpm/patch-1", {"reports/oven/f.md": "# F\n"}, by="codex")
    sync(bakery)
    assert (patch_of("vpm/patch-1").tip, patch_of("vpm/patch-1").pull) == (other, row(number))


def test_a_thousand_pull_requests_are_a_dozen_calls(
    remote: Remote, bakery: Repository, github: Double
) -> None:
    remote.push("loaf", LOAF)
    first = remote.open_pull("loaf", "A browner loaf")
    model, fields = type(remote.pull(first)), vars(remote.pull(first))
    for number in range(first + 1, first + 1000):
        when = fields["updated"] - timedelta(seconds=number)
        one = fields | {
            "number": number,
            "id": 10_000 + number,
            "head_ref": f"loaf-{number}",
            "updated": when,
        }
        remote.it.issues[number] = model(**one)
    github.api.watching = lambda seen: None  # one of them was looked at
    calls = mirroring(github, bakery)
    assert (PullRequest.objects.count(), patch_of("loaf").pull) == (1000, row(first))
    # What is newest of all, ten pages, and one that is empty.
    assert sum(path.endswith("/pulls") for path in calls) == 12
    assert len(calls) <= 12 + 5  # and all about the one whose patch waits
    github.passes(minutes=1)
    remote.close(first + 500)
    assert mirroring(github, bakery) == ["/repos/acme/bakery/pulls"]
    assert row(first + 500).state == PullRequest.CLOSED
