"""The API keeps what its OpenAPI promises, whatever is sent; and the documentation names what is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS

from cells import accounts
from cells.models import Cell, Patch
from tests.factories import a_repository, a_user
from vpm.wsgi import application

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"


@pytest.fixture
def token(tmp_path: Path, db: None) -> str:
    a_repository(tmp_path)
    return accounts.make_token(user=a_user("reviewer", "reviewer"), scope="reviewer")


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)


@schema.parametrize()
@settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
def test_every_answer_is_one_the_description_promises(case: Any, token: str) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
