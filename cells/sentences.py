"""Sentences for people, kept as text and parameters so that every door can translate them.

Pure modules return a `Sentence`; rows store its `as_json()`; templates and the API render it in
the reader's language. The text is a gettext msgid with named `%(name)s` parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Sentence:
    """One complete sentence: `text` (msgid, English) and its named parameters."""

    text: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text

    def as_json(self) -> dict[str, Any]:
        """`{"text": msgid, "params": {...}}`, what a JSONField stores; a sentence within a sentence the same way."""
        plain = {
            name: value.as_json() if isinstance(value, Sentence) else value
            for name, value in self.params.items()
        }
        return {"text": self.text, "params": plain}


def sentence(text: str, **params: Any) -> Sentence:
    """Mark `text` as a translatable sentence (the translation test looks for this name)."""
    return Sentence(text, params)
