"""The API keeps what its OpenAPI promises, whatever is sent; and the documentation says what is there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker
from schemathesis.specs.openapi.checks import positive_data_acceptance

from cells import accounts
from cells.asks import asking
from cells.models import Ask, Patch
from cells.patches import life
from tests.conftest import at_once
from tests.copies import kept
from tests.factories import a_patch, a_repository, a_user, committed
from vpm.wsgi import application

pytestmark = pytest.mark.django_db

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
SECTIONS = re.findall(r"^### `(\S+) (\S+)`\n(.*?)(?=^#|\Z)", DOCS, re.MULTILINE | re.DOTALL)

schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
operations = {
    (found.ok().method.upper(), found.ok().path): found.ok() for found in schema.get_all_operations()
}


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """A real WSGI request closes an old database connection; in a test that is the test's own transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def known(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str]]:
    """A repository in which one proposal landed and one waits, made once: its data folder, and a reviewer's token."""
    folder, tokens = tmp_path_factory.mktemp("known"), list[str]()
    with at_once(), kept(django_db_blocker, folder, lambda: tokens.append(begin(folder))):
        yield folder, tokens[0]


def begin(folder: Path) -> str:
    repository = a_repository(folder)
    a_patch(repository, life.LANDED)
    with committed():
        asking.start(cell=repository.cells.get(key="oven"), mode="pr_groomer", by=None, door="command")
    return accounts.make_token(user=a_user("reviewer", "reviewer"), scope="reviewer")


@pytest.fixture
def headers(known: tuple[Path, str], db: None, data_dir: Path) -> dict[str, str]:
    """A reviewer's token; a test may change what is there, the mirror too."""
    folder, token = known
    shutil.copytree(folder, data_dir, dirs_exist_ok=True)
    return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}


@schema.parametrize()
@settings(
    max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
def test_whatever_is_sent_the_answer_is_one_that_the_description_promises(
    case: Any, headers: dict[str, str]
) -> None:
    # A cursor is any text to the description, and ours to the list: a made-up one is refused on purpose.
    beyond = [positive_data_acceptance] if case.query.get("cursor") else []
    case.call_and_validate(headers=headers, excluded_checks=beyond)


@pytest.mark.parametrize(("method", "path"), [key for key in operations if key[0] == "GET"])
def test_what_really_stands_there_is_described(method: str, path: str, headers: dict[str, str]) -> None:
    for patch in Patch.objects.all():
        known = {"key": "oven", "patch_id": patch.pk, "ask_id": Ask.objects.get().pk}
        parameters = {name: value for name, value in known.items() if f"{{{name}}}" in path}
        case = operations[method, path].Case(path_parameters=parameters)
        assert case.call_and_validate(headers=headers).status_code == 200


def test_the_description_needs_no_token_and_knows_how_to_come_in() -> None:
    described = Client().get("/api/v1/openapi.json").json()
    assert {"bearer", "apiKey"} == {
        way.get("scheme", way["type"]) for way in described["components"]["securitySchemes"].values()
    }
    assert "security" not in described["paths"]["/api/v1/health"]["get"]
    assert all(
        "security" in operation
        for path, methods in described["paths"].items()
        for operation in methods.values()
        if path != "/api/v1/health"
    )


def test_the_documentation_names_every_operation_and_no_other() -> None:
    assert sorted((method, path) for method, path, _ in SECTIONS) == sorted(operations)


@pytest.mark.parametrize(("method", "path", "text"), SECTIONS, ids=[f"{m} {p}" for m, p, _ in SECTIONS])
def test_the_documentation_names_every_filter(method: str, path: str, text: str) -> None:
    described = {p["name"] for p in raw(method, path).get("parameters", []) if p["in"] == "query"} - {
        "cursor",
        "limit",
    }
    told = re.search(r"^Query: (.*?)\. ", text, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", told[1]) if told else []) == described


@pytest.mark.parametrize(("method", "path", "text"), [section for section in SECTIONS if section[0] == "GET"])
def test_every_example_has_only_fields_that_exist(method: str, path: str, text: str) -> None:
    example = json.loads(re.search(r"```json\n(.*?)```", text, re.DOTALL)[1])  # type: ignore[index]
    answer = raw(method, path)["responses"]["200"]["content"]["application/json"]["schema"]
    unknown(example, answer)


BODIES = re.findall(r"^  -d '(.*?)' https://vpm.example.org(\S+)$", DOCS, re.MULTILINE)


@pytest.mark.parametrize(("text", "url"), BODIES, ids=[url for _, url in BODIES])
def test_every_example_body_says_all_that_is_needed_and_nothing_else(text: str, url: str) -> None:
    path = next(path for method, path in operations if method == "POST" and pattern(path).fullmatch(url))
    shape = raw("POST", path)["requestBody"]["content"]["application/json"]["schema"]
    example = json.loads(text)
    unknown(example, shape, "body")
    needed = described()["components"]["schemas"][shape["$ref"].rpartition("/")[2]].get("required", [])
    assert set(example) >= set(needed)


def pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", r"[^/]+", path))


def unknown(example: Any, shape: dict[str, Any], where: str = "answer") -> None:
    """Fails at the first field of an example that its shape does not have."""
    shape = next((s for s in shape.get("anyOf", []) if s.get("type") != "null"), shape)
    if "$ref" in shape:
        shape = described()["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
    if isinstance(example, list):
        for item in example:
            unknown(item, shape["items"], f"{where}[]")
    elif isinstance(example, dict) and "properties" in shape:
        assert set(example) <= set(shape["properties"]), where
        for name, value in example.items():
            unknown(value, shape["properties"][name], f"{where}.{name}")


def described() -> dict[str, Any]:
    return schema.raw_schema


def raw(method: str, path: str) -> dict[str, Any]:
    return described()["paths"][path][method.lower()]
