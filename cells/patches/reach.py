"""What a proposal reaches: the lanes and cells it is about, the goals it changes, the descriptions it rewrites.

Asked when it is decided who has to agree, so it is told by paths and contents. The words of a branch or a title can
add a cell here, never take one away: the proposer chooses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pygit2

from cells.models import Cell, Lane, Patch
from cells.patches.governing import PATH, governs
from cells.placing import Placer
from cells.ssot.commit import author_of
from cells.ssot.mirror import Mirror
from cells.ssot.state import read_state
from cells.ssot.swarm import SwarmBroken, read_swarm

Asking = Lane | Cell


def paths_of(patch: Patch) -> set[str]:
    """Every path it writes to or takes away; a rename is both."""
    return {file[name] for file in patch.files for name in ("path", "old_path")} - {""}


def touched(patch: Patch) -> list[Asking]:
    """Every lane and cell one of its paths belongs to, or whose STATE or memory document it changes."""
    placer, paths = Placer(patch.repository), paths_of(patch)
    found: dict[Asking, None] = dict.fromkeys([*patch.cells.all(), *([patch.lane] if patch.lane else [])])
    for path in sorted(paths):
        cells, lanes = placer.at(path)
        found |= dict.fromkeys([*cells, *lanes])
    # A document of several cells may speak of each of them, whichever of its sections is changed.
    spoken = (cell for cell in placer.cells.values() if {cell.state_path, _document(cell.memory)} & paths)
    found |= dict.fromkeys(spoken)
    return list(found | dict.fromkeys(row.lane for row in list(found) if isinstance(row, Cell)))


def _document(pointer: str) -> str:
    return pointer.partition("#")[0]


def changes_goal(patch: Patch) -> bool:
    """Whether a STATE document would say another goal, or would stand somewhere else and say none."""
    states = set(patch.repository.cells.values_list("state_path", flat=True))
    states |= set(patch.repository.projects.values_list("state_path", flat=True))
    mirror = Mirror(patch.repository.mirror)
    return any(
        _goals(mirror, before) != _goals(mirror, after)
        for before, after in _versions(patch, states & paths_of(patch))
    )


def _versions(patch: Patch, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The blobs at each path before and after, "" where there is none. What is moved away is there no more."""
    for path in sorted(paths):
        old = [file["old"] for file in patch.files if file["old_path"] == path and file["status"] != "added"]
        new = [file["new"] for file in patch.files if file["path"] == path and file["status"] != "deleted"]
        yield (old or [""])[0], (new or [""])[0]


def _goals(mirror: Mirror, blob: str) -> list[str]:
    """The goals a version of a document states; one that cannot be read states none."""
    facts = read_state(_text(mirror, blob)).facts
    return sorted(fact.text for fact in facts if fact.kind.startswith("goal"))


def _text(mirror: Mirror, blob: str) -> str:
    """A blob as a document, "" for what is none."""
    try:
        found = mirror.repo[blob]
    except (KeyError, ValueError):
        return ""
    return found.data.decode("utf-8-sig", "replace") if isinstance(found, pygit2.Blob) else ""


def redescribed(patch: Patch, rows: Iterable[Asking]) -> list[Asking]:
    """Of these lanes and cells, those that its swarm.toml files would describe otherwise, or not any more.

    Where a file does not parse, before or after, all of them: nobody can tell.
    """
    mirror, rows = Mirror(patch.repository.mirror), list(rows)
    keys: set[tuple[type[Asking], str]] = set()
    files = {path for path in paths_of(patch) if governs(path) and path != PATH}
    for path, (before, after) in zip(sorted(files), _versions(patch, files), strict=True):
        try:
            was, becomes = _described(mirror, before, path), _described(mirror, after, path)
        except SwarmBroken:
            return rows
        keys |= {key for key in was.keys() | becomes.keys() if was.get(key) != becomes.get(key)}
    return [row for row in rows if (type(row), row.key) in keys]


def _described(mirror: Mirror, blob: str, path: str) -> dict[tuple[type[Asking], str], object]:
    """What a swarm.toml says of each of its lanes and cells. Raises SwarmBroken."""
    swarm = read_swarm(_text(mirror, blob), path)
    lanes = {(Lane, lane.key): lane for lane in swarm.lanes}
    return lanes | {(Cell, cell.key): replace(cell, line=0) for cell in swarm.cells}


def authors(patch: Patch) -> set[str]:
    """The addresses of everybody who wrote one of the commits that it consists of."""
    found = {patch.author_email.lower()}
    mirror = Mirror(patch.repository.mirror)
    if patch.merge_base and mirror.has(patch.tip) and mirror.has(patch.merge_base):
        walker = mirror.repo.walk(patch.tip)
        walker.hide(patch.merge_base)
        found |= {author_of(commit).email.lower() for commit in walker}
    return found - {""}
