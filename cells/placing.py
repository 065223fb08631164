"""Which cells and lanes a path or a text is about, by the swarm as it is described now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from cells.evidence.assign import CellHint, CellIndex, cells_of, lane_of
from cells.models import Cell, Lane, Repository


class Placer:
    """Which cells and lane a proposal touches, by its paths, and by the cells' STATE documents."""

    def __init__(self, repository: Repository) -> None:
        self.cells = {cell.key: cell for cell in repository.cells.select_related("lane")}
        self.lanes = {lane.key: lane for lane in repository.lanes.all()}
        self.by_state = {
            cell.state_path: cell
            for cell in self.cells.values()
            if cell.state_path and not cell.state_section
        }
        self.hints = index_of(self.cells.values())

    def touched(self, files: list[dict[str, Any]], words: str) -> tuple[list[Cell], Lane | None]:
        """By the paths of `files`; when they name no cell, by the words of its branch and title."""
        cells: dict[str, Cell] = {}
        lanes: list[Lane] = []
        for path in [file["path"] for file in files[:200]]:
            found, family = self.at(path)
            cells.update({cell.key: cell for cell in found})
            lanes += family
        if not cells:
            cells = {match.key: self.cells[match.key] for match in cells_of(words, words, self.hints)}
        return list(cells.values()), next(iter([cell.lane for cell in cells.values()] + lanes), None)

    def at(self, path: str) -> tuple[list[Cell], list[Lane]]:
        """The cells one path names, and the lane its family has."""
        found = [self.cells[match.key] for match in cells_of(path, "", self.hints)]
        found += [self.by_state[path]] if path in self.by_state else []
        return found, [self.lanes[lane_of(path)]] if lane_of(path) in self.lanes else []

    def lanes_of(self, files: list[dict[str, Any]]) -> set[int] | None:
        """Ids of every lane that the paths alone belong to; None when one of them belongs nowhere.

        The words of a branch or a title say nothing here: the proposer chooses them.
        """
        lanes: set[int] = set()
        for path in {name for file in files for name in (file["path"], file["old_path"])}:
            cells, family = self.at(path)
            if not cells and not family:
                return None
            lanes |= {cell.lane_id for cell in cells} or {lane.pk for lane in family}
        return lanes or None


def index_of(cells: Iterable[Cell]) -> CellIndex:
    """What tells a path or a text that it is about a cell."""
    cells = list(cells)
    keys = {cell.key for cell in cells}
    return CellIndex(
        CellHint(cell.key, short_names(cell.key, keys), tuple(cell.evidence_globs), cell.lane.key)
        for cell in cells
    )


def short_names(key: str, keys: set[str]) -> tuple[str, ...]:
    """The key without its stage or version ("hello-s5" is spoken of as hello), unless that is another cell's."""
    name = re.sub(r"[-_.][a-z]{1,2}\d+$", "", key)
    return (name,) if name not in keys else ()
