"""A check that turns red after the approval: what a person approved waits for it, what only the contract did ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from cells.models import Patch, Review
from cells.patches import checks, life
from cells.patches.moves import shift
from cells.refusals import say
from tests.factories import a_patch, sync
from tests.github.double import Double
from tests.github.repository import Repository as Remote
from tests.pulls.landing_helpers import a_bakery_at, approve, beat, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def remote(github: Double, tmp_path: Path) -> Remote:
    bakery, remote = a_bakery_at(github, tmp_path)
    remote.open_pull("ask/warmer-oven", "Warmer", by="codex")
    sync(bakery)
    return remote


def told(remote: Remote, patch: Patch, state: str) -> Patch:
    """So it is at GitHub, and GitHub said so."""
    remote.check(patch.tip, "ci", {"green": "success", "red": "failure"}[state])
    assert checks.heard(patch=fresh(patch), state=state, tip=patch.tip, at=timezone.now())
    return fresh(patch)


def test_a_red_check_does_not_end_what_a_person_approved(remote: Remote) -> None:
    patch = told(remote, a_patch(Patch.objects.first().repository), "green")
    remote.it.required["main"] = ["ci", "slow"]
    approve(patch)
    told(remote, patch, "red")
    beat()
    assert (fresh(patch).state, "A check failed: ci." in say(fresh(patch).state_note)) == (
        life.APPROVED,
        True,
    )
    told(remote, patch, "green")
    remote.check(patch.tip, "slow")
    remote.it.required.clear()
    remote.check(patch.tip, "slow", "success")
    beat()
    assert (fresh(patch).state, patch.reviews.get().void) == (life.LANDED, None)


def test_a_red_check_ends_what_only_the_contract_approved(remote: Remote) -> None:
    patch = told(remote, a_patch(Patch.objects.first().repository), "green")
    remote.it.required["main"] = ["slow"]
    Review.objects.create(
        patch=patch, by=None, decision=Review.APPROVE, digest=patch.digest, verdict=patch.verdict
    )
    shift(patch, "approve", actor="contract")
    told(remote, patch, "red")
    beat()
    assert (fresh(patch).state, remote.pull(1).merged) == (life.PROPOSED, None)
    assert patch.reviews.get().void
