"""Several swarm files as one swarm: the first of two equal keys stays, open relations are joined."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cells.sentences import Sentence, sentence
from cells.ssot.swarm_specs import Swarm


def merge_swarms(swarms: Iterable[Swarm]) -> Swarm:
    """One swarm from several files: the first of two equal keys stays, open relations are joined."""
    parts = list(swarms)
    if len(parts) <= 1:
        return parts[0] if parts else Swarm()
    merged = Swarm(
        title=next((part.title for part in parts if part.title), ""),
        lanes=_first_of("lanes", parts, [part.lanes for part in parts]),
        projects=_first_of("projects", parts, [part.projects for part in parts]),
        cells=_first_of("cells", parts, [part.cells for part in parts]),
        executors=_first_of("executors", parts, [part.executors for part in parts]),
        milestones=_first_of("milestones", parts, [part.milestones for part in parts]),
        origin=next((part.origin for part in parts if part.origin != "none"), "none"),
        path=next((part.path for part in parts if part.path), ""),
    )
    known = {cell.key for cell in merged.cells}
    relations = dict.fromkeys(r for part in parts for r in (*part.relations, *part.dangling))
    joined = tuple(relation for relation in relations if {relation.source, relation.target} <= known)
    return replace(
        merged,
        relations=joined,
        dangling=tuple(relation for relation in relations if not {relation.source, relation.target} <= known),
        problems=_merged_problems(parts, known),
    )


def _first_of(table: str, parts: list[Swarm], groups: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """One spec per key: the first declared one, an undeclared stand-in only when there is no other."""
    found: dict[str, Any] = {}
    stand_ins: dict[str, Any] = {}
    for part, group in zip(parts, groups, strict=True):
        stand_in = _undeclared_in(part)
        for spec in group:
            (stand_ins if (table, spec.key) in stand_in else found).setdefault(spec.key, spec)
    return tuple((stand_ins | found).values())


def _undeclared_in(part: Swarm) -> set[tuple[str, str]]:
    text = undeclared("", "", "").text
    return {(said.params["table"], said.params["key"]) for said in part.problems if said.text == text}


def _merged_problems(parts: list[Swarm], known: set[str]) -> tuple[Sentence, ...]:
    """What is still wrong: ends another file declares are dropped, keys declared twice are added."""
    declared = set()
    for part in parts:
        named = {("lanes", lane.key) for lane in part.lanes} | {("projects", p.key) for p in part.projects}
        declared |= named - _undeclared_in(part)
    problems = [said for part in parts for said in part.problems if not _settled(said, declared, known)]
    first: dict[str, str] = {}
    for cell in (cell for part in parts for cell in part.cells):
        if cell.key in first:
            problems.append(twice("cells", cell.key, cell.path, first[cell.key]))
        first.setdefault(cell.key, cell.path)
    return tuple(problems)


def _settled(said: Sentence, declared: set[tuple[str, str]], known: set[str]) -> bool:
    """Whether a problem of one file is none for all files together."""
    if said.text == undeclared("", "", "").text:
        return (said.params["table"], said.params["key"]) in declared
    return (
        said.text == nobody("", "", "", "").text and {said.params["source"], said.params["target"]} <= known
    )


# Problems of one file that another file may settle; merging knows them by their text.


def twice(table: str, key: str, path: str, first: str) -> Sentence:
    return sentence(
        "[[%(table)s]] “%(key)s” in %(path)s is declared before in %(first)s; the first one stays.",
        table=table,
        key=key,
        path=path,
        first=first,
    )


def undeclared(table: str, key: str, path: str) -> Sentence:
    return sentence(
        "“%(key)s” is used in %(path)s but not declared under [[%(table)s]]; it is shown under its key.",
        table=table,
        key=key,
        path=path,
    )


def nobody(source: str, target: str, missing: str, path: str) -> Sentence:
    return sentence(
        "The relation from “%(source)s” to “%(target)s” in %(path)s is left out: there is no cell “%(missing)s”.",
        source=source,
        target=target,
        missing=missing,
        path=path,
    )
