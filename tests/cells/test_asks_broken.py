"""/ask while the broker is away, or while the model service does its worst: a row that waits, or a sentence."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from cells.asks import asking, job, life
from cells.asks.providers import openai as provider
from cells.asks.providers.troubles import MOST_BYTES
from cells.models import Ask, AuditEvent, Cell, Patch
from tests.factories import a_repository, committed

pytestmark = pytest.mark.django_db

KEY = "sk-a-secret-that-nobody-may-see"
OUT = "/v1/responses"


@pytest.fixture
def oven(tmp_path: Path, db: None) -> Cell:
    return a_repository(tmp_path).cells.get(key="oven")


@pytest.fixture
def service(httpserver: HTTPServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> HTTPServer:
    """The model service that asks go to by default; it is tried once per attempt."""
    settings.VPM_PROVIDER, settings.VPM_OPENAI_API_KEY, settings.VPM_MODEL = "openai", KEY, "m-1"
    settings.VPM_OPENAI_BASE_URL = httpserver.url_for("/v1")
    settings.VPM_ASK_TIMEOUT, settings.VPM_ASK_RETRIES = 10, 0
    monkeypatch.setattr(provider, "_FIRST_PAUSE", 0.01)
    return httpserver


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """No message is taken, until what this returns is called."""

    def refuse(**_: Any) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(current_app.tasks["cells.ask"], "apply_async", refuse)
    return monkeypatch.undo


def asked(cell: Cell, **how: Any) -> Ask:
    with committed():
        ask = asking.start(cell=cell, mode="update_north_star", by=None, door="command", **how)
    ask.refresh_from_db()
    return ask


def later(ask: Ask) -> Ask:
    """Time passes until beat finds the row; what it wakes is done."""
    Ask.objects.filter(pk=ask.pk).update(state_at=timezone.now() - timedelta(minutes=1), not_before=None)
    with committed():
        job.settle()
    ask.refresh_from_db()
    return ask


def given_up(ask: Ask) -> Ask:
    """The same trouble each time it is tried again."""
    for _ in range(job.ATTEMPTS):
        if ask.state == life.QUEUED:
            later(ask)
    return ask


def test_the_page_queues_an_ask_without_a_broker_and_the_sweeper_wakes_it(
    oven: Cell, operator: User, client: Client, away: Callable[[], None]
) -> None:
    client.force_login(operator)
    with committed():
        answer = client.post("/cells/oven/ask", {"mode": "update_north_star"})
    ask = Ask.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/asks/{ask.pk}/")
    assert (ask.state, ask.attempts) == (life.QUEUED, 0)
    assert client.get(f"/asks/{ask.pk}/").status_code == 200
    assert later(ask).state == life.QUEUED, "the sweeper survives the broker's absence too"
    away()
    assert later(ask).state == life.PLAN_ONLY
    verbs = AuditEvent.objects.filter(subject_type="ask").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["ask", "ask_take", "ask_plan"]


def test_a_service_that_hangs_costs_each_attempt_its_time_and_then_ends_with_a_sentence(
    oven: Cell, service: HTTPServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VPM_ASK_TIMEOUT = 1
    monkeypatch.setattr(job, "ATTEMPTS", 2)
    service.expect_request(OUT).respond_with_handler(lambda _: Response(time.sleep(3) or "too late"))
    began = time.monotonic()
    ask = asked(oven)
    assert (ask.state, ask.step) == (life.QUEUED, "away")
    ask = given_up(ask)
    assert time.monotonic() - began < 6
    assert (ask.state, ask.attempts, ask.patch) == (life.FAILED, 2, None)
    assert ask.error["params"] == {"seconds": 1}


def test_ten_megabytes_are_not_read(oven: Cell, service: HTTPServer) -> None:
    def endless(_: Request) -> Response:
        return Response((b"x" * 100_000 for _ in range(100)), content_type="application/json")

    service.expect_request(OUT).respond_with_handler(endless)
    ask = asked(oven)
    assert (ask.state, ask.attempts, ask.reply) == (life.FAILED, 1, "")
    assert ask.error["params"] == {"limit": MOST_BYTES}


GARBAGE: list[tuple[str, bytes]] = [
    ("bytes", bytes(range(256)) * 40),
    ("a stream of broken events", b'event: response.delta\ndata: {"a":\n\n' * 200),
    ("half an answer", b'{"output": [{"type": "message", "content": [{"type'),
    ("a page", b"<!doctype html><title>502</title>"),
    ("deep", b"[" * 50_000),
]


@pytest.mark.parametrize("body", [case[1] for case in GARBAGE], ids=[case[0] for case in GARBAGE])
def test_garbage_ends_failed_after_some_tries_with_all_that_came(
    body: bytes, oven: Cell, service: HTTPServer
) -> None:
    service.expect_request(OUT).respond_with_data(body, content_type="text/event-stream")
    ask = given_up(asked(oven))
    assert (ask.state, ask.attempts, ask.patch) == (life.FAILED, job.ATTEMPTS, None)
    assert ask.error["text"].startswith("The model service sent something that is no answer")
    assert ask.reply[:200] == body.decode("utf-8", "replace").replace("\0", "�")[:200]
    assert len(ask.reply) == len(body.decode("utf-8", "replace"))


def test_a_refusal_ends_failed_with_its_words_and_is_not_asked_again(oven: Cell, service: HTTPServer) -> None:
    content = [{"type": "refusal", "refusal": "I cannot help with ovens."}]
    said = {"id": "r", "object": "response", "output": [{"type": "message", "content": content}]}
    service.expect_request(OUT).respond_with_json(said)
    ask = asked(oven)
    assert (ask.state, ask.attempts, ask.reply) == (life.FAILED, 1, "I cannot help with ovens.")
    assert "refused" in ask.error["text"]


def test_an_answer_in_the_right_envelope_that_says_nothing_is_kept_whole(
    oven: Cell, service: HTTPServer
) -> None:
    content = [{"type": "output_text", "text": "I would rather talk about the weather. " * 50}]
    said = {"id": "r", "object": "response", "output": [{"type": "message", "content": content}]}
    service.expect_request(OUT).respond_with_json(said)
    ask = asked(oven)
    assert (ask.state, ask.reply) == (life.FAILED, content[0]["text"])
    assert ask.error["text"]


def test_the_key_is_nowhere_in_the_record_although_the_service_sends_it_back(
    oven: Cell, service: HTTPServer
) -> None:
    def echo(request: Request) -> Response:
        return Response(json.dumps({"error": {"message": request.headers["authorization"]}}), status=400)

    service.expect_request(OUT).respond_with_handler(echo)
    ask = asked(oven)
    assert ask.state == life.FAILED
    assert KEY not in json.dumps([ask.error, ask.reply, ask.context])
    assert not Patch.objects.filter(kind="update_north_star").exists()
