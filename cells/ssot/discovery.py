"""The swarm of a repository without swarm.toml, read from what people already wrote.

Tables whose first column is "Cell key" name the cells (and, with milestone columns, what each does
when); project folders name the projects; folders of reports stand in when no table exists. All of
it is a proposal: the Swarm says "discovered" and every cell knows the line it came from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cells.sentences import Sentence, sentence
from cells.ssot.discovery_rows import Row, rows_of
from cells.ssot.discovery_words import known_lane, lane_of
from cells.ssot.swarm_checks import is_key
from cells.ssot.swarm_specs import (
    KNOWN_LANES,
    CellSpec,
    LaneSpec,
    MilestoneSpec,
    ProjectSpec,
    RelationSpec,
    Swarm,
)

_MOST_DOCUMENTS = 400
_FAMILY_SIZE = 3
_NO_FAMILIES = {"img", "images", "assets", "figures"}
_STATE = re.compile(r"STATE/([^/]+)/current_state\.md")
_PROJECT_DOCS = re.compile(r"docs/projects/([^/]+)/[^/]")
_ASCII_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def wanted(paths: Sequence[str]) -> list[str]:
    """The markdown files worth reading for `discover`, sorted; the shallowest when there are too many."""
    candidates = [path for path in paths if path.lower().endswith(".md") and _worth_reading(path)]
    nearest = sorted(candidates, key=lambda path: (path.count("/"), path))[:_MOST_DOCUMENTS]
    return sorted(nearest)


def discover(paths: Sequence[str], documents: Mapping[str, str]) -> Swarm:
    """The swarm that `paths` (all files of a tree) and `documents` (path → markdown) speak of."""
    projects = _projects(paths)
    rows = [row for path in sorted(documents) for row in rows_of(path, documents[path])]
    cells = _from_rows(rows, projects) or _from_families(paths, projects)
    if not cells and not projects:
        return Swarm(
            problems=(sentence("There is no swarm.toml, no table of cells and no project folder here."),)
        )
    known, names = set(paths), _Names(paths)
    cells = [
        replace(cell, state=_state(cell, known), evidence=cell.evidence or _evidence(cell.key, names))
        for cell in cells
    ]
    return Swarm(
        lanes=tuple(
            LaneSpec(key, KNOWN_LANES.get(key, key)) for key in dict.fromkeys(cell.lane for cell in cells)
        ),
        projects=projects,
        cells=tuple(cells),
        relations=_mentions(cells, rows),
        milestones=tuple(MilestoneSpec(key, title) for key, title in _milestones(rows).items()),
        origin="discovered",
        path=rows[0].path if rows else "",
        problems=_sources(rows, cells),
    )


def _worth_reading(path: str) -> bool:
    return path.startswith(("docs/", "STATE/")) or "/" not in path or path.lower().endswith("/readme.md")


def _projects(paths: Sequence[str]) -> tuple[ProjectSpec, ...]:
    states = {found[1]: path for path in paths if (found := _STATE.fullmatch(path))}
    documented = {found[1] for path in paths if (found := _PROJECT_DOCS.match(path))}
    keys = sorted(key for key in states.keys() | documented if is_key(key))
    return tuple(ProjectSpec(key, key, states.get(key, "")) for key in keys)


def _from_rows(rows: list[Row], projects: tuple[ProjectSpec, ...]) -> list[CellSpec]:
    """One cell per key: the first row that says something wins, later rows add what is missing."""
    cells: dict[str, CellSpec] = {}
    for row in rows:
        seen = cells.get(row.key) or CellSpec(
            key=row.key,
            lane="",
            stage="",
            project=_project_of(row.path, projects),
            path=row.path,
            line=row.line,
        )
        cells[row.key] = replace(
            seen,
            lane=seen.lane or (lane_of(row.lane) if row.lane else ""),
            title=seen.title or row.title,
            north_star=seen.north_star or row.north_star,
            contract=seen.contract or row.contract,
            owner=seen.owner or row.owner,
            ask=seen.ask or row.modes,
            note=seen.note or row.note,
            stage=seen.stage or ("candidate" if row.placeholder else ""),
            actions=row.actions | seen.actions,
        )
    return [
        replace(
            cell,
            lane=cell.lane or known_lane(f"{cell.key} {cell.title}") or "sample",
            stage=cell.stage or "active",
        )
        for cell in cells.values()
    ]


def _project_of(path: str, projects: tuple[ProjectSpec, ...]) -> str:
    """The project a document belongs to: by its folder, or the only one there is."""
    parts = path.split("/")
    inside = [
        p.key for p in projects if parts[:2] == ["STATE", p.key] or parts[:3] == ["docs", "projects", p.key]
    ]
    return inside[0] if inside else projects[0].key if len(projects) == 1 else ""


def _from_families(paths: Sequence[str], projects: tuple[ProjectSpec, ...]) -> list[CellSpec]:
    """Folders under reports/ with enough files, for a repository that has no table of cells."""
    folders = Counter(
        path.split("/")[1] for path in paths if path.startswith("reports/") and path.count("/") >= 2
    )
    taken = {project.key for project in projects} | _NO_FAMILIES
    return [
        CellSpec(
            key=folder,
            lane=known_lane(folder) or "sample",
            project=projects[0].key if len(projects) == 1 else "",
            title=folder,
            evidence=(f"reports/{folder}/**",),
            path=f"reports/{folder}",
        )
        for folder, count in sorted(folders.items())
        if count >= _FAMILY_SIZE and folder not in taken and is_key(folder)
    ]


class _Names:
    """Folder and file names under reports/, joined so that ten thousand keys are searched quickly."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._reports = [path for path in paths if path.startswith("reports/")]
        self._files = "\n".join(path.rsplit("/", 1)[1] for path in self._reports)
        self.folders = {path.split("/")[1] for path in self._reports if path.count("/") >= 2}

    def named(self, part: str) -> bool:
        """Whether a file has `part` in its name and is not in the folder of that name already."""
        if part not in self._files:
            return False
        own = f"reports/{part}/"
        return any(part in path.rsplit("/", 1)[1] and not path.startswith(own) for path in self._reports)


def _evidence(key: str, names: _Names) -> tuple[str, ...]:
    """Globs that really match: the cell's folder, and files that carry its key (with - or _)."""
    spellings = dict.fromkeys((key, key.replace("-", "_"), key.replace("_", "-")))
    globs = [f"reports/{spelling}/**" for spelling in spellings if spelling in names.folders]
    return (*globs, *(f"reports/**/*{spelling}*" for spelling in spellings if names.named(spelling)))


def _state(cell: CellSpec, known: set[str]) -> str:
    folders = [f"STATE/{cell.project}/" if cell.project else "STATE/", "STATE/"]
    return next((path for folder in folders if (path := f"{folder}{cell.key}.md") in known), "")


def _mentions(cells: list[CellSpec], rows: list[Row]) -> tuple[RelationSpec, ...]:
    """A → B "mentions" when a row of A names the key of B."""
    keys = {cell.key for cell in cells}
    beyond_ascii = [key for key in keys if not key.isascii()]
    found: dict[RelationSpec, None] = {}
    for row in rows:
        words = [word.rstrip("._-") for word in _ASCII_WORD.findall(row.text)]
        named = [word for word in words if word in keys] + sorted(
            key for key in beyond_ascii if key in row.text
        )
        found.update((RelationSpec(row.key, key, "mentions"), None) for key in named if key != row.key)
    return tuple(found)


def _milestones(rows: list[Row]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        for key, title in row.milestones.items():
            found.setdefault(key, title)
    return found


def _sources(rows: list[Row], cells: list[CellSpec]) -> tuple[Sentence, ...]:
    if rows:
        return tuple(
            sentence(
                "The cells were discovered in the table of %(path)s; they are not declared in git yet.",
                path=path,
            )
            for path in dict.fromkeys(row.path for row in rows)
        )
    if cells:
        return (sentence("No table of cells was found; the folders under reports/ are proposed as cells."),)
    return (sentence("Projects were found by their folders, but nothing here names a cell."),)
