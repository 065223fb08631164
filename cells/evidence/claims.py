"""Typed statements read from evidence: a service is ready, so many requests succeeded, seen from somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cells.evidence.assign import CellMatch

_READ = 262_144
_LINE = 400
_UNREAD_KINDS = frozenset({"template", "placeholder", "picture", "plan"})

_ENTRY = re.compile(r"(?P<indent> *)(?P<dash>- +)?(?P<key>[A-Za-z][\w./-]*):(?: +|$)(?P<value>.*)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,120}")

# Markup between a label and its number is skipped; a comparison sign makes it a target, not a measurement.
_GAP = r"""["'`*_]{0,4}[ ]?(?:[(（][^()（）]{1,24}[)）])?["'`*_ ]{0,4}[:=：][ "'`*_]{0,6}"""
_NUMBER = r"(?P<number>[0-9]{1,12}(?:\.[0-9]{1,9})?)"
_RATE = re.compile(
    rf"(?:(?<![A-Za-z_])success[_ -]?rate(?P<percent>_percent)?|成功率){_GAP}"
    rf"{_NUMBER}(?:[ ]?(?P<sign>[%％])|[ ]?/[ ]?(?P<of>[0-9]{{1,12}}))?",
    re.IGNORECASE,
)
_REQUESTS = re.compile(
    rf"(?:(?<![A-Za-z_])(?:total[_ ])?requests(?:_total)?|リクエスト数){_GAP}{_NUMBER}", re.I
)
_ERRORS = re.compile(rf"(?:(?<![A-Za-z_])errors?(?:_total|_count)?|エラー数){_GAP}{_NUMBER}", re.I)
_PLACE = r"(?P<place>\w[\w.-]{0,40})"
_VANTAGE = re.compile(
    rf"(?:(?<![A-Za-z])vantage|測定地点|計測地点)[\"'`*_ ]{{0,4}}[:=：][\"'`*_ ]{{0,4}}{_PLACE}", re.I
)
_FROM = re.compile(rf"(?:(?<!pull )requests|curl|measured|probed)\b.{{0,40}}?\bfrom (?:the )?{_PLACE}", re.I)


@dataclass(frozen=True, slots=True)
class Claim:
    """`subject` `predicate` = `value` `unit`, as seen from `vantage`; `line` is where it stands (1 = first)."""

    subject: str
    predicate: str
    value: str
    unit: str
    vantage: str
    line: int


def claims_of(path: str, text: str, kind: str, cells: Sequence[CellMatch]) -> tuple[Claim, ...]:
    """What the file claims, about its only cell or else about the service it names. Never raises."""
    if kind in _UNREAD_KINDS:
        return ()
    lines = [line[:_LINE] for line in text[:_READ].splitlines()]
    # A cell that is only mentioned in the text owns the numbers of a metric report, nothing else.
    only = cells[0] if len(cells) == 1 else None
    named = only.key if only and only.why != "text" else ""
    measured = only.key if only and (named or kind == "metric") else ""
    return (*_readiness(lines, named), *_rates(lines, measured))


def _readiness(lines: list[str], cell: str) -> tuple[Claim, ...]:
    found = list(_services(lines))
    one = len({name for name, _, _ in found}) == 1
    subject = cell if one else ""
    return tuple(
        Claim(subject or name, "ready", status, "", "control plane", line) for name, status, line in found
    )


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


def _services(lines: list[str]) -> Iterator[tuple[str, str, int]]:
    """(name, "True" | "False" | "Unknown", line) of each Ready condition of a Knative service written as YAML."""
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
        elif service is not None and (ready := _read_entry(service, entry, column, value, number)):
            yield ready


def _read_entry(
    service: _Service, entry: re.Match[str], column: int, value: str, number: int
) -> tuple[str, str, int] | None:
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
) -> tuple[str, str, int] | None:
    if entry["dash"]:
        service.type = service.status = ""
    elif column <= service.conditions:
        service.conditions = -1
        return None
    if entry["key"] == "type":
        service.type, service.line = value, number
    elif entry["key"] == "status" and value in {"True", "False", "Unknown"}:
        service.status = value
    if service.type != "Ready" or not service.status or not service.is_service or not service.name:
        return None
    ready = (service.name, service.status, service.line)
    service.type = ""
    return ready


def _rates(lines: list[str], subject: str) -> tuple[Claim, ...]:
    """The first success rate of a report with its requests and errors; without a subject there is no claim."""
    rate = next(_numbers(_RATE, lines), None) if subject else None
    if rate is None:
        return ()
    percent = _percent(rate[0])
    if percent is None:
        return ()
    vantage = _vantage(lines)
    found = [Claim(subject, "success_rate", percent, "%", vantage, rate[1])]
    for predicate, pattern in (("requests", _REQUESTS), ("errors", _ERRORS)):
        if counted := next(_numbers(pattern, lines), None):
            found.append(Claim(subject, predicate, counted[0]["number"], "", vantage, counted[1]))
    return tuple(found)


def _numbers(pattern: re.Pattern[str], lines: list[str]) -> Iterator[tuple[re.Match[str], int]]:
    for number, line in enumerate(lines, start=1):
        if match := pattern.search(line):
            yield match, number


def _percent(rate: re.Match[str]) -> str | None:
    """The rate in percent: `99.5 %`, `29/30` and `0.995` all mean a part of a hundred."""
    value = float(rate["number"])
    if rate["of"]:
        value = 100 * value / int(rate["of"]) if int(rate["of"]) else -1
    elif not rate["sign"] and not rate["percent"] and value <= 1:
        value *= 100
    return f"{round(value, 4):g}" if 0 <= value <= 100 else None


def _vantage(lines: list[str]) -> str:
    for pattern in (_VANTAGE, _FROM):
        if match := next(_numbers(pattern, lines), None):
            return match[0]["place"]
    return "outside"
