"""What a proposal would change, computed from git: the files, whether it applies, and its digest.

An approval is bound to the digest: SHA-256 over the sorted list of (path, mode and blob on main now,
mode and blob after landing). It survives a main that moved elsewhere and dies with any touched byte.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pygit2

from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Merge, Mirror

STATUS = {"A": "added", "D": "deleted", "M": "modified", "R": "renamed", "C": "copied", "T": "retyped"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal against main as it stands.

    `files` is [{path, old_path, status, old, new, mode, added, removed, binary}] against the merge base;
    `merged` is what main would hold, None when it does not apply; `contained` when main holds it already.
    """

    main: str
    merge_base: str
    files: list[dict[str, Any]]
    merged: Merge | None
    digest: str
    contained: bool
    obstacle: Sentence | None

    def as_fields(self) -> dict[str, Any]:
        """What a patch's row says about landing it now."""
        return {
            "main": self.main,
            "merge_base": self.merge_base,
            "files": self.files,
            "applies": self.obstacle is None,
            "obstacle": self.obstacle.as_json() if self.obstacle else None,
            "digest": self.digest,
            "content": content(self.files),
        }


def compute(mirror: Mirror, main: str, tip: str) -> Proposal:
    """Never raises for a readable pair of commits; an obstacle is a sentence."""
    base = mirror.merge_base(main, tip)
    if not base:
        why = sentence("This branch shares no history with main, so there is nothing to compare it with.")
        return Proposal(main, "", [], None, _digest([tip]), False, why)
    files = changed_files(mirror.commit(base), mirror.commit(tip))
    merged = mirror.merge(base, main, tip)
    if merged.conflicts:
        why = sentence(
            "It no longer applies: main has changed %(paths)s since this was proposed. Edit it, or send it back.",
            paths=_and_so_on(merged.conflicts),
        )
        return Proposal(main, base, files, None, _digest([main, tip]), False, why)
    touched = _touched(mirror.commit(main).tree, merged.index)
    return Proposal(main, base, files, merged, _digest(touched), not touched, None)


def between(mirror: Mirror, before: str, after: str) -> str:
    """The digest of what changed from one commit to the other, as an approval names it."""
    index = pygit2.Index()
    index.read_tree(mirror.commit(after).tree)
    return _digest(_touched(mirror.commit(before).tree, index))


def content(files: list[dict[str, Any]]) -> str:
    """Names what a proposal's files would hold; twins share it. "" for one without files."""
    rows = sorted([file["path"], f"{file.get('mode', '')} {file.get('new', '')}"] for file in files)
    return _digest(rows) if rows else ""


def changed_files(old: pygit2.Commit, new: pygit2.Commit) -> list[dict[str, Any]]:
    """One row per changed path, renames found, with added and removed lines."""
    diff = old.tree.diff_to_tree(new.tree, context_lines=0)
    diff.find_similar()
    return [_row(patch) for patch in diff if patch is not None]


def _row(patch: pygit2.Patch) -> dict[str, Any]:
    delta = patch.delta
    _, added, removed = patch.line_stats
    return {
        "path": clean(delta.new_file.path),
        "old_path": clean(delta.old_file.path),
        "status": STATUS.get(delta.status_char(), "modified"),
        "old": str(delta.old_file.id),
        "new": str(delta.new_file.id),
        "mode": f"{int(delta.new_file.mode):o}",
        "added": added,
        "removed": removed,
        "binary": bool(delta.is_binary),
    }


def clean(path: str) -> str:
    """A path that any database stores: undecodable bytes become U+FFFD."""
    return path.encode("utf-8", "replace").decode().replace("\0", "�")


def _touched(main: pygit2.Tree, merged: pygit2.Index) -> list[list[str]]:
    diff = main.diff_to_index(merged)
    return sorted(
        [
            clean(d.new_file.path),
            f"{int(d.old_file.mode):o} {d.old_file.id}",
            f"{int(d.new_file.mode):o} {d.new_file.id}",
        ]
        for d in diff.deltas
    )


def _digest(content: list[Any]) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()


def _and_so_on(paths: tuple[str, ...], shown: int = 3) -> str:
    names = ", ".join(clean(path) for path in paths[:shown])
    return f"{names} (+{len(paths) - shown})" if len(paths) > shown else names
