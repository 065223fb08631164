"""Lines that speak of a run in one breath: `run_id=…, manifest=…, status=success, ts=2025-11-15T18:39:01Z`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cells.evidence.readers.base import SUBJECT_LENGTH, Claim, Document, event_stamp, instant_in, outcome

_KEY = re.compile(r"(?<![\w=(（./-])(?P<key>[A-Za-z_]{1,30})=")
_RUN_ID = re.compile(r"[A-Za-z0-9][\w.-]{2,99}")
_TRIMMED = " \t,;|、。`*_\"'"
_TIMES = ("ts", "time", "timestamp", "at")
_JSON_TIMES = ("ts", "timestamp", "finished_at", "updated_at")
_JSON_RUNS = ("run_id", "reports_dir")
_MOST_NODES = 5_000


def read(document: Document) -> Iterator[Claim]:
    """`status`, `manifest` and `ts` of every run line, about its run; each dated by the line's own zoned time."""
    if "run_id=" not in document.text:
        return
    for number, line in enumerate(document.lines, start=1):
        if "run_id=" in line:
            yield from _line(line, number)


def times_in(document: Document) -> Iterator[Claim]:
    """Only `ts`: the times that run lines, and JSON objects which name a run, claim for it."""
    yield from (claim for claim in read(document) if claim.predicate == "ts")
    if document.suffix == "json":
        yield from _objects(document)


def _line(line: str, number: int) -> Iterator[Claim]:
    told = _fields(line)
    run = _RUN_ID.match(told.get("run_id", ""))
    if run is None:
        return
    said = next((told[key] for key in _TIMES if told.get(key)), "")
    at = instant_in(said)
    if status := told.get("status"):
        yield Claim(run[0], "status", outcome(status), "", "", number, at)
    if manifest := told.get("manifest"):
        yield Claim(run[0], "manifest", manifest, "", "", number, at)
    if said:
        yield Claim(run[0], "ts", said, "", "", number, at)


def _fields(line: str) -> dict[str, str]:
    """Key to value; a value ends where the next key begins, so `status=success (READY=True)` stays whole."""
    keys = list(_KEY.finditer(line))
    ends = [*(key.start() for key in keys[1:]), len(line)]
    found: dict[str, str] = {}
    for key, end in zip(keys, ends, strict=False):
        found.setdefault(key["key"].lower(), line[key.end() : end].strip(_TRIMMED))
    return found


def _objects(document: Document) -> Iterator[Claim]:
    """A machine memory names its run by id or by the folder of its reports, and dates it beside that."""
    nodes: list[Any] = [document.object]
    for _ in range(_MOST_NODES):
        if not nodes:
            return
        node = nodes.pop()
        if isinstance(node, dict):
            yield from _object(document, node)
            nodes += node.values()
        elif isinstance(node, list):
            nodes += node[:_MOST_NODES]


def _object(document: Document, node: dict[str, Any]) -> Iterator[Claim]:
    run = next((name for key in _JSON_RUNS if (name := _run_named(node.get(key)))), "")
    for key in _JSON_TIMES if run else ():
        said = node.get(key)
        if isinstance(said, str) and (at := instant_in(said)):
            yield Claim(run, "ts", said, "", "", _place(document, key, said), at)
            return


def _run_named(said: Any) -> str:
    """The run an id or a folder names; the folder may be followed by a remark."""
    if not isinstance(said, str) or not said.strip():
        return ""
    name = said[:1_000].split()[0].rstrip("/").rpartition("/")[2]
    return name if len(name) <= SUBJECT_LENGTH and event_stamp(name) else ""


def _place(document: Document, key: str, said: str) -> int:
    lines = document.keys.get(key, [1])
    return next((line for line in lines if said in document.lines[line - 1]), lines[0])


def written(at: datetime) -> str:
    """An aware instant as run lines write it."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
