"""The paths that stand on main: who holds the same bytes, and whose name is the same to a careless file system."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from cells.contract.case import File
from cells.patches.change import clean
from cells.ssot.mirror import Mirror


class Ground:
    """The tree of one commit ("": nothing). It is listed when the first question comes, and only once."""

    def __init__(self, mirror: Mirror, commit: str) -> None:
        self.mirror, self.commit = mirror, commit

    def holding(self, blob: str, without: Collection[str]) -> str:
        """The first path with these bytes that is none of `without`; "" when there is none."""
        return next((path for path in self._by_blob.get(blob, ()) if path not in without), "")

    def shadowed(self, files: Iterable[File]) -> Iterator[str]:
        """ "new → existing" for each new path that only case or normal form tells from another one."""
        files = [file for file in files if file.status != "deleted"]
        gone = {file.old_path for file in files if file.status == "renamed"}
        new = [file.path for file in files if file.status in ("added", "copied", "renamed")]
        first: dict[str, str] = {}
        for path in new:
            folded = fold(path)
            standing = [other for other in self._by_fold.get(folded, ()) if other not in gone]
            other = next(iter(standing), first.setdefault(folded, path))
            if other != path and path not in standing:
                yield f"{path} → {other}"

    @cached_property
    def _files(self) -> list[tuple[str, str]]:
        """(path, blob), in the order of the paths."""
        listed = self.mirror.files(self.commit) if self.commit else {}
        return sorted((clean(path), change.blob) for path, change in listed.items())

    @cached_property
    def _by_blob(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path, blob in self._files:
            found.setdefault(blob, []).append(path)
        return found

    @cached_property
    def _by_fold(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path, _ in self._files:
            found.setdefault(fold(path), []).append(path)
        return found


def fold(path: str) -> str:
    """One name for all that differ in case or normal form only."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
