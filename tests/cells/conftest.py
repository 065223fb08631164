"""A small repository, and the two programs that call the API about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from cells.models import Repository
from tests.cells.callers import Program, program
from tests.factories import a_repository


@pytest.fixture
def repository(db: None, tmp_path: Path) -> Repository:
    return a_repository(tmp_path)


@pytest.fixture
def reading(viewer: User) -> Program:
    return program(viewer, "viewer")


@pytest.fixture
def deciding(reviewer: User) -> Program:
    return program(reviewer, "reviewer")
