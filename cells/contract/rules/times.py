"""Times in the added text that are not the times of the runs and evidence they stand beside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from cells.contract.case import Support
from cells.contract.rules import Finding
from cells.contract.seen import NotJson, Seen, Text
from cells.evidence.stamps import Stamp, stamps_in
from cells.sentences import Sentence, sentence

_HOUR = timedelta(hours=1)
_MOST_OFFSET = timedelta(hours=14)
_JOINED = re.compile(r"[A-Za-z0-9_/.-]")
_LONGEST = 4_000
_MOST_OBJECTS = 20_000


def times(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    slack = timedelta(minutes=params["minutes"])
    known = [support for support in seen.case.support if support.certain and support.observed_at]
    for text in seen.texts:
        if text.new:
            for place, line in (*_lines(text), *_objects(text)):
                yield from ((place, why) for why in _disagreements(line, known, slack))


def _lines(text: Text) -> Iterator[tuple[str, str]]:
    for number, line in text.added:
        if "20" in line:
            yield f"{text.path}:{number}", line[:_LONGEST]


def _objects(text: Text) -> Iterator[tuple[str, str]]:
    """Every JSON object that an added line belongs to, its plain values on one line: run and time stand beside each other there too."""
    if text.new_json is None or isinstance(text.new_json, NotJson):
        return
    new = {line.strip() for _, line in text.added}
    waiting = [text.new_json]
    for _ in range(_MOST_OBJECTS):
        if not waiting:
            return
        value = waiting.pop()
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        waiting += [item for item in inner if isinstance(item, dict | list)]
        if isinstance(value, dict):
            pairs = [
                f'"{key}": "{item}"' for key, item in value.items() if isinstance(item, str) and "20" in item
            ]
            if len(pairs) > 1 and any(pair in new or f"{pair}," in new for pair in pairs):
                yield text.path, ", ".join(pairs)[:_LONGEST]


def _disagreements(line: str, known: list[Support], slack: timedelta) -> Iterator[Sentence]:
    exact = [stamp for stamp in stamps_in(line) if stamp.exact and stamp.offset is not None]
    if not exact:
        return
    named = [stamp for stamp in exact if _in_a_name(stamp, line)]
    standing = [stamp for stamp in exact if not _in_a_name(stamp, line)]
    if len({stamp.at for stamp in named}) == 1:
        for stamp in standing:
            if _hours_apart(stamp.at, named[0].at, slack):
                yield _zone(stamp, named[0].written)
                return
    for support in known:
        if len(standing) == 1 and support.observed_at and _mentions(line, support.path):
            yield from _beside(standing[0], support.path, support.observed_at, slack)


def _in_a_name(stamp: Stamp, line: str) -> bool:
    """Whether the time is a part of an id or path, like apply_dev_20250102T030405Z."""
    return stamp.start > 0 and bool(_JOINED.match(line[stamp.start - 1]))


def _mentions(line: str, path: str) -> bool:
    """Whether the line names the file, or the run folder it lies in."""
    folder = path.rpartition("/")[0].rpartition("/")[2]
    return path in line or (len(folder) > 8 and any(map(str.isdigit, folder)) and folder in line)


def _beside(stamp: Stamp, path: str, at: datetime, slack: timedelta) -> Iterator[Sentence]:
    if _hours_apart(stamp.at, at, slack):
        yield _zone(stamp, path)
    elif abs(stamp.at - at) > slack:
        yield sentence(
            "It says %(written)s, but %(evidence)s was observed at %(time)s; correct the time.",
            written=stamp.written,
            evidence=path,
            time=at.strftime("%Y-%m-%d %H:%M UTC"),
        )


def _hours_apart(left: datetime, right: datetime, slack: timedelta) -> bool:
    """A whole number of hours, at least one and no more than any time zone has."""
    apart = abs(left - right)
    rest = apart % _HOUR
    return slack < apart <= _MOST_OFFSET + slack and min(rest, _HOUR - rest) <= min(slack, _HOUR / 30)


def _zone(stamp: Stamp, other: str) -> Sentence:
    return sentence(
        "%(written)s is whole hours away from %(other)s, as if a time zone was mixed up (time-zone); correct the time.",
        written=stamp.written,
        other=other,
    )
