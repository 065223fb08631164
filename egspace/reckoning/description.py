"""The swarm that a tree describes: its swarm.toml files, or what is discovered. The same for now and for any past commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from cells.evidence.assign import CellHint, CellIndex
from cells.placing import short_names
from cells.ssot.discovery import discover, wanted
from cells.ssot.swarm import Swarm, SwarmBroken
from cells.sync.swarm import declared_in, described

Tree = Mapping[str, str]  # path to blob


class Describer:
    """Reads the swarms of many trees of one repository; what did not change between two is read once.

    `document` reads a blob as text; `whole` too, up to the size of a swarm.toml, None beyond.
    """

    def __init__(self, document: Callable[[str], str], whole: Callable[[str], str | None]) -> None:
        self.document, self.whole = document, whole
        self._seen: dict[tuple[object, ...], Swarm] = {}

    def at(self, tree: Tree, last: Swarm | None = None) -> Swarm:
        """A broken swarm.toml keeps `last`, the good one before it."""
        paths = list(tree)
        files = declared_in(paths)
        key = tuple((path, tree[path]) for path in files) or self._clues(tree, paths)
        if key not in self._seen:
            try:
                self._seen[key] = self._declared(tree, files) if files else self._discovered(tree, paths)
            except SwarmBroken:
                return last or Swarm()
        return self._seen[key]

    def _declared(self, tree: Tree, files: list[str]) -> Swarm:
        return described({path: self.whole(tree[path]) for path in files})

    def _discovered(self, tree: Tree, paths: list[str]) -> Swarm:
        return discover(paths, {path: self.document(tree[path]) for path in wanted(paths)})

    def _clues(self, tree: Tree, paths: list[str]) -> tuple[object, ...]:
        """What discovery looks at: its documents, the project folders, and which folders of reports hold how much."""
        documents = tuple((path, tree[path]) for path in wanted(paths))
        folders = Counter(tuple(path.split("/")[:2]) for path in paths if path.startswith("reports/"))
        projects = {tuple(path.split("/")[:3]) for path in paths if path.startswith("docs/projects/")}
        return (documents, frozenset((one, min(n, 3)) for one, n in folders.items()), frozenset(projects))


def touches(paths: Iterable[str]) -> bool:
    """Whether a change of these paths can change what is described; cheap, and never wrongly False."""
    return any(path.endswith((".md", ".MD", "swarm.toml")) or path.startswith("reports/") for path in paths)


def index_of(swarm: Swarm) -> CellIndex:
    """What tells a path that it is about a cell of this swarm."""
    keys = {cell.key for cell in swarm.cells}
    return CellIndex(
        CellHint(cell.key, short_names(cell.key, keys), cell.evidence, cell.lane) for cell in swarm.cells
    )
