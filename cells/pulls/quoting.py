"""What others wrote, within a comment of ours: in code, where nothing is a mention, a link, an image or a tag."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.utils.translation import gettext

from cells.sentences import Sentence
from cells.stored import storable

SHORT = 300  # characters of one line


def code(text: str, most: int = SHORT) -> str:
    """One line as a code span, however many backticks it holds; "" for nothing."""
    line = " ".join("".join(" " if _unseen(each) else each for each in storable(text)).split())
    line = line if len(line) <= most else f"{line[: most - 1]}…"
    if not line:
        return ""
    fence = "`" * (_longest(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def fenced(text: str, kind: str) -> str:
    """A block of code that nothing within ends."""
    fence = "`" * max(3, _longest(text) + 1)
    return f"{fence}{kind}\n{text}\n{fence}"


def told(said: Sentence | dict[str, Any] | None) -> str:
    """A sentence of ours; what it names is code, since others may have chosen the name."""
    if said is None:
        return ""
    if isinstance(said, Sentence):
        said = said.as_json()
    params = {name: _param(value) for name, value in said["params"].items()}
    return gettext(said["text"]) % params if params else gettext(said["text"])


def _param(value: Any) -> Any:
    if isinstance(value, dict) and "text" in value and "params" in value:
        return told(value)
    if isinstance(value, bool | int | float):
        return value
    return code(value if isinstance(value, str) else str(value)) or "–"


def _longest(text: str) -> int:
    """The longest run of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _unseen(character: str) -> bool:
    """Controls and what turns the direction of writing."""
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")
