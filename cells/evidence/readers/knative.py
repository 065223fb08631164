"""What the control plane says of a Knative service: Ready and its other conditions, from YAML of any document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cells.evidence.readers.base import CONTROL_PLANE, Claim, Document

_ENTRY = re.compile(r"(?P<indent> *)(?P<dash>- +)?(?P<key>[A-Za-z][\w./-]*):(?: +|$)(?P<value>.*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,120}")
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,50}")
_STATUSES = frozenset({"True", "False", "Unknown"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a service: `status` is "True", "False" or "Unknown"; `line` is where its type stands."""

    service: str
    type: str
    status: str
    line: int


def read(document: Document) -> Iterator[Claim]:
    """`ready` for the Ready condition, else the condition's own name; about the document's cell or the service."""
    if "serving.knative.dev/" not in document.text:
        return
    found = list(_conditions(document.lines))
    subject = document.named if len({condition.service for condition in found}) == 1 else ""
    for seen in found:
        predicate = "ready" if seen.type == "Ready" else seen.type
        yield Claim(subject or seen.service, predicate, seen.status, "", CONTROL_PLANE, seen.line)


@dataclass(slots=True)
class _Service:
    """A Knative service being read: the column its keys stand in, and what was seen of it so far."""

    column: int
    is_service: bool = False
    in_metadata: bool = False
    name: str = ""
    conditions: int = -1
    type: str = ""
    status: str = ""
    line: int = 0


def _conditions(lines: list[str]) -> Iterator[Condition]:
    service: _Service | None = None
    for number, line in enumerate(lines, start=1):
        entry = _ENTRY.match(line)
        if entry is None:
            # A list item without a key or a folded text is inside; a fence or a new document ends the service.
            service = None if line.startswith(("```", "---")) else service
            continue
        column = len(entry["indent"]) + len(entry["dash"] or "")
        value = entry["value"].strip().strip("\"'")
        if entry["key"] == "apiVersion" and value.startswith("serving.knative.dev/"):
            service = _Service(column)
        elif service is not None and column < service.column:
            service = None
        elif service is not None and (seen := _read_entry(service, entry, column, value, number)):
            yield seen


def _read_entry(
    service: _Service, entry: re.Match[str], column: int, value: str, number: int
) -> Condition | None:
    key = entry["key"]
    if column == service.column:
        service.is_service = service.is_service or (key == "kind" and value == "Service")
        service.in_metadata = key == "metadata"
    elif service.in_metadata and key == "name" and not service.name and _NAME.fullmatch(value):
        service.name = value
    if service.conditions >= 0:
        return _read_condition(service, entry, column, value, number)
    if key == "conditions":
        service.conditions = column
    return None


def _read_condition(
    service: _Service, entry: re.Match[str], column: int, value: str, number: int
) -> Condition | None:
    if entry["dash"]:
        service.type = service.status = ""
    elif column <= service.conditions:
        service.conditions = -1
        return None
    if entry["key"] == "type" and _TYPE.fullmatch(value):
        service.type, service.line = value, number
    elif entry["key"] == "status" and value in _STATUSES:
        service.status = value
    if not service.type or not service.status or not service.is_service or not service.name:
        return None
    seen = Condition(service.name, service.type, service.status, service.line)
    service.type = service.status = ""
    return seen
