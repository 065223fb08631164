"""kill -9 is a normal event: real workers, a real broker, and every approval lands exactly once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.factories import FILES, a_source

ROOT = Path(__file__).resolve().parents[1]
PATCHES = 12
KILLS = 6

APPROVE = """
from cells import accounts
from cells.models import Patch
from cells.patches import reviews
for patch in Patch.objects.filter(repository__key="survival"):
    reviews.approve(patch=patch, by=accounts.owner(), digest=patch.digest)
"""
LOOK = """
import json
from cells.models import Patch
print(json.dumps(list(Patch.objects.filter(repository__key="survival").values_list("state", "push_state", "commit"))))
"""


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    ).stdout


def celery(environment: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "celery", "-A", "vpm", *arguments]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return celery(environment, "worker", "--pool", "threads", "--concurrency", "2")


def test_every_approval_lands_once_while_workers_are_killed(tmp_path: Path) -> None:
    environment = os.environ | {
        "VPM_DATA_DIR": str(tmp_path / "data"),
        "VPM_LEASE": "2",
        "VPM_SYNC_EVERY": "3600",
    }
    proposals = {f"ask/p{n}": {f"reports/oven/p{n}.md": f"# Heat {n}\n"} for n in range(PATCHES)}
    source = a_source(tmp_path / "source.git", FILES, proposals)
    manage(environment, "migrate", "-v0")
    manage(environment, "sync", "survival", "--source", str(source.path))
    beat, working = celery(environment, "beat"), worker(environment)
    try:
        manage(environment, "shell", "-v0", "-c", APPROVE)
        for _ in range(KILLS):
            time.sleep(random.uniform(1.0, 3.0))
            os.killpg(working.pid, signal.SIGKILL)
            working.wait()
            working = worker(environment)
        rows = settled(environment)
    finally:
        for process in (beat, working):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert [state for state, _, _ in rows] == ["landed"] * PATCHES
    assert [pushed for _, pushed, _ in rows] == ["pushed"] * PATCHES
    assert landed_in(tmp_path / "data" / "repositories" / "survival.git") == sorted(
        commit for _, _, commit in rows
    )
    assert landed_in(source.path) == sorted(commit for _, _, commit in rows)


def settled(environment: dict[str, str]) -> list[tuple[str, str, str]]:
    """The patches, once all have landed and were pushed, or as they stand after a minute and a half."""
    until = time.monotonic() + 90
    while True:
        rows = json.loads(manage(environment, "shell", "-v0", "-c", LOOK))
        if all(row[:2] == ["landed", "pushed"] for row in rows) or time.monotonic() > until:
            return rows
        time.sleep(1)


def landed_in(repository: Path) -> list[str]:
    command = ["git", "--git-dir", str(repository), "log", "--grep=^Patch-Id:", "--format=%H", "main"]
    return sorted(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
