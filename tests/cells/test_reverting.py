"""Undo of a landing: a revert by the same verbs, after which everything reads as it did before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from cells import health
from cells.models import AuditEvent, Fact, Patch, Repository
from cells.patches import automatic, life, reverting, reviews, versions
from cells.patches.origins import remarks, taken_back_by
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from cells.refusals import Forbidden, Refused
from cells.ssot.mirror import Mirror
from egspace import refresh
from egspace.models import Refresh, Standing
from tests.cells.test_versions import CURRENT, edited, on_main
from tests.factories import STATE, a_patch, a_repository, a_user, committed, source_of, sync

pytestmark = pytest.mark.django_db

WARMER = STATE.replace("210", "225").encode()


def reverted(patch: Patch, by: User | None = None, reason: str = "") -> Patch:
    with committed():
        made = reverting.revert(patch=patch, by=by or a_user("mio", REVIEWER), reason=reason)
    made.refresh_from_db()
    return made


def facts(repository: Repository) -> set[tuple[str, str]]:
    rows = Fact.objects.filter(version__repository=repository, version__current=True)
    return set(rows.values_list("kind", "text"))


def reading(repository: Repository) -> dict[str, Any]:
    """What the swarm and the map say of each cell now; what waits for a decision is left out."""
    repository.refresh_from_db()
    row = refresh.execute_now(repository)
    assert row.state == Refresh.DONE, row.error
    cells = {pk: (row.state, row.delta) for pk, row in health.of_repository(repository).items()}
    rows = Standing.objects.filter(repository=repository).order_by("kind", "key")
    return {"cells": cells, "standings": list(rows.values_list("kind", "key", "delta", "open_tasks", "icr"))}


def test_one_click_takes_a_landing_back_and_says_what_it_reverts(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path), life.LANDED)
    back = reverted(patch, reason="Too warm for rye.")
    assert (back.state, back.reverts, back.kind, back.title) == (
        life.LANDED, patch, "revert", 'Revert "Propose warmer-oven"',
    )  # fmt: skip
    assert on_main(patch.repository) == STATE.encode()
    mirror = Mirror(patch.repository.mirror)
    message = mirror.commit(back.commit).message
    assert f"This reverts commit {patch.commit}.\n\nToo warm for rye.\n" in message
    assert "Approved-by: mio (mio)" in message
    assert automatic.reverted([patch], mirror) == [patch]
    event = AuditEvent.objects.get(verb="revert")
    assert (event.actor, event.subject, event.reason) == ("mio", str(patch.pk), "Too warm for rye.")


def test_the_numbers_follow_facts_health_and_map_read_as_before(tmp_path: Path) -> None:
    other = STATE.replace("hold 230 degrees within five", "sell rye on Sundays").replace(
        "- [ ] T-", "- [x] T-"
    )
    repository = a_repository(tmp_path, proposals={"x/goal": {CURRENT: other}})
    before, told = facts(repository), reading(repository)
    patch = a_patch(repository, life.LANDED, branch="x/goal")
    assert facts(repository) != before
    moved = reading(repository)
    assert moved["cells"] != told["cells"]
    assert moved["standings"] != told["standings"]
    reverted(patch)
    assert facts(repository) == before
    assert reading(repository) == told


def test_pressed_twice_it_makes_one_revert(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path), life.LANDED)
    back = reverted(patch)
    with pytest.raises(Refused, match=f"#{back.pk} took this back already"):
        reverted(patch, a_user("rin", REVIEWER))
    assert patch.repository.patches.filter(kind="revert").count() == 1


def test_while_one_waits_for_somebody_else_there_is_no_second(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path), life.LANDED)
    patch.repository.lanes.update(approvals=2)
    mio = a_user("mio", REVIEWER)
    back = reverted(patch)
    assert back.state == life.PROPOSED
    assert str(reverting.outcome(back, mio)) == "1 of 2 approvals; somebody else has to agree too."
    with pytest.raises(Refused, match=f"#{back.pk} takes this back already"):
        reverted(patch, a_user("rin", REVIEWER))
    with committed():
        reviews.approve(
            patch=back, by=a_user("rin", REVIEWER), digest=back.digest, verdict=fingerprint(back.verdict)
        )
    assert on_main(patch.repository) == STATE.encode()


def test_a_rejected_revert_can_be_asked_for_again(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path), life.LANDED)
    patch.repository.lanes.update(approvals=2)
    first = reverted(patch)
    reviews.reject(patch=first, by=a_user("rin", REVIEWER), digest=first.digest, reason="It is fine.")
    assert taken_back_by(patch) is None
    assert reverted(patch).pk != first.pk


def test_a_revert_of_a_revert_brings_the_change_back_and_is_its_authors_proposal(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path), life.LANDED)
    back = reverted(patch)
    again = reverted(back, a_user("ada", REVIEWER))
    assert (again.title, again.state) == ('Reapply "Propose warmer-oven"', life.PROPOSED)
    assert "someone else has to approve" in str(reverting.outcome(again, a_user("ada", REVIEWER)))
    with committed():
        reviews.approve(
            patch=again, by=a_user("mio", REVIEWER), digest=again.digest, verdict=fingerprint(again.verdict)
        )
    assert on_main(patch.repository) == WARMER


def test_whose_change_it_was_may_take_it_back(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path), life.LANDED)
    assert reverted(patch, a_user("ada", REVIEWER)).state == life.LANDED


def test_later_work_elsewhere_in_the_document_stays(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path), life.LANDED)
    now = WARMER.decode().replace("without anyone watching", "asleep")
    source_of(patch.repository).commit({CURRENT: now})
    sync(patch.repository)
    reverted(patch)
    assert on_main(patch.repository) == now.replace("225", "210").encode()


def test_where_later_commits_changed_the_same_lines_it_waits_and_says_what_to_do(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path), life.LANDED)
    source_of(patch.repository).commit({CURRENT: WARMER.decode().replace("225", "230")})
    sync(patch.repository)
    back = reverted(patch)
    assert (back.state, back.applies) == (life.PROPOSED, False)
    assert any("Edit this patch" in str(remark.sentence) for remark in remarks(back))
    new = edited(back, text=STATE)
    assert new.reverts == patch
    with committed():
        reviews.approve(
            patch=new, by=a_user("mio", REVIEWER), digest=new.digest, verdict=fingerprint(new.verdict)
        )
    assert on_main(patch.repository) == STATE.encode()
    assert taken_back_by(patch) == new


def test_a_change_that_main_lost_already_is_not_taken_back(tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path), life.LANDED)
    source_of(patch.repository).commit({CURRENT: STATE})
    sync(patch.repository)
    with pytest.raises(Refused, match="Main holds nothing of this change any more"):
        reverted(patch)
    assert not patch.repository.patches.filter(kind="revert").exists()


def test_only_what_has_landed_is_taken_back_and_only_by_who_may_decide(tmp_path: Path, viewer: User) -> None:
    patch = a_patch(a_repository(tmp_path))
    with pytest.raises(Refused, match="has not landed"):
        reverting.revert(patch=patch, by=a_user("mio", REVIEWER))
    with pytest.raises(Forbidden, match="right “reviewer”"):
        reverting.check_revert(a_patch(patch.repository, life.LANDED), viewer)


def test_what_was_deleted_and_added_comes_and_goes(tmp_path: Path) -> None:
    rise, new = "reports/dough/rise_20260301T0600Z.md", "reports/dough/new_20260302T0600Z.md"
    repository = a_repository(tmp_path, proposals={"x/one": {rise: None, new: "# New\n"}})  # type: ignore[dict-item]
    before = on_main(repository, rise)
    patch = a_patch(repository, life.LANDED, branch="x/one")
    assert on_main(repository, rise) is None
    reverted(patch)
    assert (on_main(repository, rise), on_main(repository, new)) == (before, None)


def test_an_edited_landing_is_taken_back_whole(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    new = edited(a_patch(repository))
    with committed():
        reviews.approve(
            patch=new, by=a_user("mio", REVIEWER), digest=new.digest, verdict=fingerprint(new.verdict)
        )
    new.refresh_from_db()
    reverted(new)
    assert on_main(repository) == STATE.encode()
    with pytest.raises(Refused, match="superseded"):
        versions.check_edit(Patch.objects.get(branch="ask/warmer-oven"), a_user("mio", REVIEWER))
