"""Success rate, requests and errors of a measurement report, and the place it was measured from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cells.evidence.readers.base import CONTROL_PLANE, IN_CLUSTER, OUTSIDE, Claim, Document, percent

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
_PLACE = r"(?P<place>(?:in|inside)[ -](?:the[ -])?cluster|control[ -]plane|\w[\w.-]{0,40})"
_VANTAGE = re.compile(
    rf"(?:(?<![A-Za-z])vantage(?:[_ ]point)?|測定地点|計測地点)[\"'`*_ ]{{0,4}}[:=：][\"'`*_ ]{{0,4}}{_PLACE}",
    re.I,
)
_FROM = re.compile(rf"(?:(?<!pull )requests|curl|measured|probed)\b.{{0,40}}?\bfrom (?:the )?{_PLACE}", re.I)


def read(document: Document) -> Iterator[Claim]:
    """The first success rate with its requests and errors; numbers without a cell to own them are no claim."""
    rate = next(_numbers(_RATE, document.lines), None) if document.measured else None
    part = _percent(rate[0]) if rate else None
    if rate is None or part is None:
        return
    vantage = _vantage(document.lines)
    yield Claim(document.measured, "success_rate", part, "%", vantage, rate[1])
    for predicate, pattern in (("requests", _REQUESTS), ("errors", _ERRORS)):
        if counted := next(_numbers(pattern, document.lines), None):
            yield Claim(document.measured, predicate, counted[0]["number"], "", vantage, counted[1])


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
    return percent(value)


def _vantage(lines: list[str]) -> str:
    for pattern in (_VANTAGE, _FROM):
        if match := next(_numbers(pattern, lines), None):
            return _in_our_words(match[0]["place"])
    return OUTSIDE


def _in_our_words(place: str) -> str:
    """A standard point has one spelling, so that what was asked for is found; a host stays as written."""
    words = place.lower().replace("-", " ")
    if words == CONTROL_PLANE:
        return CONTROL_PLANE
    return IN_CLUSTER if words.endswith(" cluster") else place
