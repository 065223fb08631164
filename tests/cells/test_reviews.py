"""Deciding: who may, about which bytes, and what can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from cells.models import Patch
from cells.patches import life, reviews
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from cells.refusals import Forbidden, Refused
from tests.factories import a_patch, a_repository, a_user, source_of, sync

pytestmark = pytest.mark.django_db


def test_nobody_approves_their_own(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path))
    ada = a_user("ada", REVIEWER)
    with pytest.raises(Forbidden, match="someone else has to approve"):
        reviews.approve(patch=patch, by=ada, digest=patch.digest, verdict=fingerprint(patch.verdict))


def test_a_decision_about_other_bytes_is_refused(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path))
    with pytest.raises(Refused, match="changed since you looked"):
        reviews.approve(patch=patch, by=a_user("rin", REVIEWER), digest="0" * 64, verdict="")


def test_a_rejection_needs_a_reason_and_can_be_taken_back(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path))
    rin = a_user("rin", REVIEWER)
    with pytest.raises(Refused, match="Say why"):
        reviews.reject(patch=patch, by=rin, digest=patch.digest, reason=" ")
    reviews.reject(patch=patch, by=rin, digest=patch.digest, reason="Too warm.")
    reviews.reopen(patch=patch, by=rin)
    reviews.approve(patch=patch, by=rin, digest=patch.digest, verdict=fingerprint(patch.verdict))
    assert patch.state == life.APPROVED


def test_a_second_click_hears_what_happened(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path))
    copy = Patch.objects.get(pk=patch.pk)
    reviews.approve(
        patch=patch, by=a_user("rin", REVIEWER), digest=patch.digest, verdict=fingerprint(patch.verdict)
    )
    with pytest.raises(Refused, match="already approved"):
        reviews.reject(patch=copy, by=a_user("mio", REVIEWER), digest=copy.digest, reason="No.")


@pytest.mark.parametrize("state", life.STATES)
@pytest.mark.parametrize("verb", [verb for verb, step in life.LIFE.items() if step.whose == life.PERSON])
def test_a_person_has_exactly_the_verbs_of_the_table(state: str, verb: str) -> None:
    assert (verb in life.allowed(state)) == (state in life.LIFE[verb].sources)


def test_a_rejection_of_a_gone_branch_cannot_be_taken_back(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository, life.REJECTED)
    source_of(repository).withdraw(patch.branch)
    sync(repository)
    with pytest.raises(Refused, match="branch is gone"):
        reviews.reopen(patch=patch, by=a_user("rin", REVIEWER))
