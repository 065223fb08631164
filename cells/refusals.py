"""Refusals: every "no" is a sentence, the same one as exception, tooltip, 409 and API error."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from cells.sentences import Sentence


class Refused(Exception):
    """The verb does not do it; nothing was changed. `status` is the HTTP status of the refusal."""

    status = 409

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


class Forbidden(Refused):
    """The person may not do this at all."""

    status = 403


def say(stored: Sentence | dict[str, Any] | None) -> str:
    """A sentence, or its stored form, in the reader's language."""
    if stored is None:
        return ""
    text, params = (
        (stored.text, stored.params) if isinstance(stored, Sentence) else (stored["text"], stored["params"])
    )
    if not params:
        return gettext(text)
    return gettext(text) % {
        name: say(value) if isinstance(value, Sentence | dict) else value for name, value in params.items()
    }
