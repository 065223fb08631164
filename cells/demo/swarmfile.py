"""swarm.toml as it stood at a moment: it grows as cells are born and stages change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cells.demo.company import Cell, Company


def swarm_toml(company: Company, age: float) -> str:
    """The swarm at `age`: cells born by then, relations whose two ends exist."""
    cells = [cell for cell in company.cells if cell.born >= age]
    keys = {cell.key for cell in cells}
    facts = company.facts
    blocks = ["# The swarm of Aoba Roastery. Add a cell by proposing a change to this file.\n"]
    blocks.append(_block("[swarm]", title=facts["swarm"]["title"]))
    blocks += [_block("[[projects]]", key=p.key, title=p.title, state=p.path) for p in company.projects]
    blocks += [_block("[[lanes]]", **lane) for lane in facts["lanes"]]
    blocks += [cell_block(cell, age) for cell in cells]
    blocks += [
        _block("[[relations]]", **relation)
        for relation in facts["relations"]
        if {relation["from"], relation["to"]} <= keys
    ]
    blocks += [_block("[[executors]]", **executor) for executor in facts["executors"]]
    blocks += [_block("[[milestones]]", **milestone) for milestone in facts["milestones"]]
    return "\n".join(blocks)


def cell_block(cell: Cell, age: float) -> str:
    globs = cell.globs or (f"reports/{cell.key}/**",)
    if "update_north_star" in cell.ask:
        globs = (*globs, f"reports/ask/ask_{cell.key}_*.json")
    return _block(
        "[[cells]]",
        key=cell.key,
        lane=cell.lane,
        project=cell.project,
        title=cell.title,
        north_star=cell.north_star,
        state=cell.pointer,
        memory=f"data/memory.json#{cell.key}",
        evidence=list(globs),
        ask=list(cell.ask),
        contract=cell.lane,
        stage=cell.stage(age),
        owner=cell.owner,
        cadence=cell.cadence,
        actions=cell.actions,
    )


def _block(head: str, **values: Any) -> str:
    return "\n".join([head, *_lines(values)]) + "\n"


def _lines(values: dict[str, Any]) -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            inner = ", ".join(f"{name} = {_text(text)}" for name, text in value.items())
            yield f"{key} = {{ {inner} }}"
        else:
            yield f"{key} = {_text(value)}"


def _text(value: Any) -> str:
    # JSON strings, lists of strings and booleans are TOML as well.
    return json.dumps(value, ensure_ascii=False)
