"""A swarm as a swarm.toml that people like to read: comments, one block a cell, nothing empty."""

from __future__ import annotations

from typing import Any

import tomlkit
from tomlkit.items import AoT, InlineTable, Table

from cells.ssot.swarm_checks import has_controls
from cells.ssot.swarm_specs import CONSENT_KEYS, CellSpec, Consent, Swarm

_HEAD = (
    "The swarm of this repository: which cells there are, what they aim at, where their evidence lies.",
    "People edit this file; VPM reads it and never changes it without an approval.",
)
_ABOUT = {
    "projects": "Projects have a STATE file of their own.",
    "lanes": "A lane groups cells that share one contract policy.",
    "cells": "A cell is one self-updating loop. `state` may name a section: path#Heading.",
    "relations": "Relations point from one cell to another; the type is a free word.",
    "executors": "Executors do work; only some may write.",
    "milestones": "Milestones that cells name in their actions.",
}


def write_swarm(swarm: Swarm) -> str:
    """The swarm as TOML; reading it back gives the same cells, lanes, projects and relations."""
    document = tomlkit.document()
    for line in _HEAD:
        document.add(tomlkit.comment(line))
    if swarm.title:
        document["swarm"] = {"title": swarm.title}
    _add(document, "projects", [{"key": p.key, "title": p.title, "state": p.state} for p in swarm.projects])
    _add(
        document,
        "lanes",
        [{"key": lane.key, "title": lane.title} | _consent(lane.consent) for lane in swarm.lanes],
    )
    _add(
        document,
        "cells",
        [_cell(cell) for cell in swarm.cells],
        [_origin(swarm, cell) for cell in swarm.cells],
    )
    _add(
        document,
        "relations",
        [{"from": r.source, "to": r.target, "type": r.type} for r in (*swarm.relations, *swarm.dangling)],
    )
    _add(
        document,
        "executors",
        [{"key": e.key, "may_write": e.may_write, "where": e.where} for e in swarm.executors],
    )
    _add(document, "milestones", [{"key": m.key, "title": m.title} for m in swarm.milestones])
    return tomlkit.dumps(document)


def _cell(cell: CellSpec) -> dict[str, Any]:
    return {
        "key": cell.key,
        "lane": cell.lane,
        "project": cell.project,
        "title": cell.title,
        "north_star": cell.north_star,
        "state": f"{cell.state}#{cell.state_section}" if cell.state_section else cell.state,
        "memory": cell.memory,
        "evidence": list(cell.evidence),
        "ask": list(cell.ask),
        "contract": cell.contract,
        "stage": cell.stage,
        "owner": cell.owner,
        "cadence": cell.cadence,
        "note": cell.note,
        "actions": _inline(cell.actions),
    } | _consent(cell.consent)


def _consent(consent: Consent) -> dict[str, Any]:
    """Only what differs from the usual: one person, whoever it is."""
    usual = Consent()
    said = {
        name: getattr(consent, name)
        for name in CONSENT_KEYS
        if getattr(consent, name) != getattr(usual, name)
    }
    return {name: list(value) if name == "owners" else value for name, value in said.items()}


def _inline(values: dict[str, str]) -> InlineTable:
    table = tomlkit.inline_table()
    table.update(values)
    return table


def _origin(swarm: Swarm, cell: CellSpec) -> str:
    """Where a discovered cell comes from, as a comment; names with control characters are not shown."""
    if swarm.origin != "discovered" or not cell.path or has_controls(cell.path):
        return ""
    return f"found in {cell.path}, line {cell.line}" if cell.line else f"found in {cell.path}"


def _add(
    document: tomlkit.TOMLDocument, name: str, rows: list[dict[str, Any]], notes: list[str] | None = None
) -> None:
    if not rows:
        return
    document.add(tomlkit.nl())
    document.add(tomlkit.comment(_ABOUT[name]))
    array: AoT = tomlkit.aot()
    for index, row in enumerate(rows):
        array.append(_table(row, notes[index] if notes else ""))
    document.add(name, array)


def _table(row: dict[str, Any], note: str) -> Table:
    table = tomlkit.table()
    if note:
        table.add(tomlkit.comment(note))
    for name, value in row.items():
        if value not in ("", [], {}):
            table.add(name, value)
    return table
