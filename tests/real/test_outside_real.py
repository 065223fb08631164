"""The newest commits of the real main, pushed past us: all of them are noticed, with the cells they touch."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cells.models import OutsideCommit
from cells.repositories import known_as
from cells.ssot.mirror import Mirror
from tests.factories import sync

pytestmark = pytest.mark.django_db

CAME = 60


def test_what_came_from_outside_is_listed_with_its_cells(bundle: Path, tmp_path: Path) -> None:
    source = tmp_path / "older.git"

    def git(*arguments: str) -> str:
        said = subprocess.run(["git", "-C", source, *arguments], check=True, capture_output=True, text=True)
        return said.stdout.strip()

    subprocess.run(["git", "clone", "--quiet", "--bare", "--single-branch", bundle, source], check=True)
    branch, newest = git("branch", "--show-current"), git("rev-parse", "HEAD")
    git("update-ref", f"refs/heads/{branch}", f"{newest}~{CAME}")
    repository = sync(known_as("older", str(source)))
    assert not OutsideCommit.objects.exists()
    git("update-ref", f"refs/heads/{branch}", newest)
    sync(repository)
    expected = git("log", "--first-parent", "--format=%H", f"{newest}~{CAME}..{newest}").splitlines()
    rows = list(OutsideCommit.objects.order_by("-pk"))
    assert [row.commit for row in rows] == expected
    assert len(rows) == CAME
    assert all(row.files for row in rows if _changes(Mirror(repository.mirror), row.commit))
    # The newest twenty write of the whole project; those before them of some of its cells.
    assert not {cell.key for row in rows[:20] for cell in row.cells.all()}
    assert {cell.key for row in rows[20:] for cell in row.cells.all()} & {
        "hello-s5",
        "persist-report",
        "metrics-echo",
    }


def _changes(mirror: Mirror, commit: str) -> bool:
    made = mirror.commit(commit)
    return bool(made.tree.id != made.parents[0].tree.id)
