"""When a piece of evidence was observed: from its name, a labelled time in its text, or the commit that added it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from cells.evidence.stamps import Stamp, stamps_in, zone_named

HEAD = 65_536
_JST = timedelta(hours=9)
_TOLERANCE = timedelta(minutes=2)
_UTC_LIKELY = timedelta(hours=2)
_NEAR_MISS = timedelta(minutes=30)
_GUESS_WINDOW = timedelta(days=31)
_EPOCH_WINDOW = timedelta(days=730)
_GUESS_HEAD = 2_048
_SAME_MOMENT = timedelta(minutes=10)
_STALE = timedelta(days=365)
_MARKUP = " \t\"'`*_#>|-"

_VERBS = (
    "generat|creat|updat|modifi|observ|measur|captur|collect|check|record|execut|start|complet|finish|end|report"
    "|verif(?:i)?|test|deploy|writ|prepar|perform"
)
_JA = "最終更新|実行|取得|作成|生成|更新|測定|計測|確認|観測|実施|記録|検証|開始|終了|完了|報告|集計"
_LABEL = re.compile(
    rf"""(?<![A-Za-z])(?:
        (?P<weak>ts|time|(?:start|end)[_ ]?time|lastScrape)
      | (?:last[_ ]?)?(?:{_VERBS})(?:e|ed|d|en|ten)?(?:[_ -]?(?:at|on))?(?:[_ -]?(?:time|date))?
      | (?:date)?[_ ]?time[_ ]?stamp | date(?:[_ ]?time)? | as[_ -]of(?:[_ ]date)? | (?:run|ran)[_ -]at
      | (?:{_JA})(?:日時|時刻|日付|日|時間)? | 日時 | 日付 | 時刻
    )
    (?P<zone>[ ]?[(（][^()（）]{{1,12}}[)）])?
    ["'`*_\s]{{0,6}}[:：=|@]?["'`*_|\s\[]{{0,6}}$""",
    re.VERBOSE | re.IGNORECASE,
)
# Times that belong to another thing than the observation: a deadline, a merge, the birth of a described object.
_OTHER = re.compile(
    r"(?<![a-z])due|deadline|expir|merged|until|next[_ ]|target|schedul|creationT|lastTransition|期限|締切|予定|期間",
    re.IGNORECASE,
)

_FIELD_END = re.compile(r"[,;{]")
_JOINED_BEFORE = re.compile(r"[A-Za-z0-9_/.-]")
_JOINED_AFTER = re.compile(r"[A-Za-z0-9_/]|[.-][A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Observed:
    """When it was observed (`at`, UTC), how that is known, and how sure it is.

    `source` is "name", "text" or "commit"; `zone` is the reading used: "written", "JST", "UTC" or
    "commit"; `confidence` is "high", "medium" or "low"; `written` holds the characters read; `exact` is
    False when only a day is known (`at` is then its first moment in Japan).
    """

    at: datetime
    source: str
    zone: str
    confidence: str
    written: str
    exact: bool
    later_than_commit: bool


def observed(path: str, text: str, added_at: datetime) -> Observed:
    """Date the evidence at `path`; `added_at` is the time of the commit that added these bytes. Never raises."""
    added_at = added_at.replace(tzinfo=UTC) if added_at.tzinfo is None else added_at.astimezone(UTC)
    head = text[:HEAD]
    name = _name_stamp(path, added_at)
    if name and name.exact:
        return _dated("name", name, added_at, meant=_zone_meant(name, head, added_at))
    label = _labelled_stamp(head, added_at)
    if label and (name is None or _tells_the_hour(label, name)):
        return _dated("text", label, added_at)
    if name:
        return _dated("name", name, added_at)
    return _guess(head, added_at) or Observed(added_at, "commit", "commit", "low", "", True, False)


def _name_stamp(path: str, added_at: datetime) -> Stamp | None:
    """The most precise time in the file name, else in the nearest folder that has one; of equals the last."""
    for part in reversed(path.split("/")):
        found = [stamp for stamp in stamps_in(part) if _credible(stamp, added_at)]
        if found:
            return max(found, key=lambda stamp: (stamp.exact, stamp.offset is not None, stamp.start))
    return None


def _credible(stamp: Stamp, added_at: datetime) -> bool:
    # Ten digits may as well be a run number: they are a time only in the years before the commit.
    return not stamp.epoch or -timedelta(days=1) <= added_at - stamp.at <= _EPOCH_WINDOW


def _zone_meant(name: Stamp, head: str, added_at: datetime) -> timedelta | None:
    """Where both readings of a zone-less name are possible, a zoned time in the text may say which one is meant."""
    if name.offset is not None or name.at > added_at + _TOLERANCE:
        return None
    for stamp in stamps_in(head):
        for offset in (timedelta(0), _JST):
            if stamp.offset is not None and stamp.exact and abs(name.at - offset - stamp.at) <= _SAME_MOMENT:
                return offset
    return None


def _labelled_stamp(head: str, added_at: datetime) -> Stamp | None:
    """The first time with a label of its own; one that only names a day yields to an exact one of that day."""
    found = [
        (added_at - stamp.at > _STALE, weak, stamp)
        for weak, stamp in _labelled(head)
        if _credible(stamp, added_at)
    ]
    labelled = sorted(found, key=lambda entry: (*entry[:2], entry[2].start))
    if not labelled:
        return None
    first = labelled[0][2]
    if first.exact:
        return first
    return next((stamp for *_, stamp in labelled if _tells_the_hour(stamp, first)), first)


def _labelled(head: str) -> Iterator[tuple[bool, Stamp]]:
    for stamp in stamps_in(head):
        if _in_a_word(head, stamp):
            continue
        before = _field_before(head, stamp)
        label = _LABEL.search(before)
        if not label or _OTHER.search(before):
            continue
        # A label far inside a line belongs to a quotation, not to this document.
        if len(before[: label.start()].strip(_MARKUP)) > 24:
            continue
        yield bool(label["weak"]), _in_labelled_zone(stamp, label["zone"] or "")


def _field_before(head: str, stamp: Stamp) -> str:
    line = head.rfind("\n", max(0, stamp.start - 64), stamp.start) + 1
    before = head[max(line, stamp.start - 64) : stamp.start]
    return _FIELD_END.split(before)[-1]


def _in_labelled_zone(stamp: Stamp, words: str) -> Stamp:
    if stamp.offset is not None or not stamp.exact or (offset := zone_named(words)) is None:
        return stamp
    return replace(stamp, offset=offset)


def _tells_the_hour(stamp: Stamp, day: Stamp) -> bool:
    """True when `stamp` is exact and falls on that day, in Japan or in UTC, or says so itself."""
    days = {stamp.wall.date(), stamp.at.date(), (stamp.at + _JST).date()}
    return stamp.exact and day.wall.date() in days


def _guess(head: str, added_at: datetime) -> Observed | None:
    """An unlabelled time near the top, if it stands alone and lies shortly before the commit."""
    top = head[:_GUESS_HEAD]
    alone = [s for s in stamps_in(top) if not _in_a_word(top, s) and not _OTHER.search(_field_before(top, s))]
    for stamp in sorted(alone, key=lambda stamp: (not stamp.exact, stamp.start)):
        reading = _dated("text", stamp, added_at)
        if not reading.later_than_commit and added_at - reading.at <= _GUESS_WINDOW:
            return Observed(reading.at, "text", reading.zone, "low", stamp.written, stamp.exact, False)
    return None


def _in_a_word(text: str, stamp: Stamp) -> bool:
    """True inside a path, an identifier or a longer number: that time is somebody else's."""
    before = text[stamp.start - 1 : stamp.start] if stamp.start else ""
    after = text[stamp.end : stamp.end + 2]
    return bool(_JOINED_BEFORE.match(before) or _JOINED_AFTER.match(after))


def _dated(source: str, stamp: Stamp, added_at: datetime, meant: timedelta | None = None) -> Observed:
    at, zone, confidence = _reading(stamp, added_at) if meant is None else _read_in(meant, stamp)
    later = at > added_at + _TOLERANCE
    return Observed(at, source, zone, "low" if later else confidence, stamp.written, stamp.exact, later)


def _read_in(meant: timedelta, stamp: Stamp) -> tuple[datetime, str, str]:
    return stamp.at - meant, "JST" if meant else "UTC", "high"


def _reading(stamp: Stamp, added_at: datetime) -> tuple[datetime, str, str]:
    """The instant, the zone it was read in, and the confidence of that reading."""
    if stamp.offset is not None and stamp.exact:
        return stamp.at, "written", "high"
    if not stamp.exact:
        return stamp.at - _JST, "JST", "medium"
    lag = added_at - stamp.at
    if lag < -_TOLERANCE:
        # A UTC time from a clock that runs ahead looks like a JST time nine hours old.
        return stamp.at - _JST, "JST", "high" if lag < -_NEAR_MISS else "medium"
    # Both readings are possible: UTC has the smaller lag, and is likely only when that lag is small.
    return stamp.at, "UTC", "medium" if lag <= _UTC_LIKELY else "low"
