"""Answers to /ask that were written to the repository: what was understood, and what would be accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cells.evidence.readers.base import Claim, Document

_MOST = 8
_STUB = re.compile(r"received ['\"“]?/ask['\"”]?\.?", re.IGNORECASE)


def read(document: Document) -> Iterator[Claim]:
    """`understanding` and `acceptance`, about the ask; an answer that only says it was received is a `stub`."""
    answer = document.object if document.kind == "ask" else None
    if not isinstance(answer, dict):
        return
    understood = _understood(answer.get("understanding"))
    line = document.line_of("understanding")
    if _STUB.fullmatch(understood.strip()[:40]):
        yield Claim(document.stem, "stub", understood, "", "", line)
        return
    if understood.strip():
        yield Claim(document.stem, "understanding", understood, "", "", line)
    accepted = answer.get("acceptance")
    place = document.line_of("acceptance")
    for said in accepted[:_MOST] if isinstance(accepted, list) else [accepted]:
        if isinstance(said, str) and said.strip():
            yield Claim(document.stem, "acceptance", said, "", "", place)


def _understood(said: Any) -> str:
    """A normalised answer keeps everything under C; others are a plain sentence."""
    if isinstance(said, dict):
        said = next((said[key] for key in ("C", "G", "delta") if said.get(key)), "")
    return said if isinstance(said, str) else ""
