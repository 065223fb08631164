"""The real repository's past: any commit of it can be shown, and its head is the map of now."""

from __future__ import annotations

import json

import pytest

from cells.models import Repository
from cells.ssot.mirror import Mirror
from cells.sync.swarm import declared_in
from egspace.drawing.layout import STATES, lanes_layout
from egspace.drawing.steps import steps
from egspace.graph import node_link, swarm
from egspace.past.commits import find, history, swarm_at
from egspace.past.moments import graph_at

pytestmark = pytest.mark.django_db
SAMPLE = 40


def test_at_the_head_it_is_the_map_of_now(real: Repository) -> None:
    now, then = swarm(real), graph_at(real, real.head)
    assert dict(then.nodes(data=True)) == dict(now.nodes(data=True))
    assert then.graph == now.graph
    assert sorted(then.edges(keys=True)) == sorted(now.edges(keys=True))


def test_any_commit_can_be_shown(real: Repository) -> None:
    all_commits = history(real).commits
    sample = all_commits[:: len(all_commits) // SAMPLE]
    assert len(sample) >= SAMPLE
    mirror = Mirror(real.mirror)
    for one in sample:
        graph = graph_at(real, one.commit)
        tree = mirror.files(one.commit)
        described = swarm_at(history(real), one.seq)
        assert set(graph) == {cell.key for cell in described.cells}
        assert (described.origin == "declared") == bool(declared_in(list(tree)))
        assert {cell["state"] for _, cell in graph.nodes(data=True)} <= set(STATES)
        assert set(lanes_layout(graph).spots) == set(graph)
        assert json.loads(json.dumps(node_link(graph)))["nodes"] or not graph
        assert all(cell["newest"] is None or cell["evidence"] for _, cell in graph.nodes(data=True))


def test_a_moment_holds_no_more_evidence_than_its_tree(real: Repository) -> None:
    mirror = Mirror(real.mirror)
    for one in history(real).commits[::60]:
        reports = sum(path.startswith("reports/") for path in mirror.files(one.commit))
        graph = graph_at(real, one.commit)
        assert all(cell["evidence"] <= reports for _, cell in graph.nodes(data=True))


def test_the_steps_tell_when_the_cells_were_first_described(real: Repository) -> None:
    rows = steps(real)["commits"]
    assert len(rows) == len(history(real).commits)
    described = [row[4] for row in rows]
    first = described.index(True)
    assert not any(described[:first])
    assert all(described[first:])
    keys = {"hello-s5", "metrics-echo", "persist-report"}
    assert keys <= set(graph_at(real, rows[first][0]))
    assert not keys & set(graph_at(real, rows[first - 1][0]))


def test_a_date_names_the_last_commit_until_then(real: Repository) -> None:
    for one in history(real).commits[::50]:
        assert find(real, one.at.isoformat()).at <= one.at
