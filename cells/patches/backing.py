"""What a proposal itself names as its evidence: per edit of an ask; of a branch in its message and in each file it changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import pygit2

from cells.contract.case import Citation
from cells.contract.citations import cited
from cells.models import Evidence, Patch
from cells.patches.cases import of_change
from cells.patches.known import Known, Trees, document_of, folder_of, past
from cells.ssot.mirror import Mirror

PER_RUN = 3  # documents of a run that are named


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that is named: its row when it is evidence on main. `own` comes with the proposal itself, and
    `missing` is nowhere; `line` is where in the changed file it is named, "" where nobody knows."""

    target: str
    path: str = ""
    row: Evidence | None = None
    line: str = ""
    own: bool = False
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Backing:
    """One edit, one changed file, or (without a path) the whole change, with what it names; nothing when it names nothing."""

    operation: str
    path: str
    where: str = ""
    named: tuple[Named, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether anything it names is evidence that stands without the proposal."""
        return any(one.row is not None and not one.own for one in self.named)


class Reading:
    """What one proposal names, looked up in git and in the evidence once."""

    def __init__(self, patch: Patch, mirror: Mirror) -> None:
        self.patch = patch
        head = patch.repository.head
        history = past(mirror, head)
        own = frozenset(file["path"] for file in patch.files if file["status"] != "deleted")
        self.known = Known(Trees(mirror), head, history.pull_requests, history.folders, own=own)
        self.mirror = mirror

    def backings(self) -> list[Backing]:
        """Of an ask's patch its edits, of a branch what its message names and then its files."""
        return self._edits() if self.patch.edits else self._files()

    def mentioned(self) -> dict[str, str]:
        """What the rationale points at that can be opened: as it is written, and its path."""
        paths = {one.target: self._paths(one) for one in self._said}
        return {target: named[0] for target, named in paths.items() if named}

    @cached_property
    def _said(self) -> tuple[Citation, ...]:
        """What the rationale points at: paths and runs."""
        found = self.known.resolved(cited((), self.patch.rationale))
        return tuple(one for one in found if one.kind in ("path", "run"))

    def _edits(self) -> list[Backing]:
        rows = self._rows(path for edit in self.patch.edits for path in edit.get("evidence", ()))
        return [
            Backing(
                edit["operation"],
                edit["path"],
                str(edit.get("match_heading") or edit.get("to") or ""),
                tuple(
                    Named(
                        path,
                        path,
                        rows.get(path),
                        "",
                        path in self.known.own,
                        not self.known.path_of(path, ""),
                    )
                    for path in edit.get("evidence", ())
                ),
            )
            for edit in self.patch.edits
        ]

    def _files(self) -> list[Backing]:
        found: defaultdict[str, list[Citation]] = defaultdict(list, {"": list(self._said)})
        for citation in self._cited():
            if citation.place and citation.kind in ("path", "run"):
                found[document_of(citation)].append(citation)
        paths = {one: self._paths(one) for some in found.values() for one in some}
        rows = self._rows(path for some in paths.values() for path in some)
        named = {path: tuple(_once(self._named(some, paths, rows), path)) for path, some in found.items()}
        # A message that names the files it brings describes them.
        general = tuple(one for one in named[""] if not one.own)
        files = [
            Backing(file["status"], file["path"], named=named.get(file["path"], ()))
            for file in self.patch.files
        ]
        return [Backing("", "", named=general), *files] if general else files

    def _cited(self) -> tuple[Citation, ...]:
        if not self.patch.merge_base:
            return ()
        try:
            return of_change(self.mirror, self.patch.merge_base, self.patch.tip, self.known).citations
        except (LookupError, ValueError, pygit2.GitError):  # a clone that left this out
            return ()

    def _paths(self, citation: Citation) -> list[str]:
        if citation.kind == "run":
            return list(islice(self.known.of_run(citation.target), PER_RUN))
        path = self.known.path_of(citation.target, folder_of(citation)) if citation.kind == "path" else ""
        return [path] if path and not self._folder(path) else []

    def _folder(self, path: str) -> bool:
        if path in self.known.own:
            return False
        try:
            return isinstance(self.mirror.commit(self.known.commit).tree / path, pygit2.Tree)
        except (KeyError, ValueError):
            return True  # a folder of the proposal's own

    def _named(
        self, citations: list[Citation], paths: dict[Citation, list[str]], rows: dict[str, Evidence]
    ) -> Iterable[Named]:
        for one in citations:
            line = one.place.rpartition(":")[2] if one.place != document_of(one) else ""
            if one.exists is False:
                yield Named(one.target, line=line, missing=True)
            for path in paths[one]:
                yield Named(one.target, path, rows.get(path), line, own=path in self.known.own)

    def _rows(self, paths: Iterable[str]) -> dict[str, Evidence]:
        wanted = set(paths)
        if not wanted:
            return {}
        rows = Evidence.objects.filter(repository_id=self.patch.repository_id, current=True, path__in=wanted)
        return {row.path: row for row in rows if row.source == Evidence.SSOT or not self._on_main(row.path)}

    def _on_main(self, path: str) -> bool:
        """A path means the repository's own file, where there is one of that name; else what GitHub told."""
        return self.known.trees.has(self.known.commit, path)


def _once(named: Iterable[Named], itself: str) -> Iterable[Named]:
    """Each path (or each target that is nowhere) once, where it is named first; a file is no evidence for itself."""
    seen: set[str] = set()
    for one in named:
        key = one.path or one.target
        if key not in seen and one.path != itself:
            seen.add(key)
            yield one
