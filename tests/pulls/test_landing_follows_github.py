"""What people do at GitHub while a patch lands: what stands here afterwards is what happened there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cells.hosts.github import merging
from cells.models import Errand, OutsideCommit, Patch, PullRequest
from cells.patches import landing, life, reviews
from cells.refusals import say
from tests.factories import a_patch, a_user, sync
from tests.github.double import Double
from tests.pulls.landing_helpers import (
    There,
    approve,
    beat,
    connected,
    fresh,
    killed_before_its_record,
    note,
)

pytestmark = pytest.mark.django_db

BRANCH, STATE = "ask/warmer-oven", "STATE/bread/current_state.md"


def theirs(there: There) -> tuple[Patch, int]:
    """The patch of somebody's pull request."""
    bakery, remote = there
    number = remote.open_pull(BRANCH, "Warmer", by="codex")
    return a_patch(sync(bakery)), number


def held(there: There) -> None:
    """Nothing is merged: a required check has not begun."""
    there[1].it.required["main"] = ["ci"]


def failed(there: There, github: Double) -> Patch:
    """GitHub would not let us merge it."""
    patch = a_patch(there[0])
    github.fails_next(status=403, method="PUT", path="/merge$")
    approve(patch)
    assert (fresh(patch).state, "does not let us merge" in note(patch)) == (life.FAILED, True)
    return fresh(patch)


def test_other_bytes_merged_by_the_owner_of_our_token_are_no_landing(there: There) -> None:
    bakery, remote = there
    patch, number = theirs(there)
    held(there)
    approve(patch)
    remote.push(BRANCH, {STATE: "# Evil\n"}, by="codex")
    remote.it.required.clear()
    remote.merge(number, by="vpm", method="squash")
    beat()
    sync(bakery)
    assert (fresh(patch).commit, fresh(patch).state == life.LANDED) == ("", False)
    assert "vpm merged pull request #1" in say(patch.reviews.get().void)
    assert OutsideCommit.objects.get().commit == remote.tip()


def test_a_merge_of_ours_that_made_something_else_is_listed_among_what_nobody_approved(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery, remote = there
    patch, number = theirs(there)

    def otherwise(*_: object, **__: object) -> str:
        remote.push(BRANCH, {STATE: "# Something else\n"}, by="codex")
        return remote.merge(number, by="vpm", method="squash")

    monkeypatch.setattr(merging, "merge", otherwise)
    approve(patch)
    sync(bakery)
    assert (fresh(patch).state, fresh(patch).commit) == (life.LANDED, remote.tip())
    assert "something else than what was approved" in note(patch)
    assert OutsideCommit.objects.get().commit == remote.tip()


def test_what_was_merged_into_another_branch_waits_for_a_decision_again(there: There) -> None:
    bakery, remote = there
    patch = a_patch(bakery)
    held(there)
    approve(patch)
    remote.push("release", {"README.md": "# Release\n"}, by="rin")
    remote.pull(1).base_ref = "release"
    remote.merge(1, by="rin")
    beat()
    assert (fresh(patch).state, fresh(patch).commit) == (life.PROPOSED, "")
    assert note(patch) == "Pull request #1 was merged at GitHub into another branch: release."


def test_a_merge_that_main_still_does_not_hold_minutes_later_ends_the_approval(there: There) -> None:
    bakery, remote = there
    patch = a_patch(bakery)
    held(there)
    approve(patch)
    main = remote.tip()
    remote.it.required.clear()
    remote.merge(1, by="rin")
    remote.git.repo.references["refs/heads/main"].set_target(main)
    beat()
    assert fresh(patch).state == life.LANDING  # it may only be late
    pull = remote.pull(1)
    assert pull.closed
    pull.closed = pull.merged = pull.closed - timedelta(minutes=11)
    beat()
    assert fresh(patch).state == life.PROPOSED
    assert "main does not hold the commit" in note(patch)


def test_a_landing_whose_pull_request_github_hides_fails_and_lands_when_it_is_seen_again(
    there: There, github: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery, remote = there
    patch = a_patch(bakery)
    killed_before_its_record(patch, monkeypatch)
    github.fails_next(status=404, method="GET", path="/pulls/1$")
    beat()
    assert (fresh(patch).state, bool(note(patch))) == (life.FAILED, True)
    sync(bakery)
    beat()
    assert (fresh(patch).state, fresh(patch).commit) == (life.LANDED, remote.tip())


def test_a_pull_request_its_people_closed_before_the_approval_is_not_landed_by_another(there: There) -> None:
    _bakery, remote = there
    patch, number = theirs(there)
    remote.close(number, by="rin")
    closed = timezone.now() - timedelta(seconds=20)
    PullRequest.objects.update(state=PullRequest.CLOSED, closed_at=closed)
    approve(patch)
    assert (len(remote.it.pulls), fresh(patch).commit) == (1, "")
    assert note(patch) == "Its pull request #1 was closed at GitHub by rin."


def test_one_that_we_closed_ourselves_is_landed_by_another_when_it_is_approved(there: There) -> None:
    """Its rejection was taken back while what that had ordered was being done."""
    patch, number = theirs(there)
    there[1].close(number, by="vpm")
    now = timezone.now()
    PullRequest.objects.update(state=PullRequest.CLOSED, closed_at=now)
    Errand.objects.create(
        connection=connected(there[0]), key=f"patch-{patch.pk}-review-7", verb=Errand.CLOSE, number=number,
        state=Errand.DONE, done_at=now,
    )  # fmt: skip
    approve(patch)
    assert (fresh(patch).state, fresh(patch).pull.ours) == (life.LANDED, True)


def test_the_commit_names_who_approves_today_and_not_who_took_it_back(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery, remote = there
    patch, build = a_patch(bakery), landing.commits.build

    def a_minute_ago(*args: Any, now: int, **more: Any) -> str:
        return build(*args, now=now - 60, **more)

    held(there)
    with monkeypatch.context() as clock:
        clock.setattr(landing.commits, "build", a_minute_ago)
        approve(patch, "alice")
    reviews.withdraw(patch=fresh(patch), by=a_user("alice"))  # nobody is woken
    remote.it.required.clear()
    approve(fresh(patch), "bob")
    for _ in range(2):
        beat()
    assert (fresh(patch).state, len(remote.it.pulls)) == (life.LANDED, 1)
    message = str(remote.git.repo[remote.tip()].message)
    assert "Approved-by: bob" in message
    assert "alice" not in message


@pytest.mark.parametrize("state", ["clean", "blocked"])
def test_a_merge_between_the_look_and_the_fetch_is_a_landing(
    there: There, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    bakery, remote = there
    patch, number = theirs(there)
    held(there)
    approve(patch)
    look = merging.look
    seen = look(connected(bakery), number)
    looks = [replace(seen, pull=replace(seen.pull, mergeable=state))]
    remote.it.required.clear()
    sha = remote.merge(number, by="rin", method="squash")
    remote.delete_branch(BRANCH)
    sync(bakery)
    monkeypatch.setattr(merging, "look", lambda *asked: looks.pop() if looks else look(*asked))
    beat()
    assert not looks
    assert (fresh(patch).state, fresh(patch).commit) == (life.LANDED, sha)
    assert note(patch) == "Pull request #1 was merged at GitHub by rin."


def test_a_landing_that_failed_has_landed_when_a_person_merges_it(there: There, github: Double) -> None:
    patch = failed(there, github)
    beat()
    assert fresh(patch).state == life.FAILED
    sha = there[1].merge(patch.pull.number, by="rin", method="rebase")
    sync(there[0])
    beat()
    assert (fresh(patch).state, fresh(patch).commit) == (life.LANDED, sha)
    assert note(patch) == "Pull request #1 was merged at GitHub by rin."


@pytest.mark.parametrize(
    ("act", "word"), [("close", "was closed at GitHub by rin"), ("push", "Somebody pushed to #1")]
)
def test_a_landing_that_failed_is_decided_again_when_its_pull_request_is_another_one(
    there: There, github: Double, act: str, word: str
) -> None:
    bakery, remote = there
    patch = failed(there, github)
    if act == "close":
        remote.close(1, by="rin")
    else:
        remote.push(patch.pull.head_ref, {STATE: "# Evil\n"}, by="rin")
    sync(bakery)
    beat()
    assert fresh(patch).state in (life.PROPOSED, life.SUPERSEDED)
    assert word in say(patch.reviews.get().void)
