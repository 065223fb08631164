"""The bakery, made along the real path before the first test of a process, and put back wherever a test asks for it.

Kept are the statements that write its rows, its source and its mirror, and the jobs its commit would start: a test
that is one transaction finds them waiting, a test that commits at once finds them done.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models.sql import InsertQuery
from django.test import TestCase, override_settings
from pytest_django import DjangoDbBlocker

from cells.models import AuditEvent, Repository

SOURCE = Path(os.environ["VPM_DATA_DIR"]) / "bakery-source.git"  # its rows name it: the same for every copy
KEPT = SOURCE.with_name("kept")


@dataclass(frozen=True)
class Rows:
    """What writes them, and what waits for their commit."""

    statements: tuple[tuple[str, tuple[Any, ...]], ...]
    waiting: tuple[Callable[[], object], ...] = ()

    def put_back(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement, values in self.statements:
                cursor.execute(statement, values)
        self.wait()

    def wait(self) -> None:
        for call in self.waiting:
            transaction.on_commit(call)


ROWS: dict[bool, Rows] = {}  # by whether a test is one transaction


def take(make: Callable[[Path], Repository]) -> None:
    """Make it, and keep it before and after its jobs; the tables are empty again afterwards."""
    with nothing_of_it_left():
        start = len(connection.run_on_commit)
        repository = make(SOURCE)
        ROWS[True] = Rows(
            tuple(_statements()), tuple(call for _, call, _ in connection.run_on_commit[start:])
        )
        shutil.copytree(SOURCE, KEPT / "source")
        shutil.copytree(repository.mirror, KEPT / "mirror")
        with TestCase.captureOnCommitCallbacks(execute=True):
            ROWS[True].wait()
        ROWS[False] = Rows(tuple(_statements()))


@contextmanager
def nothing_of_it_left() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _statements() -> Iterator[tuple[str, tuple[Any, ...]]]:
    for app in ("cells", "egspace"):
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            yield from _statements_of(model)


def _statements_of(model: type[models.Model]) -> list[tuple[str, tuple[Any, ...]]]:
    """Raw: times and keys are those of the rows, not of now. An event takes the next key: others may be there."""
    rows = list(model._base_manager.order_by("pk"))
    if not rows:
        return []
    stored = [field for field in model._meta.concrete_fields if not field.generated]
    query = InsertQuery(model)
    query.insert_values(
        [one for one in stored if model is not AuditEvent or not one.primary_key], rows, raw=True
    )
    return query.get_compiler(connection.alias).as_sql()


def fits() -> bool:
    """Whether it can be put back: no repository is there, so that its keys are free."""
    return bool(ROWS) and not Repository.objects.exists()


def put_back() -> Repository:
    shutil.rmtree(SOURCE)
    shutil.copytree(KEPT / "source", SOURCE)
    ROWS[connection.in_atomic_block].put_back()
    repository = Repository.objects.get()
    shutil.copytree(KEPT / "mirror", repository.mirror)
    return repository


@contextmanager
def kept(blocker: DjangoDbBlocker, data_dir: Path, begin: Callable[[], object]) -> Iterator[None]:
    """What `begin` does stands for all tests inside, each a savepoint, and nothing of it afterwards.

    No test inside may be transactional, because that would empty the tables.
    """
    with blocker.unblock(), transaction.atomic():
        with override_settings(VPM_DATA_DIR=data_dir, VPM_UNDO_SECONDS=0):
            begin()
        with blocker.block():  # a test says that it needs the database
            yield
        transaction.set_rollback(True)
