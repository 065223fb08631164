"""The small protocol between an ask and whoever answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from pydantic import BaseModel

from cells.asks.modes.base import Mode
from cells.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Question:
    """`context` is CONTEXT_JSON, exactly as it is shown to people; `prompt` the mode's text around it."""

    mode: Mode
    prompt: str
    context: dict[str, Any]
    model: str = ""

    @property
    def schema(self) -> type[BaseModel]:
        return self.mode.reply


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whole. `cost` is in the currency of the configured prices, None when no price is known."""

    text: str
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal | None = None


class ProviderFailed(Exception):
    """No usable reply. `again` says whether asking again later may help; `text` is what came, if anything did."""

    def __init__(self, why: Sentence, *, again: bool, text: str = "") -> None:
        super().__init__(str(why))
        self.why, self.again, self.text = why, again, text


class Provider(Protocol):
    """`answer` may take minutes; it calls `alive` every few seconds, and raises only ProviderFailed."""

    name: str

    def answer(self, question: Question, alive: Callable[[], None]) -> Reply: ...
