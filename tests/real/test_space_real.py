"""EG-Space of the real repository: its cells and projects have positions, goals and trails; nothing jumps by itself."""

from __future__ import annotations

import pytest

from cells.models import Repository
from cells.ssot.mirror import Mirror
from egspace import refresh
from egspace.drawing.space_data import space_of
from egspace.models import Atlas, Position, Standing, Vector

NAMED = ("hello-s5", "metrics-echo", "persist-report")


pytestmark = pytest.mark.usefixtures("mapped")


def test_cells_and_projects_have_positions_goals_and_trails(real: Repository) -> None:
    for kind, key in [
        *(("cell", key) for key in NAMED),
        ("project", "vpm-mini"),
        ("project", "hakone-e2"),
        ("swarm", ""),
    ]:
        rows = Position.objects.filter(repository=real, kind=kind, key=key)
        assert rows.exclude(c=b"").count() > 1, key
        standing = Standing.objects.get(repository=real, kind=kind, key=key)
        assert standing.delta is not None, standing.unknown
        assert 0 < standing.delta < 2
        assert standing.pulls["closer"], key
    space = space_of(real)
    assert space
    for key in NAMED:
        assert space.places[key].c
        assert space.places[key].g
        assert len(space.places[key].trail) > 1
    assert (
        Standing.objects.get(repository=real, kind="cell", key="self-cost")
        .unknown["text"]
        .startswith("Where it is")
    )


def test_two_runs_give_identical_coordinates(real: Repository) -> None:
    first = space_of(real)
    rows = list(
        Position.objects.order_by("kind", "key", "seq").values_list(
            "kind", "key", "seq", "delta", "fingerprint"
        )
    )
    for model in (Atlas, Position, Vector, Standing):
        model.objects.all().delete()
    refresh.execute_now(real)
    assert space_of(real) == first
    again = Position.objects.order_by("kind", "key", "seq").values_list(
        "kind", "key", "seq", "delta", "fingerprint"
    )
    assert list(again) == rows


def test_delta_does_not_jump_at_a_commit_that_changed_no_document(real: Repository) -> None:
    """Every position says what moved it, and is of a commit that touched STATE, reports or what describes the swarm."""
    steps = list(Mirror(real.mirror).history("", real.head))
    for row in Position.objects.filter(repository=real, kind="project"):
        assert row.moved.get("n") or row.moved.get("goal") or not row.present, row
    documents = ("STATE/", "reports/", "docs/")
    quiet = {
        seq for seq, step in enumerate(steps) if not any(c.path.startswith(documents) for c in step.changes)
    }
    assert quiet
    assert not quiet & set(
        Position.objects.filter(repository=real, kind="project").values_list("seq", flat=True)
    )
