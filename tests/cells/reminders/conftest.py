"""Rin, the bakery with five proposals that ask the same question, a house that can send, and somebody's webhook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_httpserver import HTTPServer

from cells.models import Repository
from cells.permissions import REVIEWER
from tests.cells.reminders.sent import NOTES, SECRET
from tests.factories import a_repository, a_user


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    """Five proposals that ask the same question."""
    return a_repository(tmp_path, proposals=NOTES)


@pytest.fixture
def rin(db: None) -> User:
    return a_user("rin", REVIEWER)


@pytest.fixture(autouse=True)
def configured(settings: Any) -> None:
    settings.VPM_MAIL, settings.DEFAULT_FROM_EMAIL = True, "vpm@example.org"
    settings.VPM_URL = "https://vpm.example"


@pytest.fixture
def slack(httpserver: HTTPServer, settings: Any) -> HTTPServer:
    """Somebody's webhook, on this machine: allowed while developing."""
    settings.DEBUG = True
    httpserver.expect_request(f"/services/{SECRET}", method="POST").respond_with_data("ok")
    return httpserver
