"""Webhooks, signed and sent in order by one thread; or only kept, for a test that delivers them itself."""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.github.state import Hook


@dataclass
class Delivery:
    """One event as it goes over the wire; `answer` is the status it was answered with."""

    event: str
    action: str | None
    id: str
    headers: dict[str, str]
    body: bytes
    answer: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)


def signed(hook: Hook, event: str, payload: Mapping[str, Any]) -> Delivery:
    body = json.dumps(payload).encode()
    key, delivery_id = hook.secret.encode(), str(uuid.uuid4())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery_id,
        "X-GitHub-Hook-ID": str(hook.id),
        "X-Hub-Signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }
    return Delivery(event, payload.get("action"), delivery_id, headers, body, payload=payload)


class Sender:
    """Sends what has an address; everything stands in `deliveries`, oldest first."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self._waiting: queue.Queue[tuple[str, Delivery] | None] = queue.Queue()
        self._kept: list[Delivery] = []
        self._thread: threading.Thread | None = None

    def send(self, hook: Hook, event: str, payload: Mapping[str, Any]) -> None:
        delivery = signed(hook, event, payload)
        self.deliveries.append(delivery)
        if hook.url is None:
            self._kept.append(delivery)
        else:
            self.again(hook.url, delivery)

    def again(self, url: str, delivery: Delivery) -> None:
        """The same delivery id once more is what *Redeliver* does."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        self._waiting.put((url, delivery))

    def hand_over(self, deliver: Callable[[Mapping[str, str], bytes], int]) -> list[Delivery]:
        """Give what has no address to the test, in the test's own thread."""
        given, self._kept = self._kept, []
        for delivery in given:
            delivery.answer = deliver(delivery.headers, delivery.body)
        return given

    def settle(self) -> None:
        """Come back when everything with an address was sent."""
        self._waiting.join()

    def stop(self) -> None:
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            url, delivery = item
            try:
                answer = requests.post(url, data=delivery.body, headers=delivery.headers, timeout=10)
                delivery.answer = answer.status_code
            except requests.RequestException:
                delivery.answer = 0
            finally:
                self._waiting.task_done()
