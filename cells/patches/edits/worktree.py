"""The documents of a proposal while it is rendered: what `read` gives, and what the edits made of it."""

from __future__ import annotations

from collections.abc import Callable

from cells.patches.edits.checks import EditRefused
from cells.sentences import sentence

PARSED = 100_000  # lines of text taken apart for one proposal, some ten seconds at worst


class Worktree:
    """The documents as the edits so far leave them; each is read once."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._old: dict[str, bytes | None] = {}
        self._new: dict[str, bytes | None] = {}
        self._parsed = 0

    def get(self, path: str) -> bytes | None:
        if path in self._new:
            return self._new[path]
        if path not in self._old:
            self._old[path] = self._read(path)
        return self._old[path]

    def put(self, path: str, content: bytes | None) -> None:
        """What now stands there. `get` was asked before, so the old bytes are known."""
        self._new[path] = content

    def spend(self, text: str) -> None:
        """Taking the same large document apart again for every edit would take minutes; a long line costs as several."""
        self._parsed += 1 + text.count("\n") + text.count("\r") + len(text) // 100
        if self._parsed > PARSED:
            raise EditRefused(
                sentence(
                    "These edits change too many lines of large documents at once; split them into several proposals."
                )
            )

    def in_the_way(self, path: str) -> str:
        """The file a new file's folder would have to replace, or one that stands below it; "" for none."""
        parts = path.split("/")
        above = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        below = (other for other, content in self._new.items() if content is not None)
        return next(
            (other for other in above if self.get(other) is not None),
            next((other for other in below if other.startswith(f"{path}/")), ""),
        )

    def changed(self) -> dict[str, bytes | None]:
        return {path: new for path, new in sorted(self._new.items()) if new != self._old[path]}
