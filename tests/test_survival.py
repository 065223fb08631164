"""kill -9 is a normal event: real workers, a real broker, and every approval lands exactly once, half of them by two people
and each only after it could have been taken back."""

from __future__ import annotations

import json
import random
import subprocess
import time
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from tests.cells.deciding import described
from tests.factories import a_source
from tests.workers import beat, environment, kill, killed, manage, shell, worker

PATCHES = 12
KILLS = 6

APPROVE = """
from django.contrib.auth.models import Group, User
from cells import accounts
from cells.models import Patch
from cells.patches import reviews
from cells.patches.verdicts import fingerprint
second = User.objects.create(username="second")
second.groups.add(Group.objects.get(name="reviewer"))
for patch in Patch.objects.filter(repository__key="survival"):
    for by in (accounts.owner(), second):
        if patch.state == "proposed":
            reviews.approve(patch=patch, by=by, digest=patch.digest, verdict=fingerprint(patch.verdict))
"""
# The patches, once all have landed and were pushed, or as they stand after a minute and a half.
SETTLED = """
import json, time
from cells.models import Patch
until = time.monotonic() + 90
while True:
    rows = list(Patch.objects.filter(repository__key="survival").values_list("state", "push_state", "commit"))
    if all(row[:2] == ("landed", "pushed") for row in rows) or time.monotonic() > until:
        break
    time.sleep(0.5)
print(json.dumps(rows))
"""


def test_every_approval_lands_once_while_workers_are_killed(tmp_path: Path) -> None:
    ours = environment(tmp_path, 1, VPM_LEASE="2", VPM_UNDO_SECONDS="1")
    files = described(("sample", "approvals = 2"))
    proposals = {
        f"ask/p{n}": {f"reports/{('oven', 'dough')[n % 2]}/p{n}.md": f"# Heat {n}\n"} for n in range(PATCHES)
    }
    # Proposed lately: what lands is of today, and beside it a proposal of last spring is stale to the contract.
    source = a_source(tmp_path / "source.git", files, proposals, at=timezone.now() - timedelta(days=2))
    manage(ours, "migrate", "-v0")
    manage(ours, "sync", "survival", "--source", str(source.path))
    processes = [beat(ours), worker(ours)]
    with killed(processes):
        shell(ours, APPROVE)
        for _ in range(KILLS):
            time.sleep(random.uniform(1.0, 3.0))
            kill(processes.pop())
            processes.append(worker(ours))
        rows = json.loads(shell(ours, SETTLED))
    assert [state for state, _, _ in rows] == ["landed"] * PATCHES
    assert [pushed for _, pushed, _ in rows] == ["pushed"] * PATCHES
    assert landed_in(tmp_path / "data" / "repositories" / "survival.git") == sorted(
        commit for _, _, commit in rows
    )
    assert landed_in(source.path) == sorted(commit for _, _, commit in rows)
    assert sorted(approved_in(source.path)) == sorted(
        ["owner"] * (PATCHES // 2) + ["owner, second"] * (PATCHES // 2)
    )


def landed_in(repository: Path) -> list[str]:
    command = ["git", "--git-dir", str(repository), "log", "--grep=^Patch-Id:", "--format=%H", "main"]
    return sorted(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def approved_in(repository: Path) -> list[str]:
    """Whom each landing names, in the order of their approvals."""
    shown = "--format=%(trailers:key=Approved-by,valueonly,separator=%x00)"
    command = ["git", "--git-dir", str(repository), "log", "--grep=^Patch-Id:", shown, "main"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [", ".join(name.split(" ")[0] for name in line.split(", ")) for line in lines if line]
