"""Landing at GitHub: approved here, merged there, once, and only what was approved."""

from __future__ import annotations

from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from cells import tasks
from cells.chain import seal
from cells.hosts.github import connecting
from cells.models import AuditEvent, Errand, GitHubConnection, OutsideCommit, Patch, PullRequest
from cells.patches import life, reverting, reviews, traces
from cells.refusals import say
from cells.ssot.commands import git
from cells.ssot.mirror import Mirror
from tests.factories import a_patch, a_user, committed, sync
from tests.github.double import Double
from tests.pulls.landing_helpers import (
    There,
    approve,
    beat,
    fresh,
    message,
    note,
    post,
    said_on,
    waiting,
)

pytestmark = pytest.mark.django_db


def test_an_approved_patch_becomes_one_commit_on_main_by_a_pull_request(there: There) -> None:
    bakery, remote = there
    before = len(remote.log())
    patch = a_patch(bakery)
    approve(patch)
    patch = fresh(patch)
    assert (patch.state, patch.push_state, patch.state_note) == (life.LANDED, "pushed", None)
    assert (remote.tip(), len(remote.log())) == (patch.commit, before + 1)
    assert remote.git.repo[patch.commit].author.name == "Ada Proposer"
    for trailer in (f"Patch-Id: {patch.pk}-", "Approved-by: reviewer", "Contract-Verdict: "):
        assert trailer in message(remote, patch.commit)
    (pull,) = remote.it.pulls
    assert (pull.head_ref, pull.state, pull.labels) == (
        f"vpm/patch-{patch.pk}", "closed", [f"u_contract:{patch.verdict['category']}"],
    )  # fmt: skip
    for part in ("### What", "### Why", "### Evidence", "### Verdict", "reviewer", f"/patches/{patch.pk}"):
        assert part in pull.body
    assert not remote.tip(pull.head_ref)
    assert patch.pull.state == PullRequest.MERGED


def test_an_open_pull_request_is_merged_at_exactly_the_head_that_was_approved(
    there: There, github: Double
) -> None:
    bakery, remote = there
    number = remote.open_pull("ask/warmer-oven", "Warmer", by="codex")
    remote.it.methods = {"merge"}
    patch = a_patch(sync(bakery))
    approve(patch)
    patch = fresh(patch)
    assert (patch.state, patch.pull.number, len(remote.it.pulls)) == (life.LANDED, number, 1)
    (merged,) = [call.data for call in github.calls if call.path.endswith("/merge")]
    assert (merged["sha"], merged["merge_method"]) == (patch.tip, "merge")
    assert [str(parent) for parent in remote.git.repo[patch.commit].parent_ids][1] == patch.tip
    assert traces.find(Mirror(bakery.mirror), patch, remote.tip()) == patch.commit
    assert remote.tip("ask/warmer-oven") == patch.tip  # not ours to delete


def test_a_fork_approved_by_a_person_is_merged(there: There) -> None:
    bakery, remote = there
    remote.push_to_fork("rye", {"reports/oven/rye_20260303T0700Z.md": "# Rye\n\nDark.\n"}, by="stranger")
    number = remote.open_pull("rye", "Rye", by="stranger", from_fork=True)
    patch = a_patch(sync(bakery), branch=f"pull/{number}")
    approve(patch)
    assert (fresh(patch).state, remote.pull(number).state) == (life.LANDED, "closed")
    assert remote.read("reports/oven/rye_20260303T0700Z.md").startswith("# Rye")
    assert "Approved-by: reviewer" in message(remote, remote.tip())


def test_it_waits_for_required_checks_and_a_delivery_about_them_lands_it(
    there: There, github: Double
) -> None:
    bakery, remote = there
    remote.hook(None, connecting.make_hook_secret(repository=bakery, by="command line"))
    patch = waiting(there)
    remote.check(patch.pull.head, "ci")
    beat()
    assert "It waits for checks: ci." in note(patch)
    page = Client()
    page.force_login(a_user("reviewer"))
    shown = page.get(f"/patches/{patch.pk}/").content.decode()
    assert f"Pull request #{patch.pull.number}" in shown
    assert "It waits for checks: ci." in shown
    asked = len(github.calls)
    with committed():
        tasks.settle()  # not due, so GitHub is not asked
    assert len(github.calls) == asked
    remote.check(patch.pull.head, "ci", "failure")
    beat()
    assert "A check failed: ci." in note(patch)
    remote.check(patch.pull.head, "ci", "success")
    Patch.objects.update(lease_until=timezone.now())  # no look just before
    github.deliver(lambda headers, body: post(headers, body))
    assert fresh(patch).state == life.LANDED
    assert len(remote.it.pulls) == 1
    assert f"#{patch.pull.number}" in page.get(f"/patches/{patch.pk}/").content.decode()


def test_a_red_check_that_nothing_requires_holds_it_until_a_ruleset_says_otherwise(there: There) -> None:
    bakery, remote = there
    remote.open_pull("ask/warmer-oven", "Warmer", by="codex")
    remote.check(remote.tip("ask/warmer-oven"), "lint", "failure")
    patch = a_patch(sync(bakery))
    approve(patch)
    assert fresh(patch).state == life.APPROVED
    assert "A check failed: lint." in note(patch)
    rule = {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "ci"}]}}
    remote.it.rules["main"] = [
        rule | {"ruleset_id": 1, "ruleset_source": "acme/bakery", "ruleset_source_type": "Repository"}
    ]
    remote.it.rules["main"][0]["parameters"]["strict_required_status_checks_policy"] = False
    beat()
    assert fresh(patch).state == life.LANDED


def test_a_push_after_the_approval_ends_it_and_nothing_is_merged(there: There, github: Double) -> None:
    """On somebody's branch, forced; and on ours."""
    bakery, remote = there
    theirs = remote.open_pull("ask/warmer-oven", "Warmer", by="codex")
    sync(bakery)
    first, second = waiting(there), waiting(there, "think/dough-notes")
    assert (first.pull.ours, second.pull.ours) == (False, True)
    remote.force_push("ask/warmer-oven", {"STATE/bread/current_state.md": "# Evil\n"})
    remote.push(f"vpm/patch-{second.pk}", {"reports/dough/more_20260303T0500Z.md": "# More\n"}, by="rin")
    remote.it.required.clear()
    main = remote.tip()
    beat()
    assert remote.tip() == main
    assert {fresh(first).state, fresh(second).state} <= {life.PROPOSED, life.SUPERSEDED}
    assert not any(call.path.endswith("/merge") for call in github.calls)
    assert "Somebody pushed to" in say(second.reviews.get().void)
    assert remote.pull(theirs).state == remote.pull(second.pull.number).state == "open"


def test_a_merge_by_a_person_is_a_landing_when_it_is_what_was_approved(there: There) -> None:
    bakery, remote = there
    first, second = waiting(there), waiting(there, "think/dough-notes")
    remote.it.required.clear()
    sha = remote.merge(first.pull.number, by="rin")
    remote.push(f"vpm/patch-{second.pk}", {"swarm.toml": ""}, by="rin")
    remote.merge(second.pull.number, by="rin", method="squash")
    beat()
    first, second = fresh(first), fresh(second)
    assert (first.state, first.commit, first.push_state) == (life.LANDED, sha, "pushed")
    assert note(first) == f"Pull request #{first.pull.number} was merged at GitHub by rin."
    assert traces.find(Mirror(bakery.mirror), first, remote.tip())
    assert (second.commit, second.state == life.LANDED) == ("", False)
    assert "something else than what was approved" in say(second.reviews.get().void)


def test_a_pull_request_that_a_person_closes_ends_the_approval(there: There) -> None:
    patch = waiting(there)
    there[1].close(patch.pull.number, by="rin")
    beat()
    patch = fresh(patch)
    assert patch.state == life.PROPOSED
    assert note(patch) == f"Its pull request #{patch.pull.number} was closed at GitHub by rin."
    assert not there[1].tip(f"vpm/patch-{patch.pk}")


def test_taking_the_approval_back_closes_ours_and_approving_again_opens_another(there: There) -> None:
    _bakery, remote = there
    patch = waiting(there)
    number = patch.pull.number
    with committed():
        reviews.withdraw(patch=patch, by=a_user("reviewer"))
    assert (remote.pull(number).state, remote.tip(f"vpm/patch-{patch.pk}")) == ("closed", "")
    assert "Closed by VPM." in said_on(remote, number)
    remote.it.required.clear()
    approve(fresh(patch))
    patch = fresh(patch)
    assert (patch.state, patch.pull.number, len(remote.it.pulls)) == (life.LANDED, number + 1, 2)
    assert len(Errand.objects.filter(verb=Errand.CLOSE)) == 1


def test_ours_is_made_anew_on_a_main_that_went_on_and_let_go_when_the_file_changed(there: There) -> None:
    _bakery, remote = there
    patch = waiting(there)
    remote.it.strict = True
    before = patch.pull.made
    remote.push("main", {"README.md": "# Bakery\n"}, by="rin")
    beat()
    patch = fresh(patch)
    assert (patch.state, patch.pull.number, patch.pull.made != before) == (life.APPROVED, 1, True)
    assert remote.pull(1).head_sha == patch.pull.made == remote.tip(f"vpm/patch-{patch.pk}")
    remote.push("main", {"STATE/bread/current_state.md": "# Bread\n"}, by="rin")
    beat()
    patch = fresh(patch)
    assert (patch.state, remote.pull(1).state, len(remote.it.pulls)) == (life.PROPOSED, "closed", 1)
    assert "main has changed" in note(patch)


def test_an_operator_chooses_how_approved_patches_land(there: There, operator: User, reviewer: User) -> None:
    _bakery, remote = there
    patch = waiting(there)
    page = Client()
    page.force_login(reviewer)
    assert page.post("/repositories/bakery/github/land", {"by": "push"}).status_code == 403
    page.force_login(operator)
    assert page.post("/repositories/bakery/github/land", {"by": "push"}).status_code == 302
    event = AuditEvent.objects.get(verb="land_github")
    assert (event.actor, event.before, event.after) == ("operator", {"by": "pull"}, {"by": "push"})
    beat()
    assert (fresh(patch).state, fresh(patch).commit, len(remote.it.pulls)) == (life.LANDED, remote.tip(), 1)
    beat()
    assert (remote.pull(patch.pull.number).state, remote.tip(f"vpm/patch-{patch.pk}")) == ("closed", "")
    assert "instead" in said_on(remote, patch.pull.number)
    call_command("github", "bakery", "--land", "pull", stdout=StringIO())
    assert GitHubConnection.objects.get().by_pull


def test_the_trail_agrees_with_git_whoever_merged_and_however(there: There) -> None:
    """A rebase of ours, a merge of ours by a person, and a squash of a branch that claims to have landed before."""
    bakery, remote = there
    forged = "Rise\n\nPatch-Id: 99-abcdefabcdef\nAudit-Head: 1 " + "0" * 64 + "\n"
    remote.push("rise", {"reports/dough/rise_20260304T0600Z.md": "# Rise\n"}, forged)
    remote.open_pull("rise", "Rise", by="codex")
    approve(a_patch(sync(bakery), branch="rise"))
    approve(a_patch(bakery))
    patch = waiting(there, "think/dough-notes")
    remote.it.required.clear()
    remote.merge(patch.pull.number, by="rin")
    sync(bakery)  # a reading is faster, and takes it for something from outside
    assert OutsideCommit.objects.count() == 1
    beat()
    sync(bakery)
    assert set(Patch.objects.values_list("state", flat=True)) == {life.LANDED}
    assert not OutsideCommit.objects.exists()
    with committed():
        seal.seal()
    out = StringIO()
    call_command("audit", "verify", "--repo", "bakery", stdout=out)
    assert "3 landings agree with git." in out.getvalue()
    git(bakery.mirror, "update-ref", "refs/heads/main", f"{fresh(patch).commit}~1")
    with pytest.raises(CommandError, match="has no such landing"):
        call_command("audit", "verify", "--repo", "bakery", stdout=out)


def test_a_rebase_of_two_commits_is_taken_back_whole(there: There) -> None:
    bakery, remote = there
    state = "STATE/bread/current_state.md"
    remote.push("ask/warmer-oven", {"reports/oven/heat_20260303T0700Z.md": "# Heat\n\n225 degrees.\n"})
    remote.open_pull("ask/warmer-oven", "Warmer", by="codex")
    remote.it.methods = {"rebase"}
    before, patch = remote.tip(), a_patch(sync(bakery))
    approve(patch)
    patch = fresh(patch)
    assert (patch.state, len(remote.log())) == (life.LANDED, 3)
    assert traces.before(Mirror(bakery.mirror), patch, patch.commit) == before
    remote.it.methods = {"squash"}
    sync(bakery)
    with committed():
        reverting.revert(patch=patch, by=a_user("reviewer"), reason="Too warm.")
    assert "210" in remote.read(state)
    assert "reports/oven/heat_20260303T0700Z.md" not in Mirror(bakery.mirror).files(remote.tip())


def test_a_commit_that_only_says_it_is_ours_ends_the_approval(there: There) -> None:
    """The same change with the same trailers, and another name in Approved-by."""
    bakery, remote = there
    patch = waiting(there)
    branch, words = f"vpm/patch-{patch.pk}", message(remote, patch.pull.made)
    text = remote.read("STATE/bread/current_state.md", branch)
    forged = words.replace("reviewer (reviewer)", "somebody (else)")
    assert forged != words
    remote.force_push(branch, {"STATE/bread/current_state.md": text}, forged, by="rin")
    remote.it.required.clear()
    main = remote.tip()
    beat()
    assert (remote.tip(), fresh(patch).commit) == (main, "")
    assert "Somebody pushed to" in say(patch.reviews.get().void)
    assert Mirror(bakery.mirror).branches("refs/vpm/landings/") == {}
