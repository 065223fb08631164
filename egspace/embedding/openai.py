"""Any OpenAI-compatible endpoint: texts go out in small batches, and every answer is checked before it counts."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import openai
from django.conf import settings

from cells.asks.providers.openai import Service, a_pause, client, in_time
from cells.asks.providers.troubles import Trouble, safe, slow, trouble
from cells.sentences import sentence
from egspace.embedding.base import EmbedderAway, EmbedderBroken, Matrix, checked, miscounted, unit

_TOKENS = 8_000  # of one text; what comes after them is not looked at
_SHORTEST = 200  # characters: a text that is refused for its length is halved down to these
_LONGEST_NAME = 150
_TOO_LONG = re.compile(r"context|token|length|too (long|large)|maximum", re.IGNORECASE)


class OpenAI:
    """The model that VPM_EMBED_MODEL, VPM_EMBED_BASE_URL and VPM_OPENAI_API_KEY name."""

    batch = 16  # their answers stay below what is read of a body, also with 4,096 numbers each

    def __init__(self, service: Service) -> None:
        self.model = _named(service)
        self.dims: int | None = None
        self._service = service

    @classmethod
    def of_settings(cls) -> OpenAI:
        """Raises EmbedderBroken when there is no key."""
        if not settings.VPM_OPENAI_API_KEY:
            raise EmbedderBroken(
                sentence(
                    "No key for the embedding model is set; set VPM_OPENAI_API_KEY (any word, if the service needs none), or VPM_EMBEDDER=ngrams."
                )
            )
        # A call has to end before the job that waits for it counts as dead.
        seconds = min(settings.VPM_ASK_TIMEOUT, 0.75 * settings.VPM_LEASE)
        return cls(
            Service(
                settings.VPM_OPENAI_API_KEY,
                settings.VPM_EMBED_BASE_URL or None,
                settings.VPM_EMBED_MODEL,
                float(seconds),
                settings.VPM_ASK_RETRIES,
            )
        )

    def embed(self, texts: Sequence[str]) -> Matrix:
        """One unit row per text. Its time bounds the whole of a batch, pauses and retries included."""
        asked = [at for at, text in enumerate(texts) if text.strip()]
        rows: list[list[Any]] = []
        for start in range(0, len(asked), self.batch):
            deadline = time.monotonic() + self._service.timeout
            rows += self._vectors([_cut(texts[at]) for at in asked[start : start + self.batch]], deadline)
        found = self._checked(rows)
        placed = np.zeros((len(texts), self.dims or 0), np.float32)
        placed[asked] = found
        return placed

    def _vectors(self, texts: list[str], deadline: float) -> list[list[Any]]:
        """What the service answers, in order. A text too long for it is halved alone: no text changes another's vector."""
        got = self._answer(texts, deadline)
        if not isinstance(got, Trouble):
            return self._in_order(got, len(texts))
        if got.status in (400, 413, 422) and _TOO_LONG.search(got.text):
            if len(texts) > 1:
                return [row for text in texts for row in self._vectors([text], deadline)]
            if len(texts[0]) > _SHORTEST:
                return self._vectors([texts[0][: len(texts[0]) // 2]], deadline)
        why = sentence(
            "The embedding model %(model)s gave no vectors (VPM_EMBED_MODEL and VPM_EMBED_BASE_URL name it). %(why)s",
            model=self._service.model, why=got.why,
        )  # fmt: skip
        raise EmbedderAway(why, got.pause) if got.again else EmbedderBroken(why)

    def _answer(self, texts: list[str], deadline: float) -> bytes | Trouble:
        tried = 0
        while True:
            got = self._asked(texts, deadline)
            if not isinstance(got, Trouble) or not got.again or tried >= self._service.retries:
                return got
            pause = got.pause if got.pause is not None else a_pause(tried)
            if time.monotonic() + pause >= deadline:
                return got
            tried += 1
            time.sleep(pause)

    def _asked(self, texts: list[str], deadline: float) -> bytes | Trouble:
        asking = client(self._service, deadline)
        try:
            got = in_time(lambda: _call(asking, self._service, texts), deadline, lambda: None)
            return slow(self._service.timeout) if got is None else got
        finally:
            asking.close()

    def _in_order(self, body: bytes, asked: int) -> list[list[Any]]:
        try:
            data = sorted(json.loads(body)["data"], key=lambda item: int(item["index"]))
            rows = [item["embedding"] for item in data]
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise self._no_vector() from error
        if [item["index"] for item in data] != list(range(asked)):
            raise miscounted(self.model, len({item["index"] for item in data}), asked)
        return rows

    def _checked(self, rows: list[list[Any]]) -> Matrix:
        """Unit rows of one length, the same as in every call before."""
        try:
            lengths = {len(row) for row in rows}
            found = np.array(rows, np.float64) if len(lengths) == 1 else np.zeros((len(rows), 0))
        except (ValueError, TypeError, OverflowError) as error:
            raise self._no_vector() from error
        lengths |= {self.dims} if self.dims else set()
        if len(lengths) > 1 or 0 in lengths:
            raise EmbedderBroken(
                sentence(
                    "%(model)s gave vectors of different lengths (%(lengths)s); a map needs one.",
                    model=self.model, lengths=", ".join(map(str, sorted(lengths))),
                )
            )  # fmt: skip
        self.dims = lengths.pop() if lengths else self.dims
        return checked(unit(checked(found, len(rows), self.model)), len(rows), self.model)

    def _no_vector(self) -> EmbedderBroken:
        return EmbedderBroken(
            sentence(
                "%(model)s sent something that is no vector; check VPM_EMBED_BASE_URL.", model=self.model
            )
        )


def _call(asking: openai.OpenAI, service: Service, texts: list[str]) -> bytes | Trouble:
    embeddings: Any = asking.embeddings.with_raw_response
    try:
        got = embeddings.create(model=service.model, input=texts, encoding_format="float")
        return bytes(got.http_response.content)
    except (
        Exception
    ) as error:  # whatever a service makes the client do is this call's failure, never the worker's
        return safe(trouble(error, service.model, service.timeout), service.key)


def _named(service: Service) -> str:
    """Model and host: the same name may mean another model elsewhere."""
    host = urlsplit(service.base_url or "").netloc.rpartition("@")[2]
    name = f"openai:{service.model}" + (f"@{host}" if host else "")
    if len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{name[: _LONGEST_NAME - 13]}~{digest}"


def _cut(text: str) -> str:
    """As much of a text as a model usually takes: three ASCII letters a token, and any other sign one."""
    head = text[: 3 * _TOKENS]
    thirds = np.cumsum([1 if sign < "\x80" else 3 for sign in head])
    return head[: int(np.searchsorted(thirds, 3 * _TOKENS, side="right"))]
