"""The real repository, when the machine has it: ../shared/data beside the checkout.

It is read once: `read` is a transaction around all tests of this folder, in which every test is a savepoint. No
test here may be transactional, because that would empty the tables.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from cells.models import Repository
from cells.repositories import known_as
from egspace import refresh
from egspace.models import Refresh
from tests.copies import kept
from tests.factories import sync

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def bundle() -> Path:
    path = DATA / "vpm-mini.bundle"
    if not path.exists():
        pytest.skip(f"the real repository is not on this machine ({path.name} beside the checkout)")
    return path


@pytest.fixture(scope="session")
def real_clone(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("real") / "clone"
    subprocess.run(["git", "clone", "--quiet", bundle, target], check=True)
    return target


@pytest.fixture(scope="package")
def read(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    bundle: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """The real repository is in the database; the path is of the data folder with its mirror."""
    folder = tmp_path_factory.mktemp("read")
    with kept(django_db_blocker, folder, lambda: sync(known_as("real", str(bundle)))):
        yield folder


@pytest.fixture(scope="module")
def mapped(read: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """For the tests of a module: its map was made, too."""
    with kept(django_db_blocker, read, make_map):
        yield


def make_map() -> None:
    row = refresh.execute_now(Repository.objects.get(key="real"))
    assert row.state == Refresh.DONE, row.error


@pytest.fixture
def real(read: Path, db: None, data_dir: Path) -> Repository:
    """The real repository as it was read; a test may change it, its mirror too."""
    shutil.copytree(read, data_dir, dirs_exist_ok=True)
    return Repository.objects.get(key="real")
