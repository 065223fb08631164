"""The house itself: settings, migrations, packaging and documents hold together."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.services import compose

ROOT = Path(__file__).resolve().parent.parent
SECRETS = {"SECRET_KEY": "k" * 25 + "0123456789abcdefghijklmnopqrstuvwxyz", "VPM_HOSTS": "vpm.example"}
COMPOSE_NEEDS = [*SECRETS, "POSTGRES_PASSWORD"]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)
# In pieces, so that this file does not find itself.
NEVER_NAMED = [
    "py" + "pi.org",
    "pythonhosted" + ".org",
    "registry." + "npmjs",
    "index" + "-url",
    "/" + "work/",
]


def run(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=os.environ | env, capture_output=True, text=True)


def tracked_files() -> list[Path]:
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_deploy_check_is_clean_in_production_settings(tmp_path: Path) -> None:
    checked = run(
        *(sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        VPM_PRODUCTION="1",
        VPM_DATA_DIR=str(tmp_path),
        **SECRETS,
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("missing", SECRETS)
def test_production_does_not_start_without_its_secrets(tmp_path: Path, missing: str) -> None:
    given = SECRETS | {missing: "", "VPM_PRODUCTION": "1", "VPM_DATA_DIR": str(tmp_path)}
    refused = run(sys.executable, "manage.py", "check", **given)
    assert refused.returncode != 0
    assert f"{missing} is not set" in refused.stderr


@pytest.mark.compose
def test_compose_accepts_the_file_once_the_secrets_are_given() -> None:
    values = dict.fromkeys(COMPOSE_NEEDS, "x")
    accepted = run(*compose(), "config", "--quiet", **values)
    assert accepted.returncode == 0, accepted.stderr


@pytest.mark.compose
@pytest.mark.parametrize("missing", COMPOSE_NEEDS)
def test_compose_names_a_secret_that_is_not_set(missing: str) -> None:
    values = dict.fromkeys(COMPOSE_NEEDS, "x") | {missing: ""}
    refused = run(*compose(), "config", "--quiet", **values)
    assert refused.returncode != 0
    assert f"set {missing} to" in refused.stderr


def test_no_tracked_file_names_a_registry_or_somebodys_machine() -> None:
    named = []
    for path in tracked_files():
        text = path.read_bytes().decode(errors="ignore")
        named += [f"{path.relative_to(ROOT)}: {word}" for word in NEVER_NAMED if word in text]
    assert named == []


def test_nothing_is_vendored() -> None:
    vendored = re.compile(r"\.min\.(js|css)$|(^|/)(vendor|node_modules)/")
    assert [path for path in tracked_files() if vendored.search(path.relative_to(ROOT).as_posix())] == []


def test_every_decision_is_dated_in_its_name_and_in_its_text() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert decisions
    for path in decisions:
        named = re.match(r"(\d{4}-\d{2}-\d{2})-[a-z0-9-]+\.md$", path.name)
        assert named, f"{path.name} has no date"
        assert named[1] in path.read_text(), f"{path.name} does not repeat its date"


def test_checks_run_with_the_versions_that_run_in_production() -> None:
    runtime, development = (
        dict(PINNED.findall((ROOT / name).read_text()))
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert runtime
    assert runtime.items() <= development.items()


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_hashes(lock: str) -> None:
    pins = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text().strip())
    assert [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_every_setting_is_in_the_manual() -> None:
    table = (ROOT / "vpm" / "settings.py").read_text().split('"""')[1]
    manual = (ROOT / "docs" / "operating.md").read_text()
    names = re.findall(r"^\| ([A-Z_]+) ", table, re.MULTILINE)
    assert names
    assert [name for name in names if f"`{name}`" not in manual] == []


def test_make_says_which_python_it_needs(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "old").write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.6 || exit 1\n')
    (tmp_path / "old").chmod(0o755)
    refused = subprocess.run(["make", "run", "PYTHON=./old"], cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "VPM needs Python 3.11 or newer; ./old is Python 3.9.6." in refused.stdout
