"""What the double tells, signed, and in which order."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.github.asking import a_pull, ask
from tests.github.double import Double
from tests.github.repository import Repository


class Heard(BaseHTTPRequestHandler):
    """Keeps what it is sent."""

    got: list[tuple[dict[str, str], bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((dict(self.headers), body))
        self.send_response(202)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def listener() -> Iterator[str]:
    Heard.got = []
    server = HTTPServer(("127.0.0.1", 0), Heard)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hooks/github"
    server.shutdown()
    server.server_close()


def test_hooks_are_signed_and_sent_in_order(github: Double, bread: Repository, listener: str) -> None:
    bread.hook(listener, "s3cret")
    number = a_pull(bread)
    bread.label(number, "fresh")
    bread.check(bread.tip("loaf"), "ci", "success")
    bread.status(bread.tip("loaf"), "lint", "success")
    bread.edit_comment(bread.comment(number, "/ask"), "/ask again")
    bread.review(number)
    bread.close(number)
    bread.reopen(number)
    bread.merge(number)
    github.settle()
    heard = [(headers["X-GitHub-Event"], json.loads(body).get("action")) for headers, body in Heard.got]
    assert heard == [
        ("push", None),
        ("pull_request", "opened"),
        ("pull_request", "labeled"),
        ("check_run", "completed"),
        ("check_suite", "completed"),
        ("status", None),
        ("issue_comment", "created"),
        ("issue_comment", "edited"),
        ("pull_request_review", "submitted"),
        ("pull_request", "closed"),
        ("pull_request", "reopened"),
        ("pull_request", "closed"),
        ("push", None),
    ]
    assert len({headers["X-GitHub-Delivery"] for headers, _ in Heard.got}) == len(heard)
    assert all(delivery.answer == 202 for delivery in github.deliveries)
    for headers, body in Heard.got:
        expected = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == f"sha256={expected}"


def test_a_hook_without_an_address_waits_for_the_test(github: Double, bread: Repository) -> None:
    bread.hook(None, "secret", ["issue_comment"])
    bread.comment(a_pull(bread), "/ask")
    assert [one.event for one in github.deliver(lambda headers, body: 204)] == ["issue_comment"]
    assert github.deliver(lambda headers, body: 204) == []


def test_what_is_taken_back_is_told_too(github: Double, bread: Repository) -> None:
    number, said = a_pull(bread), bread.comment(1, "/ask")
    bread.label(number, "fresh")
    bread.hook(None, "secret")
    bread.label(number)
    bread.check(bread.tip("loaf"), "ci")
    ask(github, f"/repos/acme/bread/issues/comments/{said}", "DELETE")
    bread.delete_branch("loaf")
    told = [(one.event, one.action) for one in github.deliveries]
    assert told == [
        ("pull_request", "unlabeled"),
        ("check_run", "created"),
        ("issue_comment", "deleted"),
        ("push", None),
        ("pull_request", "closed"),
    ]
    assert github.deliveries[3].payload["deleted"] is True
