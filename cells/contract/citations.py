"""What the added text of a proposal points at: paths, runs, pull requests and commits.

In Markdown and plain text every mention counts. In JSON only fields that are meant as references do:
the prose of a stored answer speaks of files that shall come to be, and claims nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from typing import Any, Literal

from cells.contract.case import Citation, File
from cells.contract.policy import default
from cells.contract.seen import NotJson, Text, texts
from cells.ssot.state_lines import Outline, outline
from cells.ssot.state_links import links

Kind = Literal["path", "run", "pull_request", "commit"]

_PROSE = (".md", ".markdown", ".txt")
_COMMIT = re.compile(
    r"(?=[cmrsコ/])(?:\b(?:commit|sha|merge(?:d)? as|revert(?:s|ed)?)|コミット|/commit)[ \t`:=@/(（]{1,4}([0-9a-f]{7,40})(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_FIELDS = frozenset({"evidence", "evidence_refs", "evidence_paths", "related_files", "reports_dir", "run_id"})
_LISTS = frozenset({"citations", "evidence", "sources"})
_PATH = re.compile(r"[\w.@+=-]{1,100}(?:/[\w.@+=-]{1,100}){1,12}/?")
_STRING = re.compile(r'"([^"\\]{1,400})"')
_MOST = 500
_MOST_VALUES = 20_000


def cited(files: tuple[File, ...], rationale: str) -> tuple[Citation, ...]:
    """Everything the added lines and the rationale point at, each once per place, at most 500.

    `exists` is None: the caller looks it up. Targets: a path (a folder may end in "/"), a run id, "#787", or
    hex digits of a commit. `place` is "path:line", "path" in JSON, and "" in the rationale.
    """
    said = outline(rationale[:100_000])
    found: dict[tuple[str, str, str], Citation] = {}
    for citation in chain(_in_files(files), _in_prose("", said, range(1, len(said.lines) + 1))):
        if len(found) == _MOST:
            break
        found.setdefault((citation.kind, citation.target, citation.place), citation)
    return tuple(found.values())


def _in_files(files: tuple[File, ...]) -> Iterator[Citation]:
    for text in texts(files, default().work):
        if text.new and text.path.lower().endswith(_PROSE):
            yield from _in_prose(text.path, text.new_outline, [number for number, _ in text.added])
        elif text.new_json is not None and not isinstance(text.new_json, NotJson):
            yield from _in_json(text)


def _in_prose(path: str, shape: Outline, lines: Sequence[int]) -> Iterator[Citation]:
    """Links outside code on these lines, then commits."""
    for first, last in _runs(lines):
        for _, _, number, _, data in links(shape, first, last):
            yield from (Citation(kind, target, _place(path, number)) for kind, target in _targets(data))
    said = "\n".join(shape.lines[number - 1] for number in lines)
    for found in _COMMIT.finditer(said):
        number = lines[said.count("\n", 0, found.start())]
        # A date or a counter is no commit: those have a letter among their digits.
        if shape.prose(number) and re.search("[a-f]", found[1], re.IGNORECASE):
            yield Citation("commit", found[1].lower(), _place(path, number))


def _runs(lines: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first, last) of the lines that follow each other."""
    for _, run in groupby(enumerate(lines), key=lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in run]
        yield numbers[0], numbers[-1]


def _place(path: str, number: int) -> str:
    return f"{path}:{number}" if path else ""


def _targets(data: dict[str, Any]) -> Iterator[tuple[Kind, str]]:
    """A range of pull requests is its two ends; a glob or a template points at nothing in particular."""
    match data["form"]:
        case "pull_request":
            yield from (("pull_request", f"#{number}") for number in sorted({data["from"], data["to"]}))
        case "path" if not data.get("template"):
            yield "path", data["target"]
        case "run":
            yield "run", data["target"]


def _in_json(text: Text) -> Iterator[Citation]:
    added = set(_STRING.findall(text.added_text))
    for name, value in _references(text.new_json):
        if value in added:
            if name == "run_id":
                yield Citation("run", value, text.path)
            elif _PATH.fullmatch(value) and ".." not in value:
                yield Citation("path", value, text.path)


def _references(root: Any) -> Iterator[tuple[str, str]]:
    """(field, value) of every field that is meant as a reference, `path` inside a list of citations too."""
    waiting: list[tuple[str, Any]] = [("", root)]
    for _ in range(_MOST_VALUES):
        if not waiting:
            return
        name, value = waiting.pop()
        if isinstance(value, str) and name in _FIELDS:
            yield name, value
        elif isinstance(value, list):
            waiting += [(name, item) for item in value]
        elif isinstance(value, dict):
            waiting += [
                ("evidence" if name in _LISTS and key == "path" else key, item) for key, item in value.items()
            ]
