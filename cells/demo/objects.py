"""Writing commits straight into a bare repository's object database, without a work tree.

A tree is made from another tree plus changes, so every commit costs only what it changes. The
objects are kept in memory and written once, as one pack: thousands of loose files take five
times as long to write and are slow to read and to copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import pygit2
from pygit2.enums import FileMode

# Path to new bytes; None removes the file.
Changes = Mapping[str, bytes | None]


class Memory(pygit2.OdbBackend):
    """An object database backend that keeps what is written, as (type, bytes) by id."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[pygit2.Oid, tuple[int, bytes]] = {}

    def write_cb(self, oid: pygit2.Oid, data: bytes, kind: int) -> None:
        self.objects[oid] = (kind, bytes(data))

    def read_cb(self, oid: pygit2.Oid) -> tuple[int, bytes]:
        return self.objects[oid]

    def read_header_cb(self, oid: pygit2.Oid) -> tuple[int, int]:
        kind, data = self.objects[oid]
        return kind, len(data)

    def read_prefix_cb(self, prefix: str) -> tuple[int, bytes, pygit2.Oid]:
        # libgit2 looks a full id up as a prefix of forty characters; shorter ones never reach us.
        oid = pygit2.Oid(hex=prefix)
        return (*self.objects[oid], oid)

    def exists_cb(self, oid: pygit2.Oid) -> bool:
        return oid in self.objects

    def refresh_cb(self) -> None:
        """Nothing changes behind our back."""


class Writer:
    """One bare repository under construction at `path` (created; branch main)."""

    def __init__(self, path: Path) -> None:
        self.repo = pygit2.init_repository(str(path), bare=True, initial_head="main")
        self.memory = Memory()
        # Before the loose files, whose priority is 1 and which accept every write.
        self.repo.odb.add_backend(self.memory, 10)

    def commit(
        self,
        parents: Iterable[pygit2.Oid],
        changes: Changes,
        author: tuple[str, str],
        at: datetime,
        message: str,
    ) -> pygit2.Oid:
        """A commit that is its first parent's tree with `changes`; refs are left alone."""
        parents = list(parents)
        base = self.repo[parents[0]].peel(pygit2.Tree) if parents else None
        tree = self._tree(base, changes) or self.repo.TreeBuilder().write()
        offset = at.utcoffset()
        minutes = round(offset.total_seconds() / 60) if offset else 0
        who = pygit2.Signature(*author, int(at.timestamp()), minutes, "utf-8")
        return self.repo.create_commit(None, who, who, message, tree, parents)

    def branch(self, name: str, commit: pygit2.Oid) -> None:
        self.repo.references.create(f"refs/heads/{name}", commit)

    def read(self, commit: pygit2.Oid, path: str) -> bytes:
        """The bytes of one file at a commit; KeyError when it is not there."""
        found = self.repo[commit].peel(pygit2.Tree)[path]
        return found.peel(pygit2.Blob).data

    def paths(self, commit: pygit2.Oid, folder: str) -> list[str]:
        """Every file below `folder` at a commit, sorted."""
        return sorted(self._walk(self.repo[commit].peel(pygit2.Tree)[folder], folder))

    def finish(self) -> None:
        """Write everything made so far to disk; until then the repository is empty."""

        def everything(pack: pygit2.PackBuilder) -> None:
            for oid in self.memory.objects:
                pack.add(oid)

        self.repo.pack(pack_delegate=everything)

    def _walk(self, node: pygit2.Object, path: str) -> Iterable[str]:
        if not isinstance(node, pygit2.Tree):
            yield path
            return
        for child in node:
            yield from self._walk(child, f"{path}/{child.name}")

    def _tree(self, base: pygit2.Tree | None, changes: Changes) -> pygit2.Oid | None:
        """`base` with `changes` as a written tree, None when nothing is left in it."""
        builder = self.repo.TreeBuilder(base) if base is not None else self.repo.TreeBuilder()
        inner: dict[str, dict[str, bytes | None]] = {}
        for path, body in changes.items():
            head, _, rest = path.partition("/")
            if rest:
                inner.setdefault(head, {})[rest] = body
            elif body is None:
                builder.remove(head)
            else:
                builder.insert(head, self.repo.create_blob(body), FileMode.BLOB)
        for name, below in inner.items():
            folder = base[name] if base is not None and name in base else None
            tree = self._tree(folder if isinstance(folder, pygit2.Tree) else None, below)
            if tree is not None:
                builder.insert(name, tree, FileMode.TREE)
            elif folder is not None:
                builder.remove(name)
        return builder.write() if len(builder) else None
