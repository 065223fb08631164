"""/ask with the rules provider over the real repository: what must come out, and what must not."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pygit2
import pytest

from cells import accounts, health
from cells.asks import asking, life
from cells.models import Ask, Cell, Patch, Repository
from cells.patches import checks
from cells.repositories import known_as
from cells.ssot.mirror import Mirror
from egspace import refresh
from tests.factories import committed, sync

pytestmark = pytest.mark.django_db

RUN = "apply_hello_dev_20251115T183901Z"
DECLARED = """\
[[lanes]]
key = "north-star"
title = "North Star"

[[cells]]
key = "hello-s5"
lane = "north-star"
state = "STATE/current_state.md"
memory = "data/vpm_memory_min.json"
evidence = ["reports/codex_runs/apply_hello_*/**"]
ask = ["update_north_star"]
"""


@pytest.fixture
def before_754(real_clone: Path, tmp_path: Path) -> Repository:
    """The repository as it stood before that pull request, with the cell declared, because it was not yet."""
    source = tmp_path / "before.git"
    log = ["git", "-C", str(real_clone), "log", "--format=%H", "--grep=(#754)", "-1"]
    commit = subprocess.run(log, check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run(["git", "clone", "--quiet", "--bare", real_clone, source], check=True)
    for name in pygit2.Repository(str(source)).branches.local:
        if name != "main":
            subprocess.run(["git", "-C", source, "branch", "-q", "-D", name], check=True)
    repo = pygit2.Repository(str(source))
    parent = repo[commit].parent_ids[0]
    index = pygit2.Index()
    index.read_tree(repo[parent].peel(pygit2.Tree))
    index.add(
        pygit2.IndexEntry("swarm.toml", repo.create_blob(DECLARED.encode()), pygit2.enums.FileMode.BLOB)
    )
    who = pygit2.Signature("Test", "test@example.org", repo[parent].peel(pygit2.Commit).commit_time, 0)
    made = repo.create_commit(None, who, who, "Declare the cell", index.write_tree(repo), [parent])
    repo.references.create("refs/heads/main", made, force=True)
    return sync(known_as("before", str(source)))


@pytest.fixture(autouse=True)
def no_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ask moves the map, and making that of the real repository takes longer than all of its asks together."""
    monkeypatch.setattr(refresh, "request", lambda repository: None)


def asked(cell: Cell, mode: str = "update_north_star", subject: Patch | None = None) -> Ask:
    with committed():
        ask = asking.start(cell=cell, mode=mode, by=None, door="command", provider="rules", subject=subject)
    ask.refresh_from_db()
    return ask


def test_before_pull_request_754_the_line_is_proposed_with_the_right_time(before_754: Repository) -> None:
    ask = asked(before_754.cells.get(key="hello-s5"))
    assert ask.state == life.ANSWERED, (ask.error, ask.warnings)
    patch = ask.patch
    assert patch is not None
    mirror = Mirror(before_754.mirror)
    state = mirror.text(patch.tip, "STATE/current_state.md") or ""
    (line,) = [line for line in state.splitlines() if f"run_id={RUN}" in line]
    assert "ts=2025-11-15T18:39:01Z" in line
    assert f"reports_dir=reports/codex_runs/{RUN}" in line
    heading = [row for row in state.split(line)[0].splitlines() if row.startswith("#")][-1]
    assert "Goal-M2 / Hello S5" in heading
    memory = json.loads(mirror.text(patch.tip, "data/vpm_memory_min.json") or "")
    assert memory["goal_m2"]["last_successful_s5_apply"]["updated_at"] == "2025-11-15T18:39:01Z"
    assert {file["path"]: (file["added"], file["removed"]) for file in patch.files} == {
        "STATE/current_state.md": (1, 0),
        "data/vpm_memory_min.json": (1, 1),
    }


def test_at_the_tip_hello_s5_proposes_nothing_and_names_the_nine_hours(real: Repository) -> None:
    ask = asked(real.cells.get(key="hello-s5"))
    assert (ask.state, ask.patch) == (life.PLAN_ONLY, None)
    said = " ".join(ask.warnings)
    assert "2025-11-15T18:39:01Z" in said
    assert "2025-11-15T09:39:01Z" in said
    assert "9 h" in said


def test_metrics_echo_ends_plan_only_with_the_conflict_and_the_missing_vantage_point(
    real: Repository,
) -> None:
    cell = real.cells.get(key="metrics-echo")
    ask = asked(cell)
    assert (ask.state, ask.patch) == (life.PLAN_ONLY, None)
    (conflict,) = ask.warnings
    assert "metrics_echo_ready_status_p3-2.md" in conflict
    assert "metrics_echo_sli_p3-2.md" in conflict
    assert [need["vantage"] for need in ask.needs] == ["in cluster"]
    assert health.of_repository(real)[cell.pk].state == health.SHELVED


@pytest.mark.parametrize(("state", "suggested"), [("green", "AUTO_MERGE_OK"), ("unknown", "REVIEW_REQUIRED")])
def test_pull_request_787_may_land_by_itself_only_when_its_checks_are_green(
    real: Repository, state: str, suggested: str
) -> None:
    subject = Patch.objects.get(branch="ask/persist-2025-11-17T0238")
    if state == "green":
        checks.report(patch=subject, state=state, by=accounts.owner(), tip=subject.tip)
    assert subject.decision == suggested
    ask = asked(real.cells.get(key="persist-report"), "persist_report", subject)
    assert ask.state == life.ANSWERED, ask.error
    assert ask.answer is not None
    assert ask.answer["action"]["suggested"] == suggested
    assert ask.answer["tags"]
    assert ask.answer["summary"]


def test_every_mode_of_every_cell_ends_honestly(real: Repository) -> None:
    subject = Patch.objects.get(branch="ask/persist-2025-11-17T0238")
    for cell in real.cells.all():
        for mode in cell.ask_modes or (
            "update_north_star",
            "u_contract",
            "pm_snapshot",
            "doc_update",
            "pr_groomer",
        ):
            ask = asked(cell, mode)
            if mode == "pm_snapshot":  # none of the discovered cells says which project it belongs to
                assert "project" in str(ask.error)
            else:
                assert ask.state in (life.ANSWERED, life.PLAN_ONLY), (cell, mode, ask.error)
    assert asked(real.cells.get(key="metrics-echo"), "u_contract", subject).state in life.ENDED
