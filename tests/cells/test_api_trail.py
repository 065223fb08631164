"""The audit trail and the health of the system, as programs see them."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from cells.models import AuditEvent, Repository, SyncRun
from cells.patches import life
from tests.cells.callers import Program
from tests.factories import a_patch, sync

pytestmark = pytest.mark.django_db


def test_the_trail_says_who_decided(reading: Program, repository: Repository) -> None:
    patch = a_patch(repository, life.REJECTED)
    _, said = reading.get("audit", repo="bakery", verb="reject")
    assert [(row["actor"], row["subject"], row["reason"]) for row in said["items"]] == [
        ("reviewer", str(patch.pk), "Too warm for rye.")
    ]
    assert said["items"][0]["before"] == {"state": "proposed"}


def printed(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_the_command_prints_the_trail_newest_last(repository: Repository, reading: Program) -> None:
    a_patch(repository, life.REJECTED)
    rows = [json.loads(line) for line in printed("--json")]
    assert [row["id"] for row in rows] == list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert rows[-1] == reading.get("audit", limit=1)[1]["items"][0]
    assert [
        json.loads(line)["repository"] for line in printed("--json", "--repo", "bakery", "--limit", "2")
    ] == ["bakery"] * 2
    assert "reviewer reject patch" in printed("--limit", "1")[0]
    assert printed("--repo", "nowhere") == []
    with pytest.raises(CommandError):
        printed("--limit", "0")


def test_health_needs_nobody_and_tells_nothing_secret(repository: Repository) -> None:
    sync(repository)  # health looks at when a worker last did something
    for path in ("/health", "/api/v1/health"):
        said = Client().get(path)
        assert said.status_code == 200
        assert said.json()["status"] == "ok"
        assert said.json()["repositories"] == {"known": 1, "failing": 0}
        assert "bakery" not in said.content.decode()


def test_health_is_degraded_when_a_reading_failed_or_the_worker_is_silent(repository: Repository) -> None:
    SyncRun.objects.update(finished_at=timezone.now() - timezone.timedelta(hours=1))
    said = Client().get("/health").json()
    assert (said["status"], said["worker"] > 3000) == ("degraded", True)
    SyncRun.objects.update(finished_at=timezone.now(), state=SyncRun.FAILED)
    assert Client().get("/health").json()["repositories"] == {"known": 1, "failing": 1}


def test_health_is_degraded_without_a_broker(settings: Any, repository: Repository) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    said = Client().get("/health")
    assert (said.status_code, said.json()["status"], said.json()["broker"]) == (200, "degraded", "down")


def test_health_is_503_when_the_database_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    for path in ("/health", "/api/v1/health"):
        said = Client().get(path)
        assert (said.status_code, said.json()["database"]) == (503, "down")
