"""Any OpenAI-compatible service: one question, bounded in time and bytes, and a sentence for whatever goes wrong."""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

import httpx2
import openai
from django.conf import settings

from cells.asks.providers import wire
from cells.asks.providers.base import ProviderFailed, Question, Reply
from cells.asks.providers.troubles import (
    MOST_BYTES,
    TooMuch,
    Trouble,
    redacted,
    safe,
    slow,
    trouble,
    unusable,
)
from cells.asks.providers.wire import messages
from cells.sentences import sentence

__all__ = ["OpenAI", "Service", "a_pause", "client", "in_time", "messages"]

T = TypeVar("T")

_BEAT = 1.0  # seconds between two signs of life
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class Service:
    """Where and what to ask; the key is in no repr."""

    key: str = field(repr=False)
    base_url: str | None
    model: str
    timeout: float
    retries: int


@dataclass(frozen=True, slots=True)
class _Way:
    """How the question is put: many compatible services know only chat completions, some no schema either."""

    chat: bool = False
    schema: bool = True


class _Bounded(httpx2.SyncByteStream):
    """A body that ends as an error after MOST_BYTES, or when its time is over."""

    def __init__(self, stream: Any, deadline: float) -> None:
        self.stream, self.deadline = stream, deadline

    def __iter__(self) -> Iterator[bytes]:
        left = MOST_BYTES
        for chunk in self.stream:
            left -= len(chunk)
            if left < 0:
                raise TooMuch
            if time.monotonic() > self.deadline:
                raise httpx2.ReadTimeout("the answer took too long")
            yield chunk

    def close(self) -> None:
        self.stream.close()


class OpenAI:
    """The model service that VPM_OPENAI_API_KEY, VPM_OPENAI_BASE_URL and VPM_MODEL name."""

    name = "openai"

    def answer(self, question: Question, alive: Callable[[], None]) -> Reply:
        """One answer. VPM_ASK_TIMEOUT bounds all of it, pauses and retries included."""
        service = _service(question)
        deadline = time.monotonic() + service.timeout
        way, tried = _Way(), 0
        while True:
            got = _waited(service, question, way, deadline, alive)
            if isinstance(got, wire.Heard):
                return _reply(got, service)
            if other := _other_way(got, way):
                way = other
                continue
            pause = got.pause if got.pause is not None else a_pause(tried)
            if not got.again or tried >= service.retries or time.monotonic() + pause >= deadline:
                raise ProviderFailed(got.why, again=got.again, text=got.text)
            tried += 1
            _rest(pause, alive)


def _service(question: Question) -> Service:
    key = getattr(settings, "VPM_OPENAI_API_KEY", "") or os.environ.get("OPENAI_API_KEY", "")
    model = question.model or getattr(settings, "VPM_MODEL", "")
    if not key:
        why = sentence(
            "No key for the model service is set; set VPM_OPENAI_API_KEY (any word, if the service needs none), or ask with the rules provider."
        )
        raise ProviderFailed(why, again=False)
    if not model:
        raise ProviderFailed(sentence("No model is chosen; set VPM_MODEL to the name of one."), again=False)
    return Service(
        key,
        getattr(settings, "VPM_OPENAI_BASE_URL", "") or None,
        model,
        float(getattr(settings, "VPM_ASK_TIMEOUT", 120)),
        int(getattr(settings, "VPM_ASK_RETRIES", 3)),
    )


def _waited(
    service: Service, question: Question, way: _Way, deadline: float, alive: Callable[[], None]
) -> wire.Heard | Trouble:
    asked = client(service, deadline)
    try:
        got = in_time(lambda: _call(asked, service, question, way), deadline, alive)
        return slow(service.timeout) if got is None else got
    finally:
        asked.close()


def in_time(call: Callable[[], T], deadline: float, alive: Callable[[], None]) -> T | None:
    """What `call`, which raises nothing, returns; None when the deadline came first.

    It runs in a thread of its own, so that a server that hangs costs its time and nothing else.
    """
    heard: SimpleQueue[T] = SimpleQueue()
    Thread(target=lambda: heard.put(call()), daemon=True, name="ask a model").start()
    while True:
        alive()
        left = deadline - time.monotonic()
        try:
            return heard.get(timeout=max(0.0, min(_BEAT, left)))
        except Empty:
            if left <= 0:
                return None


def client(service: Service, deadline: float) -> openai.OpenAI:
    """A client that reads no more than MOST_BYTES, follows no redirect and gives up at the deadline."""

    def bound(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise TooMuch
        response.stream = _Bounded(response.stream, deadline)

    left = max(0.05, deadline - time.monotonic())
    return openai.OpenAI(
        api_key=service.key,
        base_url=service.base_url,
        max_retries=0,
        http_client=openai.DefaultHttpxClient(
            event_hooks={"response": [bound]},
            timeout=httpx2.Timeout(left, connect=min(left, 10.0)),
            headers={"accept-encoding": "identity"},
            follow_redirects=False,
        ),
    )


def _call(client: openai.OpenAI, service: Service, question: Question, way: _Way) -> wire.Heard | Trouble:
    try:
        body = _sent(client, service, question, way)
    except (
        Exception
    ) as error:  # whatever a service makes the client do is this ask's failure, never the worker's
        return safe(trouble(error, service.model, service.timeout), service.key)
    heard = wire.hear(body)
    if heard is None:
        why = sentence(
            "The model service sent something that is no answer; check VPM_OPENAI_BASE_URL, or ask again later."
        )
        return safe(Trouble(why, again=True, text=body.decode("utf-8", "replace")), service.key)
    if useless := unusable(heard):
        return safe(useless, service.key)
    return replace(heard, text=redacted(heard.text, service.key))


def _sent(client: openai.OpenAI, service: Service, question: Question, way: _Way) -> bytes:
    asked: dict[str, Any] = {"model": service.model}
    wanted = wire.answer_format(question.mode.key, question.schema)
    if way.chat:
        if way.schema:
            asked["response_format"] = {"type": "json_schema", "json_schema": wanted}
        chat: Any = client.chat.completions.with_raw_response
        return bytes(chat.create(messages=messages(question), **asked).http_response.content)
    if way.schema:
        asked["text"] = {"format": {"type": "json_schema", **wanted}}
    responses: Any = client.responses.with_raw_response
    return bytes(responses.create(input=messages(question), **asked).http_response.content)


def _other_way(got: Trouble, way: _Way) -> _Way | None:
    if got.status in (404, 405) and not way.chat and "model_not_found" not in got.text:
        return replace(way, chat=True)
    about_schema = re.search(r"schema|response_format|text\.format|strict", got.text) is not None
    return replace(way, schema=False) if got.status in (400, 422) and way.schema and about_schema else None


def a_pause(tried: int) -> float:
    """Twice as long each time, and never the same for two workers."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**tried) * random.uniform(0.5, 1.0)  # noqa: S311  # no secret


def _rest(seconds: float, alive: Callable[[], None]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        alive()
        time.sleep(min(_BEAT, left))


def _reply(heard: wire.Heard, service: Service) -> Reply:
    model = heard.model or service.model
    prices = getattr(settings, "VPM_PRICES", None) or {}
    price = prices.get(model) or prices.get(service.model)
    cost = None
    if price:
        a_token_in, a_token_out = (Decimal(str(each)) / 1_000_000 for each in price)
        cost = heard.tokens_in * a_token_in + heard.tokens_out * a_token_out
    return Reply(heard.text, model, heard.tokens_in, heard.tokens_out, cost)
