"""A diff of two trees as files with their bytes, as far as git holds them and they can be read."""

from __future__ import annotations

from typing import Literal, cast

import pygit2

from cells.contract.case import File
from cells.patches import change
from cells.ssot.mirror import READ_LIMIT, SUBMODULE, Mirror

READ_MOST = 20_000_000  # bytes of one change; what lies beyond is known by name and size
NUL_WITHIN = 8_000  # where git looks, too

Status = Literal["added", "modified", "deleted", "renamed", "copied", "retyped"]


def files_of(mirror: Mirror, diff: pygit2.Diff) -> tuple[File, ...]:
    """One file for each changed path, renames found. Never raises for a diff git could make."""
    # Finding renames costs as much as all the rest, and there is none unless something goes away.
    if any(delta.status_char() == "D" for delta in diff.deltas):
        diff.find_similar()
    files, room = [], READ_MOST
    for delta in diff.deltas:
        file = _file(mirror, delta, room)
        room -= len(file.old or b"") + len(file.new or b"")
        files.append(file)
    return tuple(files)


def _file(mirror: Mirror, delta: pygit2.DiffDelta, room: int) -> File:
    status = cast(Status, change.STATUS.get(delta.status_char(), "modified"))
    old, old_size, old_read = _side(mirror, delta.old_file, status == "added", room)
    new, new_size, new_read = _side(mirror, delta.new_file, status == "deleted", room - len(old or b""))
    return File(
        path=change.clean(delta.new_file.path),
        status=status,
        old=old,
        new=new,
        old_path=change.clean(delta.old_file.path) if status in ("renamed", "copied") else "",
        old_mode=f"{int(delta.old_file.mode):06o}",
        new_mode=f"{int(delta.new_file.mode):06o}",
        size=old_size if status == "deleted" else new_size,
        binary=any(b"\0" in (side or b"")[:NUL_WITHIN] for side in (old, new)),
        read=old_read and new_read,
    )


def _side(mirror: Mirror, side: pygit2.DiffFile, absent: bool, room: int) -> tuple[bytes | None, int, bool]:
    """One side's bytes, its size, and whether that is all there is to know."""
    if absent:
        return None, 0, True
    if f"{int(side.mode):o}" == SUBMODULE:
        return None, 0, False
    blob = str(side.id)
    try:
        size = mirror.sizes([blob])[blob]
        return (mirror.data(blob), size, True) if size <= min(READ_LIMIT, room) else (None, size, False)
    except (KeyError, pygit2.GitError):  # a clone that left blobs out
        return None, 0, False
