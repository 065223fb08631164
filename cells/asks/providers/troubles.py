"""What can go wrong with a model service, as sentences that say what to do; the key stands in none of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import openai

from cells.asks.parsing import storable
from cells.asks.providers.wire import Heard
from cells.sentences import Sentence, sentence

MOST_BYTES = 2_000_000  # of a body that are read


@dataclass(frozen=True, slots=True)
class Trouble:
    """A call that gave no answer. `pause` is what the service asked for, in seconds."""

    why: Sentence
    again: bool = False
    text: str = ""
    status: int = 0
    pause: float | None = None


class TooMuch(Exception):
    """The service sends more than anyone wants to read, or sends it packed."""


def unusable(heard: Heard) -> Trouble | None:
    """Why an answer counts for nothing. One that was cut for its length is read: the reader sees that it breaks off."""
    if heard.refusal:
        return Trouble(
            sentence("The model refused to answer; change the notes of the ask, or choose another model."),
            text=heard.text + heard.refusal,
        )
    if heard.cut == "filter":
        return Trouble(
            sentence("The model service's content filter stopped the answer; change what is asked."),
            text=heard.text,
        )
    if heard.text.strip():
        return None
    if heard.cut:
        return Trouble(
            sentence(
                "The model used up its output before it answered; choose another model, or a shorter context."
            )
        )
    return Trouble(sentence("The model service sent an empty answer; ask again later."), again=True)


def trouble(error: Exception, model: str, seconds: float) -> Trouble:
    """An exception of the client as what it means for this question to `model`, asked with `seconds` to spare."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, TooMuch):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        return Trouble(
            sentence(
                "The model service sent more than %(limit)s bytes, or sent them packed; nothing of it was read.",
                limit=MOST_BYTES,
            )
        )
    if isinstance(error, openai.APITimeoutError):
        return slow(seconds)
    if isinstance(error, openai.APIStatusError):
        return _refused(error, model)
    return Trouble(
        sentence(
            "The model service cannot be reached; check VPM_OPENAI_BASE_URL and the network, or ask again later."
        ),
        again=True,
    )


def slow(seconds: float) -> Trouble:
    """The service did not answer in time."""
    return Trouble(
        sentence(
            "The model service did not answer within %(seconds)s seconds; ask again later, or raise VPM_ASK_TIMEOUT.",
            seconds=round(seconds),
        ),
        again=True,
    )


def _refused(error: openai.APIStatusError, model: str) -> Trouble:
    status, text = error.status_code, error.response.text
    if status in (401, 403):
        why = sentence(
            "The model service refused the key (%(status)s); check VPM_OPENAI_API_KEY.", status=status
        )
    elif status == 404:
        why = sentence(
            "The model service knows no model %(model)s, or the address is wrong; check VPM_MODEL and VPM_OPENAI_BASE_URL.",
            model=model,
        )
    elif status == 429:
        why = sentence(
            "The model service takes no more questions now (429); ask again later, or check its quota."
        )
    elif status >= 500:
        why = sentence("The model service is in trouble (%(status)s); ask again later.", status=status)
    else:
        why = sentence(
            "The model service refused the question (%(status)s); check VPM_MODEL and VPM_OPENAI_BASE_URL. It said: %(detail)s",
            status=status,
            detail=_detail(text),
        )
    again = status in (408, 409, 429) or status >= 500
    return Trouble(why, again, text, status, _asked_pause(error.response.headers) if again else None)


def _detail(text: str) -> str:
    return " ".join(text.split())[:300]


def _asked_pause(headers: Any) -> float | None:
    """Retry-After in seconds, whether it came as a number or as a date."""
    asked = headers.get("retry-after", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return max(0.0, seconds) if seconds < float("inf") else None


def redacted(text: str, key: str) -> str:
    """A service may echo what it was sent. A key of a few letters is no secret, and would stand in any text."""
    return text.replace(key, "…") if len(key) >= 8 else text


def safe(it: Trouble, key: str) -> Trouble:
    """The same without the key, and as databases take it."""
    params = {
        name: redacted(value, key) if isinstance(value, str) else value
        for name, value in it.why.params.items()
    }
    text = storable(redacted(it.text, key))
    return replace(it, why=replace(it.why, params=params), text=text)
