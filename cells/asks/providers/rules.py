"""The built-in provider: no network, no model, the same answer every time. It proposes only what the evidence says."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

from cells.asks.modes.base import ModeRefused
from cells.asks.providers.base import ProviderFailed, Question, Reply
from cells.sentences import sentence


class Rules:
    """Answers with what the mode reads literally from the context."""

    name = "rules"

    def answer(self, question: Question, alive: Callable[[], None]) -> Reply:
        alive()
        try:
            said = json.dumps(question.mode.literally(question.context), ensure_ascii=False, indent=1)
        except ModeRefused:
            raise
        except Exception as error:  # a context nobody thought of ends this ask, not the worker
            why = f"{type(error).__name__}: {error}"
            raise ProviderFailed(
                sentence("The rules cannot answer from this context: %(why)s", why=why), again=False
            ) from error
        return Reply(said, model=self.name, cost=Decimal(0))
