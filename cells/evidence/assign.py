"""Which cell, lane and project a piece of evidence belongs to, as far as its path and text say so."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cells.evidence.globs import Glob, glob, literal_folder

TEXT_READ = 65_536
_RUN = re.compile(r"[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*")
_PART = re.compile(r"[A-Za-z0-9]+")
_SPLIT = re.compile(r"[-_.]")


@dataclass(frozen=True, slots=True)
class CellHint:
    """What is known of a cell: its key, other words that mean it, its evidence globs, its lane."""

    key: str
    words: tuple[str, ...] = ()
    globs: tuple[str, ...] = ()
    lane: str = ""


@dataclass(frozen=True, slots=True)
class CellMatch:
    """A cell the evidence belongs to; `why` is "swarm" (a glob of swarm.toml), "path" or "text"."""

    key: str
    why: str


class CellIndex:
    """The hints of a swarm, prepared once so that finding the cells of a file does not grow with the swarm."""

    def __init__(self, hints: Iterable[CellHint]) -> None:
        self._globs: defaultdict[str, list[tuple[Glob, str]]] = defaultdict(list)
        self._words: defaultdict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        self._foreign: list[tuple[str, str]] = []
        self.keys: set[str] = set()
        for hint in hints:
            self.keys.add(hint.key)
            for pattern in hint.globs:
                self._globs[literal_folder(pattern)].append((glob(pattern), hint.key))
            for word in (hint.key, *hint.words):
                self._learn(word, hint.key)

    def by_glob(self, path: str) -> list[str]:
        """The keys whose globs match `path`."""
        return _once(
            key
            for folder in _folders(path)
            for glob_, key in self._globs.get(folder, ())
            if glob_.matches(path)
        )

    def named_in(self, text: str) -> list[str]:
        """The keys that `text` names, with `-` and `_` alike, at token boundaries."""
        lowered = text.lower()
        found: list[str] = []
        # Most texts name nobody: look at their runs only when some part begins a known word.
        if not self._words.keys().isdisjoint(_PART.findall(lowered)):
            runs = dict.fromkeys(_RUN.findall(lowered))
            found = [key for run in runs for key in self._in_run(_SPLIT.split(run))]
        return _once(found + [key for word, key in self._foreign if word in text])

    def _learn(self, word: str, key: str) -> None:
        if _RUN.fullmatch(word):
            parts = tuple(_SPLIT.split(word.lower()))
            self._words[parts[0]].append((parts, key))
        elif word.strip():
            # Japanese has no token boundaries; such a word is simply looked for.
            self._foreign.append((word, key))

    def _in_run(self, parts: list[str]) -> Iterator[str]:
        """The keys in one run of parts; the longest word at a place wins, so `hello-ai` is not also `hello`."""
        start = 0 if not self._words.keys().isdisjoint(parts) else len(parts)
        while start < len(parts):
            fits = [pair for pair in self._words.get(parts[start], ()) if _stands_at(start, pair[0], parts)]
            longest = max((len(word) for word, _ in fits), default=0)
            yield from (key for word, key in fits if len(word) == longest)
            start += longest or 1


def cells_of(path: str, text: str, hints: CellIndex | Sequence[CellHint]) -> tuple[CellMatch, ...]:
    """The cells of a file: by glob of the swarm, else named by its path, else the only one its text names.

    A path whose family is called like a cell (reports/ask/ is persist-report's) names that cell.
    """
    index = hints if isinstance(hints, CellIndex) else CellIndex(hints)
    if keys := index.by_glob(path):
        return tuple(CellMatch(key, "swarm") for key in keys)
    if keys := index.named_in(path):
        return tuple(CellMatch(key, "path") for key in keys)
    if (family := lane_of(path)) in index.keys:
        return (CellMatch(family, "path"),)
    keys = index.named_in(text[:TEXT_READ])
    return (CellMatch(keys[0], "text"),) if len(keys) == 1 else ()


# In this order: the first rule that fits decides.
_LANES = tuple(
    (lane, re.compile(rule))
    for lane, rule in (
        ("persist-report", r"(^|/)ask/|(^|/)persist[-_]?report"),
        ("codex-runner", r"(^|/)codex[-_]"),
        ("think", r"(^|/)think/"),
        ("doc-update", r"(^|/)doc_update"),
        ("pm", r"weekly\.[a-z]+$|(^|/)pm_snapshots?[/_]|state_view|(^|/)daily"),
        ("info-network", r"(^|/)runs/|(^|/)locked/"),
        ("render", r"auto_render|(^|/)img/"),
        ("autopilot", r"autopilot"),
        ("phase-gates", r"(^|/)(snap_|phase[0-9]*[_/]|s[0-9]+_)|state_(update|sync)|_(exit|snapshot)_"),
        ("cost", r"(^|/)decisions?[/_]|_decision_|self[-_]cost"),
        ("audit", r"(^|[/_-])(prov|chaos|guardrails?|spire)([/_-]|$)"),
        ("cd-slo", r"(^|/)(cd|slo)_"),
        ("monitoring", r"(^|[/_.-])(metrics?|slo|sli|grafana|prometheus|monitoring|obs)([/_.-]|$)"),
    )
)


def lane_of(path: str) -> str:
    """The lane a path rule names, or "" when none does."""
    lowered = path.lower()
    return next((lane for lane, rule in _LANES if rule.search(lowered)), "")


def project_of(path: str, project_keys: Iterable[str]) -> str:
    """The project whose key is a folder of the path, else the longest one its file name holds, or ""."""
    keys = sorted(project_keys, key=lambda key: (-len(key), key))
    parts = path.split("/")
    for folder in parts[:-1]:
        if folder in keys:
            return folder
    named = CellIndex(CellHint(key) for key in keys).named_in(parts[-1])
    return max(named, key=len, default="")


def _stands_at(start: int, word: tuple[str, ...], parts: list[str]) -> bool:
    return tuple(parts[start : start + len(word)]) == word


def _folders(path: str) -> Iterator[str]:
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _once(keys: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(keys))
