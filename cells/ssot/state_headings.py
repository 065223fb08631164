"""Which headings and labels say C, G or δ, in Japanese and English, and which style that makes.

The styles are those people really used (a letter in brackets after the word, before it, numbered
sections, bold bullets in weekly reports). A title that names more than one of the three is a
container of all of them, not one of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cells.ssot.state_lines import Outline, plain

_NUMBER = re.compile(r"\d{1,4}(?:\.\d{1,4}){0,4}[.)]?\s*")
_LETTER = {
    "current": re.compile(r"\(c\s*[):]|^c\s*(?:$|[(:—–])"),
    "goal": re.compile(r"\(g\s*[):]|^g\s*(?:$|[(:—–])"),
    "gap": re.compile(r"\((?:δ|delta)\s*[):]|^(?:δ|delta)\s*(?:$|[(:—–])"),
}
_WORD = {
    "current": re.compile(r"^(?:現在地|現状|current(?: (?:state|position|situation))?)\s*(?:$|[(:—–])"),
    "goal": re.compile(r"^(?:ゴール|目標|goals?)\s*(?:$|[(:—–])"),
    "gap": re.compile(r"^(?:差分|ギャップ|gaps?)\s*(?:$|[(:—–])"),
}
_HORIZON = (
    ("goal_short", re.compile(r"(?:短期|short(?:[- ]?term)?)(?![a-z])")),
    ("goal_mid", re.compile(r"(?:中期|(?:mid|medium)(?:[- ]?term)?)(?![a-z])")),
    ("goal", re.compile(r"(?:長期|long(?:[- ]?term)?)(?![a-z])")),
)
_AFTER_HORIZON = re.compile(r"\s*(?:ゴール|目標|goals?)?\s*(?:\(|:|$)")
_BULLET = re.compile(r"(\s*)((?:[-*+]|\d{1,9}[.)])\s+)?")
_BOLD = re.compile(r"\*\*([^*]{1,120})\*\*\s*([:：]?)[ \t]*")


@dataclass(frozen=True, slots=True)
class Label:
    """A bold label at the start of a line: the column of the line, of its name and of its text."""

    name: str
    indent: int
    bullet: bool
    rest: str


def meaning(title: str) -> tuple[str | None, bool]:
    """What a title stands for (None for anything else), and whether it says so by its letter."""
    bare = _unnumbered(title)
    by_letter = [kind for kind, pattern in _LETTER.items() if pattern.search(bare)]
    by_word = [kind for kind, pattern in _WORD.items() if pattern.search(bare)]
    named = by_letter or by_word
    if len(named) != 1:
        return None, False
    return named[0], bool(by_letter)


def is_container(title: str) -> bool:
    """Whether a title announces C, G and δ together, like "Snapshot (C / G / δ)"."""
    return "c/g/δ" in plain(title).replace(" ", "")


def horizon(text: str) -> str | None:
    """The goal kind a short marker names ("短期", "Short term (weeks):"), None if it is none."""
    bare = _unnumbered(text)
    for kind, pattern in _HORIZON:
        if (found := pattern.match(bare)) and _AFTER_HORIZON.match(bare, found.end()):
            return kind
    return None


def goal_kind(title: str) -> str:
    """`goal`, or `goal_short` / `goal_mid` when the title of a goal names its horizon anywhere."""
    bare = plain(title)
    return next((kind for kind, pattern in _HORIZON if pattern.search(bare)), "goal")


def label_at(line: str) -> Label | None:
    """The bold label a line starts with, on a bullet or on its own; None without one."""
    lead = _BULLET.match(line)
    start = lead.end() if lead else 0
    bold = _BOLD.match(line, start)
    if not lead or not bold:
        return None
    name, rest = bold[1], line[bold.end() :]
    closed = bool(bold[2]) or name.rstrip().endswith((":", "："))
    # "**C** is fine" is prose; a label is closed by a colon or stands alone.
    if rest.strip() and not closed:
        return None
    return Label(name.rstrip().rstrip(":："), len(lead[1].expandtabs(4)), lead[2] is not None, rest)


def indent_of(line: str) -> int:
    wide = line.expandtabs(4) if "\t" in line[:64] else line
    return len(wide) - len(wide.lstrip(" "))


def style_of(shape: Outline, first: int, last: int, kinds: set[str]) -> str:
    """The encoding style between two lines, as named in the documentation ("" when nothing stands there)."""
    titles = [h.title for h in shape.headings if first <= h.line <= last]
    bare = [plain(title) for title in titles]
    if not shape.block(first, last):
        return ""
    if any("decisions sync" in title for title in bare):
        return "F"
    if any(title.startswith("status note (c") for title in bare):
        return "E"
    if not kinds & {"current", "goal", "goal_short", "goal_mid"}:
        return "D+" if "gap" in kinds else "D"
    told = [title for title in bare if meaning(title)[0]]
    if told and all(re.match(r"\d+\)", title) for title in told):
        return "C"
    if any(re.match(r"\d+\.\d+", title) for title in told) or any(is_container(title) for title in titles):
        return "B"
    if any(re.match(r"[cg]\s*(?:$|[(:])", title) for title in told):
        return "A'"
    return "A"


def _unnumbered(title: str) -> str:
    bare = plain(title).strip("*_ ")
    number = _NUMBER.match(bare)
    return bare[number.end() :] if number and number.end() < len(bare) else bare
