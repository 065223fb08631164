"""Decisions as people write them down: `decision:` and 決定 lines, decision logs, and status files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from cells.evidence.readers.base import Claim, Document, outcome

_TEXTS = frozenset({"md", "markdown", "txt", "yml", "yaml"})
_MOST, _MOST_UNDER_HEADING = 10, 3
_MARK = r"[*_`]{0,3}"
_LINE = re.compile(
    rf"(?:[-*+>] ?|#{{1,6}} )?{_MARK}(?P<key>decision|決定|risk_level|リスク|status|ステータス|状態){_MARK} ?[:：=]"
    r"[ *_`\"']{0,6}(?P<value>[^\s*_`\"'{].{0,300})",
    re.IGNORECASE,
)
_ENTRY = re.compile(rf"[-*+] {_MARK}(?P<id>D-[0-9A-Za-z-]{{1,30}}){_MARK} ?[:：] ?(?P<value>\S.{{0,300}})")
_HEADING = re.compile(r"#{1,6} +(?P<title>.{1,80})")
_DECIDED = re.compile(
    r"(?:[0-9.]{1,6} ?)?(?:決定(?:事項)?|decisions?|decided)(?: ?[(（].{0,40})?\s{0,4}", re.I
)
_BULLET = re.compile(r"(?:[-*+]|[0-9]{1,2}[.)]) +(?P<value>\S.{0,300})")
_PREDICATES = {
    "decision": "decision", "決定": "decision", "risk_level": "risk_level", "リスク": "risk_level",
    "status": "status", "ステータス": "status", "状態": "status",
}  # fmt: skip
# A service's condition is the control plane's word, and read as such.
_CONDITION = frozenset({"True", "False", "Unknown"})


def read(document: Document) -> Iterator[Claim]:
    """At most ten decisions, risk levels and (of status files and runs: one) statuses, as written."""
    if document.suffix in _TEXTS and document.kind not in {"log", "weekly", "snapshot"}:
        yield from islice(_read(document), _MOST)


def _read(document: Document) -> Iterator[Claim]:
    subject = document.subject
    status_left = 1 if document.kind in {"status", "run", "decision"} or "/status/" in document.path else 0
    under, fenced = 0, False
    for number, line in enumerate(document.lines, start=1):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if fenced:
            continue
        if heading := _HEADING.match(line):
            under = _MOST_UNDER_HEADING if _DECIDED.fullmatch(heading["title"]) else 0
        if entry := _ENTRY.match(line):
            yield Claim(subject, f"decision {entry['id']}", entry["value"], "", "", number)
        elif match := _LINE.match(line):
            predicate, value = _PREDICATES[match["key"].lower()], match["value"].strip("*_`\"' ")
            if predicate == "status":
                status_left -= 1
                value = outcome(value) if document.kind == "run" else value
            if predicate != "status" or (status_left >= 0 and value not in _CONDITION):
                yield Claim(subject, predicate, value, "", "", number)
        elif under and (bullet := _BULLET.match(line)):
            under -= 1
            yield Claim(subject, "decision", bullet["value"].replace("**", ""), "", "", number)
