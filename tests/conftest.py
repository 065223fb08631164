"""What every test stands on: its own data folder, jobs done at once, and the four kinds of people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django.utils import translation
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from cells.permissions import OPERATOR, REVIEWER, VIEWER
from egspace.drawing import served
from tests import copies
from tests.factories import a_user, read_anew
from vpm.celery import app

# A busy machine is slow now and then; how long something takes is the benchmarks' business.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite on disk, as the product has it: in memory all threads share one lock, and a page is refused while
    another thread writes."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The database, empty; and of the bakery what `a_repository` puts back."""
    where = override_settings(VPM_DATA_DIR=tmp_path_factory.mktemp("bakery"))
    with django_db_blocker.unblock(), where, at_once():
        copies.take(read_anew)


@contextmanager
def at_once() -> Iterator[None]:
    """Celery does a task where it is sent; see `tests.factories.committed` for when that is."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


@pytest.fixture(autouse=True)
def data_dir(settings: Any, tmp_path: Path) -> Path:
    """VPM_DATA_DIR of this test."""
    settings.VPM_DATA_DIR = tmp_path / "data"
    settings.VPM_DATA_DIR.mkdir()
    settings.VPM_CHECKS_BEGIN = 0
    settings.VPM_UNDO_SECONDS = 0  # what lands later is tested where it is meant
    return settings.VPM_DATA_DIR


@pytest.fixture(autouse=True)
def eager() -> Iterator[None]:
    with at_once():
        yield


DRAWN = {"egspace", "browser", "real"}  # folders of tests that look at what was drawn ahead


@pytest.fixture(autouse=True)
def undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task that makes a map draws eight figures ahead, and here it runs after each commit. Elsewhere than in these
    folders it makes the map; whoever looks at a figure there has it drawn."""
    if not DRAWN & set(request.path.parts):
        monkeypatch.setattr(served, "prepare", lambda repository: 0)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A page asked for in Japanese leaves its language behind in the thread."""
    yield
    translation.deactivate()


@pytest.fixture
def viewer(db: None) -> User:
    return a_user("viewer", VIEWER)


@pytest.fixture
def reviewer(db: None) -> User:
    return a_user("reviewer", REVIEWER)


@pytest.fixture
def operator(db: None) -> User:
    return a_user("operator", OPERATOR)


@pytest.fixture
def stranger(db: None) -> User:
    """Signed in, and in no group: sees nothing."""
    return a_user("stranger")
