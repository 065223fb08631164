"""What must come out of the real repository: cells, projects, evidence, waiting patches, a landing."""

from __future__ import annotations

import subprocess
from collections import Counter

import pytest

from cells import health
from cells.models import Evidence, Patch, Repository, StateVersion
from cells.patches import landing, life, pushing, reviews
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from tests.factories import a_user, sync

pytestmark = pytest.mark.django_db


def git(repository: Repository, *arguments: str) -> str:
    return subprocess.run(
        ["git", "--git-dir", repository.mirror, *arguments], check=True, capture_output=True, text=True
    ).stdout


def test_the_cells_have_lane_category_and_milestone_actions(real: Repository) -> None:
    assert real.swarm_origin == "discovered"
    found = {
        cell.key: (cell.lane.key, cell.contract, sorted(cell.milestones))
        for cell in real.cells.select_related("lane")
    }
    actions = ["P3-1", "P3-2", "P3-3"]
    assert found["hello-s5"] == ("north-star", "", actions)
    assert found["metrics-echo"] == ("monitoring", "TBD: monitoring-report", actions)
    assert found["persist-report"] == ("persist-report", "persist-report", actions)
    assert found["self-cost"] == ("cost", "TBD: cost-report", actions)


def test_both_projects_have_c_g_and_delta_with_history(real: Repository) -> None:
    assert {project.key for project in real.projects.all()} >= {"vpm-mini", "hakone-e2"}
    for key in ("vpm-mini", "hakone-e2"):
        versions = StateVersion.objects.filter(repository=real, project__key=key, cell=None)
        assert versions.count() >= 2
        kinds = {fact.kind for fact in versions.get(current=True).facts.all()}
        assert kinds >= {"current", "goal_short", "goal_mid", "gap", "task"}


def test_evidence_is_dated_flagged_and_placed(real: Repository) -> None:
    rows = list(Evidence.objects.filter(repository=real, current=True).prefetch_related("cells"))
    flags = Counter(flag["code"] for row in rows for flag in row.flags)
    assert flags["empty"] == 5
    assert flags["future"] >= 5
    assert flags["duplicate"] >= 15
    cells = Counter(cell.key for row in rows for cell in row.cells.all())
    assert cells["hello-s5"] >= 23
    assert cells["metrics-echo"] >= 8
    pictures = [row for row in rows if row.picture]
    twins = [row for row in pictures if any(flag["code"] == "duplicate" for flag in row.flags)]
    assert len(twins) == len(pictures) - len({row.blob for row in pictures})


def test_metrics_echo_is_in_conflict(real: Repository) -> None:
    cell = real.cells.get(key="metrics-echo")
    assert health.of_repository(real)[cell.pk].state == health.CONFLICT


def test_side_branches_wait_except_those_main_contains(real: Repository) -> None:
    waiting = set(
        real.patches.filter(state=life.PROPOSED).exclude(branch="").values_list("branch", flat=True)
    )
    main = git(real, "rev-parse", "refs/heads/main^{tree}").strip()
    for line in git(real, "for-each-ref", "--format=%(refname)", "refs/source/").splitlines():
        name = line.removeprefix("refs/source/")
        merged = subprocess.run(
            ["git", "--git-dir", real.mirror, "merge-tree", "--write-tree", "refs/heads/main", line],
            capture_output=True,
            text=True,
        )
        contained = merged.returncode == 0 and merged.stdout.split("\n")[0] == main
        assert (name in waiting) == (name != "main" and not contained), name
    assert Counter(name.split("/")[0] for name in waiting) == {
        "ask": 68,
        "think": 9,
        "autopilot": 2,
        "feature": 1,
    }
    assert not Patch.objects.get(branch__startswith="feature/").applies


def test_approving_one_puts_exactly_its_change_on_main(real: Repository) -> None:
    patch = real.patches.filter(branch__startswith="ask/store/", applies=True).earliest("authored_at")
    before = git(real, "rev-parse", "refs/heads/main").strip()
    reviews.approve(
        patch=patch, by=a_user("kei", REVIEWER), digest=patch.digest, verdict=fingerprint(patch.verdict)
    )
    landing.land(patch)
    pushing.push(real)
    patch.refresh_from_db()
    assert git(real, "rev-parse", f"{patch.commit}^").strip() == before
    proposed = git(real, "diff", "--raw", "--no-abbrev", patch.merge_base, patch.tip)
    assert git(real, "diff", "--raw", "--no-abbrev", before, patch.commit) == proposed
    assert patch.push_state == "not_pushed"
    sync(real)
    assert Evidence.objects.filter(repository=real, commit=patch.commit).exists()
