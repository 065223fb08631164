"""How often GitHub is asked how a pull request stands: as seldom as can be, and soon where it matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cells import tasks
from cells.hosts.github import merging
from cells.hosts.github.payloads import kept
from cells.models import AuditEvent, Delivery, GitHubConnection, Patch, PullRequest, Repository
from cells.patches import checks, life, reviews
from cells.pulls import evidence
from cells.pulls import waiting as waits
from cells.refusals import Refused, say
from cells.sync import deliveries, runs
from tests.factories import a_patch, a_user, committed, sync
from tests.github.double import Double
from tests.pulls.landing_helpers import (
    There,
    approve,
    beat,
    connected,
    fresh,
)

pytestmark = pytest.mark.django_db


def waiting(there: There, branch: str = "ask/warmer-oven") -> Patch:
    """Approved, and kept back by a required check; the look at it was a while ago."""
    there[1].it.required["main"] = ["ci"]
    patch = a_patch(there[0], branch=branch)
    approve(patch)
    assert fresh(patch).state == life.APPROVED
    return fresh(patch)


def rested(**time: float) -> None:
    """The last looks were so long ago; the next ones are not due yet."""
    Patch.objects.update(lease_until=timezone.now() - timedelta(**time))


def wake(patch: Patch) -> None:
    with committed():
        tasks.land(patch_id=patch.pk)


def looks(github: Double) -> list[int]:
    """Which pull requests were looked at so far."""
    paths = [call.path for call in github.calls if call.method == "GET"]
    return [int(path.rsplit("/", 1)[1]) for path in paths if path.rsplit("/", 2)[1] == "pulls"]


def delivery(repository: Repository, event: str, payload: dict[str, Any]) -> None:
    row = Delivery.objects.create(
        connection=connected(repository), id_there=str(Delivery.objects.count()), event=event, **kept(event, payload)
    )  # fmt: skip
    with committed():
        deliveries.handle(row)


def test_many_workers_woken_for_one_patch_look_once_and_a_look_that_was_lost_comes_back(
    there: There, github: Double
) -> None:
    patch = waiting(there)
    Patch.objects.update(state_at=timezone.now() - timedelta(minutes=1))
    rested(seconds=1)
    before = len(looks(github))
    wake(patch)
    assert len(looks(github)) == before  # not due
    PullRequest.objects.update(look_at=timezone.now())
    stale = fresh(patch)
    wake(patch)
    with committed():
        tasks.at_github.land(stale)  # loaded before the other one looked
    wake(patch)
    assert len(looks(github)) == before + 1
    rested(seconds=1)
    assert tasks.at_github.settle() == 0
    # Where a dead worker's lease ended:
    PullRequest.objects.update(look_at=timezone.now() - timedelta(seconds=1))
    with committed():
        assert tasks.at_github.settle() == 1
    assert len(looks(github)) == before + 2


def test_the_more_wait_the_less_often_each_is_looked_at(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "EACH", 100)
    first, second = waiting(there), waiting(there, "think/dough-notes")
    assert first.pull
    assert second.pull
    apart = second.pull.look_at - first.pull.look_at
    assert timedelta(seconds=95) < apart < timedelta(seconds=130)  # after 100 seconds, and after 200


def test_a_delivery_brings_a_look_at_its_own_pull_request_only_and_many_bring_one(
    there: There, github: Double
) -> None:
    bakery, _remote = there
    first, second = waiting(there), waiting(there, "think/dough-notes")
    assert first.pull
    assert second.pull
    rested(seconds=1)
    before = len(looks(github))
    for _ in range(3):
        delivery(bakery, "pull_request", {"action": "labeled", "pull_request": {"number": first.pull.number}})
    assert looks(github)[before:] == [first.pull.number]
    # One more comes later, for the others.
    assert PullRequest.objects.get(pk=first.pull_id).look_at <= timezone.now()
    rested(seconds=1)
    before = len(looks(github))
    PullRequest.objects.update(look_at=timezone.now() + timedelta(minutes=5))
    for ref in ("refs/heads/elsewhere", "refs/tags/main", f"refs/heads/{second.pull.head_ref}"):
        delivery(bakery, "push", {"ref": ref})
    assert looks(github)[before:] == [second.pull.number]
    rested(seconds=1)
    before = len(looks(github))
    PullRequest.objects.update(look_at=timezone.now() + timedelta(minutes=5))
    for _ in range(2):  # each landing is one: all of them are looked at in half a minute, once
        delivery(bakery, "push", {"ref": "refs/heads/main"})
    assert looks(github)[before:] == []
    soon = timezone.now() + timedelta(seconds=31)
    assert PullRequest.objects.filter(look_at__range=(timezone.now(), soon)).count() == 2


def test_what_is_told_during_a_look_is_looked_at_again(there: There, monkeypatch: pytest.MonkeyPatch) -> None:
    bakery, _remote = there
    patch = waiting(there)
    assert patch.pull
    number, look = patch.pull.number, merging.look

    def told(connection: GitHubConnection, asked: int) -> merging.Seen:
        seen = look(connection, asked)
        delivery(bakery, "pull_request_review", {"pull_request": {"number": number}})
        return seen

    monkeypatch.setattr(merging, "look", told)
    beat()
    assert PullRequest.objects.get(pk=patch.pull_id).look_at <= timezone.now()


def test_soon_is_soon_after_hours_of_waiting_too_but_not_for_ever(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch = waiting(there)
    look = merging.look

    def unknown(connection: GitHubConnection, number: int) -> merging.Seen:
        seen = look(connection, number)
        return merging.Seen(replace(seen.pull, mergeable="unknown"))

    monkeypatch.setattr(merging, "look", unknown)
    pauses = []
    for _ in range(7):
        Patch.objects.update(state_at=timezone.now() - timedelta(hours=5), lease_until=timezone.now())
        PullRequest.objects.update(look_at=timezone.now())
        now = timezone.now()
        wake(patch)
        pauses.append(
            round((PullRequest.objects.get(pk=patch.pull_id).look_at - now).total_seconds() / 5) * 5
        )
    assert pauses == [5, 5, 5, 5, 5, 600, 5]


def test_an_approval_that_is_given_again_is_looked_at_at_once(there: There) -> None:
    bakery, remote = there
    number = remote.open_pull("ask/warmer-oven", "Warmer", by="codex")
    patch = waiting((sync(bakery), remote))
    with committed():
        reviews.withdraw(patch=patch, by=a_user("reviewer"))
    remote.it.required.clear()
    approve(fresh(patch))
    assert (fresh(patch).state, remote.pull(number).merged is not None) == (life.LANDED, True)


def test_only_a_way_of_merging_that_is_not_allowed_leads_to_the_next_one(
    there: There, github: Double
) -> None:
    bakery, remote = there
    remote.open_pull("ask/warmer-oven", "Warmer", by="codex")
    patch = a_patch(sync(bakery))
    words = "Base branch was modified. Review and try the merge again."
    github.fails_next(405, method="PUT", path="/merge$", message=words)
    approve(patch)
    tries = [call.data["merge_method"] for call in github.calls if call.path.endswith("/merge")]
    assert tries == ["squash"]
    assert words in say(fresh(patch).state_note)
    github.fails_next(
        405, method="PUT", path="/merge$", message="Squash merges are not allowed on this repository."
    )
    beat()
    assert fresh(patch).state == life.LANDED
    tries = [call.data["merge_method"] for call in github.calls if call.path.endswith("/merge")]
    assert tries == ["squash", "squash", "merge"]


def test_refusals_are_counted_since_the_approval(there: There, github: Double) -> None:
    patch = a_patch(there[0])
    Patch.objects.filter(pk=patch.pk).update(attempts=7)
    patch.refresh_from_db()
    github.fails_next(405, method="PUT", path="/merge$", times=8, message="Base branch was modified.")
    approve(patch)
    assert fresh(patch).state == life.APPROVED  # one refusal fails nothing
    for _ in range(7):
        beat()
    assert fresh(patch).state == life.FAILED
    assert AuditEvent.objects.filter(verb="release", reason__contains="Base branch").count() == 7


def test_a_claim_that_ran_out_merges_nothing_and_ends_nobody_elses(
    there: There, github: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    patch, methods = a_patch(there[0]), merging._methods

    def slow(*told: Any) -> list[str]:
        """Meanwhile it was released, and another worker claimed it."""
        Patch.objects.filter(pk=patch.pk).update(attempts=2)
        return methods(*told)

    monkeypatch.setattr(merging, "_methods", slow)
    approve(patch)
    assert not [call for call in github.calls if call.path.endswith("/merge")]
    assert (fresh(patch).state, fresh(patch).attempts) == (life.LANDING, 2)
    for verb in (tasks.landing.release, lambda it: tasks.landing.fail(it, checks.TOO_LATE)):
        late = fresh(patch)
        late.attempts = 1
        with pytest.raises(Refused):
            verb(late)
    assert fresh(patch).state == life.LANDING


def test_checks_that_admins_may_pass_over_are_not_required(
    there: There, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connected(there[0])
    for level, required in (("everyone", True), ("non_admins", False), ("off", False)):
        said = {"protection": {"required_status_checks": {"enforcement_level": level, "contexts": ["ci"]}}}
        monkeypatch.setattr(
            merging, "_if_allowed", lambda _, path, said=said: None if "/rules/" in path else said
        )
        assert merging.required(connection, "main") is required


@pytest.mark.parametrize("secret", ["variable", "key"])
def test_a_secret_that_is_missing_is_said_and_the_look_is_put_off(
    there: There, settings: Any, secret: str
) -> None:
    patch = waiting(there)
    if secret == "variable":
        GitHubConnection.objects.update(secret="", env="VPM_GITHUB_NOT_SET")
    else:
        settings.SECRET_KEY = "another one"
    beat()
    patch = fresh(patch)
    assert patch.state == life.APPROVED
    word = {"variable": "VPM_GITHUB_NOT_SET is empty here", "key": "under another SECRET_KEY"}[secret]
    assert word in say(patch.state_note)
    assert patch.pull
    assert patch.pull.look_at > timezone.now() + timedelta(seconds=40)


def test_a_reading_when_nothing_happened_asks_little(
    there: There, github: Double, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery, remote = there
    remote.merge(remote.open_pull("ask/warmer-oven", "Warmer", by="codex"), by="rin")
    remote.check(remote.tip(), "test", "success")
    sync(bakery)
    PullRequest.objects.update(checks_at=timezone.now())
    monkeypatch.setattr(evidence, "SETTLED", 10**12)  # these ten minutes last

    def asked() -> list[str]:
        before = len(github.calls)
        runs.execute_now(bakery, "test")
        return sorted(call.path.rsplit("/", 1)[1] for call in github.calls[before:])

    assert asked() == ["pulls"]  # woken by a webhook just after
    settings.VPM_SYNC_EVERY = 0
    assert asked() == ["comments", "pulls", "releases"]
    Delivery.objects.create(connection=connected(bakery), id_there="1", event="status", sha=remote.tip())
    assert "check-runs" in asked()
    monkeypatch.setattr(evidence, "SETTLED", 600)
    GitHubConnection.objects.update(asked_at=timezone.now() - timedelta(minutes=11))
    assert "check-runs" in asked()
    settings.VPM_SYNC_EVERY = 60
    GitHubConnection.objects.update(asked_at=None)
    github.rate.used = github.rate.limit - 100
    assert asked() == ["pulls"]  # the rest is for landing
