"""The trial goes as a person runs it, against the double instead of GitHub."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.github.double import Double
from tests.github.repository import Repository

ROOT = Path(__file__).resolve().parents[2]


def run(github: Double, name: str) -> subprocess.CompletedProcess[str]:
    own = {"VPM_GITHUB_TOKEN": github.token("rin"), "VPM_DEBUG": "1"}  # plain HTTP, and only on this machine
    command = [sys.executable, "-m", "tests.github.trial", name, "--base-url", github.url, "--pause", "0.2"]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | own, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
    )  # fmt: skip


def test_every_step_goes_as_expected_in_an_empty_repository(github: Double) -> None:
    scratch = github.repository("acme/scratch")
    scratch.allows("rin", "admin")
    done = run(github, "acme/scratch")
    assert (done.returncode, done.stdout.count(" OK "), "DIFFERS" in done.stdout) == (0, 10, False), (
        done.stdout
    )
    assert [pull.merged is not None for pull in scratch.it.pulls] == [True, True, False]
    assert not any(token in done.stdout for token in github.world.tokens)


def test_where_something_could_be_lost_nothing_is_written(github: Double, bread: Repository) -> None:
    before = bread.tip()
    done = run(github, bread.name)
    assert done.returncode == 1
    assert "no .vpm-trial" in done.stdout
    assert (bread.tip(), bread.it.issues, bread.it.pulls) == (before, {}, [])
