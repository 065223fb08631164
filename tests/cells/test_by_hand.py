"""The emergency route: one operator lands at once, with a reason; it stays marked until a second person has read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cells.models import AuditEvent, OutsideCommit, Patch, Repository, Review
from cells.patches import landing, life, oversight, reviews
from cells.patches.moves import shift
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER
from cells.refusals import Forbidden, Refused
from cells.ssot import commit as commits
from cells.ssot.mirror import Mirror
from tests.factories import (
    ADA,
    FILES,
    SWARM,
    a_patch,
    a_repository,
    a_user,
    committed,
    source_of,
    sync,
)  # fmt: skip

pytestmark = pytest.mark.django_db

WHY = "The oven is on fire."


def seen(patch: Patch) -> dict[str, str]:
    return {"digest": patch.digest, "verdict": fingerprint(patch.verdict)}


def by_hand(patch: Patch, by: User, reason: str = WHY) -> Review:
    with committed():
        review = reviews.land_by_hand(patch=patch, by=by, reason=reason, **seen(patch))
    patch.refresh_from_db()
    return review


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return a_repository(tmp_path)


def test_it_lands_at_once_with_the_reason_in_commit_and_audit(repository: Repository, operator: User) -> None:
    patch = a_patch(repository)
    by_hand(patch, operator)
    assert patch.state == life.LANDED
    mirror = Mirror(repository.mirror)
    assert commits.trailer(mirror, patch.commit, "Emergency-Reason") == WHY
    assert commits.trailer(mirror, patch.commit, "Emergency-By").endswith("(operator)")
    assert not commits.trailer(mirror, patch.commit, "Approved-by")
    event = AuditEvent.objects.get(verb="land_by_hand")
    assert (event.actor, event.reason) == ("operator", WHY)
    sync(repository)
    assert not OutsideCommit.objects.exists()


def test_the_proposer_may_land_their_own_by_hand(repository: Repository, operator: User) -> None:
    patch = a_patch(repository)
    User.objects.filter(pk=operator.pk).update(email=ADA[1])
    operator.refresh_from_db()
    with pytest.raises(Forbidden, match="someone else"):
        reviews.approve(patch=patch, by=operator, **seen(patch))
    by_hand(patch, operator)
    assert patch.state == life.LANDED


def test_one_person_is_enough_where_two_have_to_agree(tmp_path: Path, operator: User) -> None:
    two = SWARM.replace('title = "Monitoring"', 'title = "Monitoring"\napprovals = 2')
    repository = a_repository(tmp_path, files=FILES | {"swarm.toml": two})
    patch = a_patch(repository)
    reviews.approve(patch=patch, by=a_user("rin", REVIEWER), **seen(patch))
    assert patch.state == life.PROPOSED
    by_hand(patch, operator)
    assert patch.state == life.LANDED


@pytest.mark.parametrize("reason", ["", "   \n"])
def test_a_reason_is_required(repository: Repository, operator: User, reason: str) -> None:
    patch = a_patch(repository)
    with pytest.raises(Refused, match="Say why it cannot wait"):
        by_hand(patch, operator, reason)
    assert patch.state == life.PROPOSED


def test_it_is_an_operators_route(repository: Repository, reviewer: User) -> None:
    with pytest.raises(Forbidden, match="operator"):
        by_hand(a_patch(repository), reviewer)


def test_what_was_seen_binds_here_too(repository: Repository, operator: User) -> None:
    patch = a_patch(repository)
    with pytest.raises(Refused, match="changed since you looked"):
        reviews.land_by_hand(patch=patch, by=operator, reason=WHY, **(seen(patch) | {"digest": "0" * 64}))
    with pytest.raises(Refused, match="judges it differently"):
        reviews.land_by_hand(patch=patch, by=operator, reason=WHY, **(seen(patch) | {"verdict": "x"}))


def test_a_test_proposal_never_lands_by_hand(repository: Repository, operator: User) -> None:
    patch = a_patch(repository)
    Patch.objects.filter(pk=patch.pk).update(planted_by=a_user("mio", OPERATOR))
    patch.refresh_from_db()
    before = Mirror(repository.mirror).tip("refs/heads/main")
    by_hand(patch, operator)
    assert patch.state == life.ARCHIVED
    assert Mirror(repository.mirror).tip("refs/heads/main") == before
    assert not oversight.landings(repository).exists()


def test_an_operator_who_lost_the_right_lands_nothing(repository: Repository, operator: User) -> None:
    patch = a_patch(repository)
    reviews.land_by_hand(patch=patch, by=operator, reason=WHY, **seen(patch))
    operator.groups.clear()
    with committed():
        landing.land(patch)
    patch.refresh_from_db()
    assert patch.state == life.PROPOSED
    assert not oversight.landings(repository).exists()


def test_a_worker_that_dies_after_the_commit_lands_it_once(repository: Repository, operator: User) -> None:
    patch = a_patch(repository)
    reviews.land_by_hand(patch=patch, by=operator, reason=WHY, **seen(patch))
    shift(patch, "claim", actor="landing", lease_until=timezone.now())
    commit = landing.put_on_main(patch)
    sync(repository)
    assert not OutsideCommit.objects.exists()
    with committed():
        landing.settle()
    patch.refresh_from_db()
    assert (patch.state, patch.commit) == (life.LANDED, commit)
    assert oversight.landings(repository).count() == 1


def test_a_second_person_reads_it_and_nobody_after_them(repository: Repository, operator: User) -> None:
    patch = a_patch(repository)
    review = by_hand(patch, operator)
    with pytest.raises(Refused, match="second person"):
        reviews.read_by_second(review=review, by=operator)
    with pytest.raises(Forbidden):
        reviews.read_by_second(review=review, by=a_user("guest", "viewer"))
    assert oversight.unread(repository, a_user("rin", REVIEWER)).by_hand == 1
    assert not oversight.unread(repository, operator)
    reviews.read_by_second(review=review, by=a_user("rin", REVIEWER))
    with pytest.raises(Refused, match="already"):
        reviews.read_by_second(review=review, by=a_user("mio", REVIEWER))
    assert not oversight.unread(repository, a_user("mio", REVIEWER))
    event = AuditEvent.objects.get(verb="read")
    assert (event.actor, event.subject_type, event.subject) == ("rin", "patch", str(patch.pk))


def test_a_landing_that_the_source_dropped_waits_for_a_decision_and_for_no_reader(
    repository: Repository, operator: User
) -> None:
    begin = source_of(repository).tip()
    patch = a_patch(repository)
    by_hand(patch, operator)
    source = source_of(repository)
    source.repo.references.create("refs/heads/main", begin, force=True)
    sync(repository)
    patch.refresh_from_db()
    assert patch.state == life.PROPOSED
    assert not oversight.unread(repository, a_user("rin", REVIEWER))


def test_the_list_and_the_map_show_it_until_it_is_read(
    repository: Repository, operator: User, client: Client
) -> None:
    patch = a_patch(repository)
    by_hand(patch, operator)
    client.force_login(operator)
    own = client.get("/outside/").content.decode()
    assert WHY in own
    assert "Your own; a second person has to read it." in own
    client.force_login(a_user("rin", REVIEWER))
    page = client.get("/outside/").content.decode()
    assert WHY in page
    assert "1 landed by hand, unread" in page
    assert f"/patches/{patch.pk}/read" in page
    assert "<ins>225</ins>" in client.get(f"/outside/by-hand/{patch.pk}/").content.decode()
    assert "1 landed by hand, unread" in client.get("/").content.decode()
    assert "1 landed by hand, unread" in client.get("/cells/oven/").content.decode()
    answer = client.post(f"/patches/{patch.pk}/read", {"from": "list"}, follow=True)
    assert "Nothing waits to be read here." in answer.content.decode()
    assert "landed by hand, unread" not in client.get("/").content.decode()
    assert "rin has read it" in client.get("/outside/?show=all").content.decode()


def test_what_was_not_landed_by_hand_has_no_reader(
    repository: Repository, reviewer: User, client: Client
) -> None:
    patch = a_patch(repository, life.LANDED)
    client.force_login(reviewer)
    assert client.post(f"/patches/{patch.pk}/read").status_code == 404
    assert client.get(f"/outside/by-hand/{patch.pk}/").status_code == 404
    assert client.get("/outside/12345/").status_code == 404
