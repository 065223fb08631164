"""The factories reach every state of a patch along the path people and workers take."""

from __future__ import annotations

from pathlib import Path

import pytest

from cells.models import AuditEvent, Evidence
from cells.patches import life
from tests.factories import a_patch, a_repository

pytestmark = pytest.mark.django_db


def test_a_repository_is_read_with_cells_evidence_state_and_proposals(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    assert repository.problems == []
    assert [cell.key for cell in repository.cells.all()] == ["oven", "dough", "crumb"]
    assert sorted(repository.patches.values_list("branch", flat=True)) == [
        "ask/warmer-oven",
        "think/dough-notes",
    ]
    assert Evidence.objects.filter(cells__key="oven").count() == 2
    oven = repository.cells.get(key="oven")
    kinds = set(oven.state_versions.get(current=True).facts.values_list("kind", flat=True))
    assert {"current", "goal_short", "goal_mid", "gap", "task"} <= kinds


@pytest.mark.parametrize("state", life.STATES)
def test_a_patch_reaches_every_state_and_leaves_a_trail(state: str, tmp_path: Path) -> None:
    patch = a_patch(a_repository(tmp_path), state)
    verbs = set(
        AuditEvent.objects.filter(subject_type="patch", subject=str(patch.pk)).values_list("verb", flat=True)
    )
    assert "propose" in verbs
    assert state == life.PROPOSED or any(life.LIFE[verb].target == state for verb in verbs & set(life.LIFE))
