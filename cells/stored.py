"""What every database takes: PostgreSQL's text holds no NUL, its JSON no half character, and no JSON holds NaN."""

from __future__ import annotations

import math
import re
from typing import Any

DEPTH = 200  # levels of nesting; what lies deeper is not kept

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text as every database takes it: NUL and half of a surrogate pair become U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def as_stored(value: Any, depth: int = DEPTH) -> Any:
    """A JSON value as every database takes it: texts and keys storable, NaN and the infinities as text.

    Levels below `depth` become "…". Other types than JSON's are passed through. Never raises.
    """
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict | list | tuple) and not depth:
        return "…"
    if isinstance(value, dict):
        return {storable(str(key)): as_stored(item, depth - 1) for key, item in value.items()}
    return [as_stored(item, depth - 1) for item in value] if isinstance(value, list | tuple) else value
