"""Times as people and programs write them in names and texts: `20251109T201707Z`, `2025年11月9日`, `1757201972`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# The lookbehind stands after the first two characters so that the search can jump from "20" to "20".
_DATE = r"""
    (?P<y>20(?<![0-9]20)[0-9]{2})
    (?: (?P<ds>[-/]?) (?P<m>0[1-9]|1[0-2]) (?P=ds) (?P<d>0[1-9]|[12][0-9]|3[01])
      | 年[ ]?(?P<jm>1[0-2]|0?[1-9])月[ ]?(?P<jd>3[01]|[12][0-9]|0?[1-9])日 )
"""
# A second date after the first ("20250901_20250907") must not be taken for a time of day.
_NO_DATE = r"(?!20[0-9]{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12][0-9]|3[01]))"
_WEEKDAY = r"[ ]?(?: [(（]? [日月火水木金土] (?:曜日?)? [)）]? [ ]? )?"
_CLOCK = rf"""
    (?: [Tt_-]? (?P<H>[01][0-9]|2[0-3]) (?P<ts>[:-]?) (?P<M>[0-5][0-9]) (?: (?P=ts) (?P<S>[0-5][0-9]) )?
      | [ ]{{1,2}} (?P<H2>[01]?[0-9]|2[0-3]) : (?P<M2>[0-5][0-9]) (?: : (?P<S2>[0-5][0-9]) )?
      | {_WEEKDAY} (?P<H3>[01]?[0-9]|2[0-3])時 (?P<M3>[0-5]?[0-9])分 (?: (?P<S3>[0-5]?[0-9])秒 )? )
    (?: [.,][0-9]{{1,9}} )?
"""
_ZONE = r"""
    (?: [ ]?[(（]? (?P<z>[Zz]|UTC|GMT|JST) (?![0-9A-Za-z])
      | [ ]? (?P<o>[+-](?:0[0-9]|1[0-4]):[0-5][0-9] | \+(?:0[0-9]|1[0-4])[0-5][0-9]) (?![0-9])
      | [ ] (?P<g>-(?:0[0-9]|1[0-4])[0-5][0-9]) (?![0-9]) )
"""
_STAMP = re.compile(rf"{_DATE} (?: {_NO_DATE} {_CLOCK} (?![0-9]) (?:{_ZONE})? )? (?![0-9])", re.VERBOSE)
_EPOCH = re.compile(r"1(?<![0-9.]1)(?P<s>[0-9]{9})(?P<ms>[0-9]{3})?(?:\.[0-9]{1,9})?(?![0-9])")
_OFFSETS = {"z": timedelta(0), "utc": timedelta(0), "gmt": timedelta(0), "jst": timedelta(hours=9)}
_MOST = 500


@dataclass(frozen=True, slots=True)
class Stamp:
    """One written time: `wall` is what the characters say, `offset` the zone they say it in (None: they do not say)."""

    wall: datetime
    offset: timedelta | None
    exact: bool
    written: str
    start: int
    end: int
    epoch: bool = False

    @property
    def at(self) -> datetime:
        """The instant in UTC, reading a zone-less time as UTC."""
        return (self.wall - (self.offset or timedelta(0))).replace(tzinfo=UTC)


def stamps_in(text: str) -> list[Stamp]:
    """The valid written times in `text` (at most 500), in order; month 13 or 30 February are not times."""
    found = [*_dated(text), *_epochs(text)]
    return sorted(found, key=lambda stamp: stamp.start)


def zone_named(words: str) -> timedelta | None:
    """The offset a label such as `時刻 (UTC)` names, or None."""
    named = re.search(r"(?<![A-Za-z])(UTC|GMT|JST)(?![A-Za-z])", words)
    return _OFFSETS[named[1].lower()] if named else None


def _dated(text: str) -> Iterator[Stamp]:
    for count, match in enumerate(_STAMP.finditer(text)):
        if count == _MOST:
            return
        if wall := _wall(match):
            exact = bool(match["H"] or match["H2"] or match["H3"])
            yield Stamp(wall, _offset(match), exact, match[0], match.start(), match.end())


def _wall(match: re.Match[str]) -> datetime | None:
    try:
        day = datetime(int(match["y"]), int(match["m"] or match["jm"]), int(match["d"] or match["jd"]))
    except ValueError:
        return None
    form = next((form for form in ("", "2", "3") if match[f"H{form}"]), None)
    if form is None:
        return day
    hours, minutes, seconds = (int(match[unit + form] or 0) for unit in "HMS")
    return day + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _offset(match: re.Match[str]) -> timedelta | None:
    if match["z"]:
        return _OFFSETS[match["z"].lower()]
    written = match["o"] or match["g"]
    if not written:
        return None
    digits = written[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if written[0] == "-" else size


def _epochs(text: str) -> Iterator[Stamp]:
    for count, match in enumerate(_EPOCH.finditer(text)):
        if count == _MOST:
            return
        wall = datetime(1970, 1, 1) + timedelta(seconds=int("1" + match["s"]))
        yield Stamp(wall, timedelta(0), True, match[0], match.start(), match.end(), epoch=True)
