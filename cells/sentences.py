"""Sentences for people, kept as text and parameters so that every door can translate them.

Pure modules return a `Sentence`; rows store its `as_json()`; templates and the API render it in
the reader's language. The text is a gettext msgid with named `%(name)s` parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cells.stored import as_stored

LONGEST = 2_000  # characters of one stored parameter


@dataclass(frozen=True, slots=True)
class Sentence:
    """One complete sentence: `text` (msgid, English) and its named parameters."""

    text: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text

    def as_json(self) -> dict[str, Any]:
        """`{"text": msgid, "params": {...}}`, what a JSONField stores; a sentence within a sentence the same way.

        Parameters may hold what somebody wrote: they are cleaned and cut to what is read.
        """
        return {
            "text": as_stored(self.text),
            "params": {name: _stored(value) for name, value in self.params.items()},
        }


def _stored(value: Any) -> Any:
    if isinstance(value, Sentence):
        return value.as_json()
    if isinstance(value, str) and len(value) > LONGEST:
        value = f"{value[: LONGEST - 1]}…"
    return as_stored(value)


def sentence(text: str, **params: Any) -> Sentence:
    """Mark `text` as a translatable sentence (the translation test looks for this name)."""
    return Sentence(text, params)
