"""What a reader is given and what it gives back: a document as lines, and claims of plain one-line text."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from cells.evidence.stamps import Stamp, stamps_in

READ = 262_144
LINE = 400
SUBJECT_LENGTH, PREDICATE_LENGTH, VALUE_LENGTH = 100, 60, 200
CONTROL_PLANE, IN_CLUSTER, OUTSIDE = STANDARD_VANTAGES = ("control plane", "in cluster", "outside")

_PULL_REQUEST = re.compile(r"(?:^|[/_.-])pr[-_#]?([0-9]{1,6})(?:[/_.-]|$)", re.IGNORECASE)
_JSON_KEY = re.compile(r'"([^"\\]{1,80})"[ \t]{0,4}:')
_WELL = frozenset({"success", "successful", "succeeded", "ok", "pass", "passed", "completed", "done"})
_ILL = frozenset({"failed", "failure", "fail", "error", "errored"})
_WORD = re.compile(r"[A-Za-z]{1,20}")
# No count or rate of a report is larger; printing an endless number would cost more than reading it.
_LARGEST = 10**15


@dataclass(frozen=True, slots=True)
class Claim:
    """`subject` `predicate` = `value` `unit`, as seen from `vantage`; `line` is where it stands (1 = first).

    `observed_at` (aware) is set only when the document dates this very statement; else its own time holds.
    """

    subject: str
    predicate: str
    value: str
    unit: str
    vantage: str
    line: int
    observed_at: datetime | None = None


@dataclass(frozen=True)
class Document:
    """A piece of evidence as readers see it: at most 262,144 characters in lines of at most 400.

    `named` is the key of its only cell unless the text merely mentions that; `measured` is the cell that owns
    its numbers; `project` is the key its path tells. All three are "" when there is none.
    """

    path: str
    text: str
    kind: str
    named: str = ""
    measured: str = ""
    project: str = ""

    @cached_property
    def lines(self) -> list[str]:
        return [line[:LINE] for line in self.text.splitlines()]

    @property
    def suffix(self) -> str:
        return self.path.rpartition("/")[2].rpartition(".")[2].lower()

    @property
    def stem(self) -> str:
        """The file name without its endings; a bare date or number says nothing without its folders."""
        *folders, name = self.path.split("/")
        stem = name.partition(".")[0] or name.lstrip(".")
        return stem if any(map(str.isalpha, stem)) else "/".join([*folders[-2:], stem])

    @cached_property
    def run(self) -> str:
        """The nearest folder that carries a time of day: one run of something; "" when there is none."""
        folders = self.path.split("/")[-2::-1]
        return next((folder for folder in folders if event_stamp(folder)), "")

    @property
    def subject(self) -> str:
        """What a result or decision in this file is about: its run, its pull request, its cell, else the file."""
        pull = _PULL_REQUEST.search(self.path)
        return self.run or (f"PR #{pull[1]}" if pull else "") or self.named or self.stem

    @cached_property
    def object(self) -> Any:
        """The JSON value of the whole file; None when it is not JSON (or too large to have been read whole)."""
        return json_value(self.text) if self.suffix in {"json", "jsonld"} else None

    @cached_property
    def keys(self) -> dict[str, list[int]]:
        """JSON key to the lines it stands on."""
        found: dict[str, list[int]] = {}
        for number, line in enumerate(self.lines, start=1):
            for match in _JSON_KEY.finditer(line):
                found.setdefault(match[1], []).append(number)
        return found

    def line_of(self, key: str, after: int = 1) -> int:
        """The first line from `after` on that holds the JSON key; 1 when none does."""
        places = self.keys.get(key, [])
        return next((line for line in places if line >= after), places[0] if places else 1)


Reader = Callable[[Document], Iterator[Claim]]


def event_stamp(name: str) -> Stamp | None:
    """The last time of day in the name of a run or folder; bare numbers of seconds do not count."""
    if "20" not in name:
        return None
    found = [stamp for stamp in stamps_in(name[: 2 * SUBJECT_LENGTH]) if stamp.exact and not stamp.epoch]
    return found[-1] if found else None


def stamp_of(run_id: str) -> datetime | None:
    """The instant a run id carries (`apply_x_20251115T183901Z`), or None when it names no zone."""
    stamp = event_stamp(run_id)
    return stamp.at if stamp and stamp.offset is not None else None


def instant_in(text: str) -> datetime | None:
    """The first time of day in `text` that says its zone, or None."""
    return next(
        (stamp.at for stamp in stamps_in(text[:LINE]) if stamp.exact and stamp.offset is not None), None
    )


def outcome(text: str) -> str:
    """`success` or `failed` when the first word says so, else the text as written."""
    word = _WORD.match(text.lstrip("\"'`*_[( "))
    said = word[0].lower() if word else ""
    return "success" if said in _WELL else "failed" if said in _ILL else text


def json_value(text: str) -> Any:
    """The JSON value `text` stands for, or None; never raises, however deep or odd it is."""
    try:
        return json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return None


def scalar(value: Any) -> str | None:
    """A JSON scalar as the value of a claim; None for what is none, endless or empty."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) <= _LARGEST:
        return f"{round(value, 6):.15g}"
    return None


def percent(value: float) -> str | None:
    """A rate in percent as text, or None outside 0..100."""
    return f"{round(value, 4):g}" if 0 <= value <= 100 else None


def plain(text: str, length: int) -> str:
    """One line without control, format or surrogate characters, of at most `length` characters."""
    kept = "".join(" " if char.isspace() else char for char in text[: 4 * length])
    kept = "".join(char for char in kept if not unicodedata.category(char).startswith("C"))
    return " ".join(kept.split())[:length].rstrip()


def tidy(claim: Claim) -> Claim:
    """The claim with every text plain and within its length."""
    return replace(
        claim,
        subject=plain(claim.subject, SUBJECT_LENGTH),
        predicate=plain(claim.predicate, PREDICATE_LENGTH),
        value=plain(claim.value, VALUE_LENGTH),
        vantage=plain(claim.vantage, SUBJECT_LENGTH),
    )
