"""The declared swarm: `swarm.toml` read into values and merged over several files.

Only TOML that does not parse is refused (`SwarmBroken`, the caller keeps the last good swarm).
Everything else that is wrong becomes a sentence in `problems`, and the rest still works.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from cells.sentences import Sentence, sentence
from cells.ssot.swarm_checks import Checks
from cells.ssot.swarm_merge import merge_swarms, nobody, twice, undeclared
from cells.ssot.swarm_specs import (
    CONSENT_KEYS,
    KNOWN_LANES,
    STAGES,
    UNASSIGNED,
    CellSpec,
    ExecutorSpec,
    LaneSpec,
    MilestoneSpec,
    ProjectSpec,
    RelationSpec,
    Swarm,
    SwarmBroken,
)
from cells.ssot.swarm_write import write_swarm

__all__ = [
    "KNOWN_LANES", "STAGES", "CellSpec", "ExecutorSpec", "LaneSpec", "MilestoneSpec", "ProjectSpec", "RelationSpec",
    "Swarm", "SwarmBroken", "merge_swarms", "read_swarm", "write_swarm",
]  # fmt: skip

_PROJECT_FILE = re.compile(r"STATE/([^/]+)/swarm\.toml")
_CELL_HEADER = re.compile(r"\s*\[\[\s*[\"']?cells[\"']?\s*\]\]")


def read_swarm(text: str, path: str) -> Swarm:
    """Read one swarm.toml that stands at `path`; raises SwarmBroken when it does not parse."""
    data = _parse(text, path)
    checks = Checks(path)
    checks.known(data, {"swarm", "projects", "lanes", "cells", "relations", "executors", "milestones"}, path)
    head = checks.table(data, "swarm")
    checks.known(head, {"title"}, "[swarm]")
    lanes = tuple(
        LaneSpec(key, title or key, checks.consent(row, f"lanes.{key}"))
        for key, title, row in _named(checks, data, "lanes", *CONSENT_KEYS)
    )
    projects = tuple(
        ProjectSpec(key, title or key, checks.path(row, "state", f"projects.{key}"))
        for key, title, row in _named(checks, data, "projects", "state")
    )
    milestones = tuple(
        MilestoneSpec(key, title or key) for key, title, _ in _named(checks, data, "milestones")
    )
    executors = tuple(
        ExecutorSpec(
            key,
            checks.flag(row, "may_write", f"executors.{key}"),
            checks.text(row, "where", f"executors.{key}"),
        )
        for key, _, row in _named(checks, data, "executors", "may_write", "where")
    )
    lines = _cell_lines(text)
    cells = tuple(
        _cell(checks, key, title, row, lines[row["#"]] if row["#"] < len(lines) else 1)
        for key, title, row in _named(checks, data, "cells", *_CELL_KEYS)
    )
    relations = _relations(checks, data)
    known = {cell.key for cell in cells}
    joined = tuple(relation for relation in relations if {relation.source, relation.target} <= known)
    return Swarm(
        title=checks.text(head, "title", "[swarm]"),
        lanes=_with_missing_lanes(checks, lanes, cells),
        projects=_with_missing_projects(checks, projects, cells),
        cells=cells,
        relations=joined,
        executors=executors,
        milestones=milestones,
        origin="declared",
        path=path,
        problems=(*checks.problems(), *_open_ends(relations, known, path)),
        dangling=tuple(relation for relation in relations if not {relation.source, relation.target} <= known),
    )


_CELL_KEYS = (
    "lane", "project", "north_star", "state", "memory", "evidence", "ask", "contract", "stage", "owner", "cadence",
    "actions", "note", *CONSENT_KEYS,
)  # fmt: skip


def _parse(text: str, path: str) -> dict[str, Any]:
    # tomllib reads ten thousand cells ten times faster than tomlkit; tomlkit is asked when
    # something is wrong, because it knows the line and column of it.
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        pass
    try:
        return dict(tomlkit.parse(text).unwrap())
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise SwarmBroken(
            sentence(
                "%(path)s does not parse at line %(line)s, column %(column)s (%(why)s). Correct that place "
                "and commit it; until then the last good swarm stays.",
                path=path,
                line=getattr(error, "line", 1),
                column=getattr(error, "col", 0) + 1,
                why=str(error).split(" at line ")[0].rstrip("."),
            )
        ) from None


def _named(
    checks: Checks, data: dict[str, Any], table: str, *more: str
) -> list[tuple[str, str, dict[str, Any]]]:
    """(key, title, row) of every row with a good key that no earlier row has; `row["#"]` is its index."""
    found: dict[str, tuple[str, str, dict[str, Any]]] = {}
    for index, row in checks.rows(data, table):
        key = checks.key(row, table, index)
        if not key:
            continue
        if key in found:
            checks.say(twice(table, key, checks.path_of_file, checks.path_of_file))
            continue
        checks.known(row, {"key", "title", *more}, f"[[{table}]]")
        found[key] = (key, checks.text(row, "title", f"{table}.{key}"), {**row, "#": index})
    return list(found.values())


def _cell(checks: Checks, key: str, title: str, row: dict[str, Any], line: int) -> CellSpec:
    place = f"cells.{key}"
    state, _, section = checks.path(row, "state", place).partition("#")
    home = _PROJECT_FILE.fullmatch(checks.path_of_file)
    return CellSpec(
        key=key,
        lane=checks.reference(row, "lane", place) or UNASSIGNED,
        project=checks.reference(row, "project", place, required=False) or (home[1] if home else ""),
        title=title,
        north_star=checks.text(row, "north_star", place),
        state=state,
        state_section=section,
        memory=checks.path(row, "memory", place),
        evidence=checks.paths(row, "evidence", place),
        ask=checks.texts(row, "ask", place),
        contract=checks.text(row, "contract", place),
        stage=checks.choice(row, "stage", STAGES, "active", place),
        owner=checks.text(row, "owner", place),
        cadence=checks.text(row, "cadence", place),
        actions=checks.mapping(row, "actions", place),
        note=checks.text(row, "note", place),
        consent=checks.consent(row, place),
        path=checks.path_of_file,
        line=line,
    )


def _cell_lines(text: str) -> list[int]:
    return [number for number, line in enumerate(text.split("\n"), start=1) if _CELL_HEADER.match(line)]


def _relations(checks: Checks, data: dict[str, Any]) -> tuple[RelationSpec, ...]:
    found = []
    for index, row in checks.rows(data, "relations"):
        checks.known(row, {"from", "to", "type"}, "[[relations]]")
        place = f"relations {index + 1}"
        source, target = checks.reference(row, "from", place), checks.reference(row, "to", place)
        if source and target:
            found.append(RelationSpec(source, target, checks.text(row, "type", place) or "relates"))
    return tuple(dict.fromkeys(found))


def _with_missing_lanes(
    checks: Checks, lanes: tuple[LaneSpec, ...], cells: tuple[CellSpec, ...]
) -> tuple[LaneSpec, ...]:
    found = {lane.key: lane for lane in lanes}
    for cell in cells:
        if cell.lane not in found:
            title = "Unassigned" if cell.lane == UNASSIGNED else KNOWN_LANES.get(cell.lane, cell.lane)
            found[cell.lane] = LaneSpec(cell.lane, title)
            if cell.lane != UNASSIGNED:
                checks.say(undeclared("lanes", cell.lane, checks.path_of_file))
    return tuple(found.values())


def _with_missing_projects(
    checks: Checks, projects: tuple[ProjectSpec, ...], cells: tuple[CellSpec, ...]
) -> tuple[ProjectSpec, ...]:
    found = {project.key: project for project in projects}
    home = _PROJECT_FILE.fullmatch(checks.path_of_file)
    for key in (cell.project for cell in cells):
        if not key or key in found:
            continue
        if home and key == home[1]:
            found[key] = ProjectSpec(key, key, f"STATE/{key}/current_state.md")
        else:
            found[key] = ProjectSpec(key, key)
            checks.say(undeclared("projects", key, checks.path_of_file))
    return tuple(found.values())


def _open_ends(relations: tuple[RelationSpec, ...], known: set[str], path: str) -> tuple[Sentence, ...]:
    return tuple(
        nobody(relation.source, relation.target, missing[0], path)
        for relation in relations
        if (missing := [end for end in (relation.source, relation.target) if end not in known])
    )
