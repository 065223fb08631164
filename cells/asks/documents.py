"""The documents an ask is shown: STATE, memory and docs that speak of its cell, as they stand on main."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from cells.models import Cell
from cells.ssot.mirror import Change, Mirror

MOST = 200  # documents of one kind that are searched
SMALL = 200_000  # bytes of a JSON document that may be memory


class Documents:
    """The tree of one commit, read for one cell."""

    def __init__(self, cell: Cell, mirror: Mirror, head: str) -> None:
        self.cell, self.mirror, self.head = cell, mirror, head

    @cached_property
    def files(self) -> dict[str, Change]:
        return self.mirror.files(self.head)

    def text(self, path: str) -> str:
        """The whole document: half of one looks as if the other half were missing."""
        return self.mirror.text(self.head, path) or ""

    def states(self, runs: list[str]) -> Iterator[dict[str, Any]]:
        """The cell's own STATE document, its project's, then those that name one of its runs, or at least the cell."""
        project = self.cell.project.state_path if self.cell.project else ""
        first = [path for path in dict.fromkeys([self.cell.state_path, project]) if path in self.files]
        yield from (document(path, self.text(path)) for path in first)
        others = [
            p for p in sorted(self.files) if p.startswith("STATE/") and p.endswith(".md") and p not in first
        ]
        texts = {path: self.text(path) for path in others[:MOST]}
        yield from (document(path, text) for path, text in _naming(texts, runs, self.cell.key))

    def memory(self, runs: list[str]) -> Iterator[dict[str, Any]]:
        """The cell's memory document, then JSON under data/ that names one of its runs."""
        own = self.cell.memory.partition("#")[0]
        found = [p for p in sorted(self.files) if p.startswith("data/") and p.endswith(".json") and p != own]
        for path in [own, *found[:MOST]]:
            text = self._small(path)
            if not text or (path != own and not any(run in text for run in runs)):
                continue
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                yield {"path": path, "object": value, "trust": "ssot"}

    def _small(self, path: str) -> str:
        change = self.files.get(path)
        if change is None or self.mirror.sizes([change.blob])[change.blob] > SMALL:
            return ""
        return self.mirror.text(self.head, path) or ""

    def docs(self) -> Iterator[dict[str, Any]]:
        """Documents under docs/ that name the cell."""
        paths = [path for path in sorted(self.files) if path.startswith("docs/") and path.endswith(".md")]
        texts = {path: self.text(path) for path in paths[:MOST]}
        yield from (document(path, text) for path, text in texts.items() if self.cell.key in text)


def document(path: str, text: str) -> dict[str, Any]:
    return {"path": path, "text": text, "trust": "ssot"}


def _naming(texts: dict[str, str], runs: list[str], cell: str) -> list[tuple[str, str]]:
    """Documents that name a run, those naming more runs first; else those that name the cell."""
    counted = {path: sum(run in text for run in runs) for path, text in texts.items()}
    if any(counted.values()):
        found = sorted((path for path in texts if counted[path]), key=lambda path: (-counted[path], path))
    else:
        found = [path for path in texts if cell in texts[path]]
    return [(path, texts[path]) for path in found[:6]]
