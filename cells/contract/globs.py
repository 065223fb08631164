"""Many globs at once: most of them name a folder or a file name, and only the rest is matched part by part."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from cells.evidence.globs import Part, glob


class Globs:
    """`Globs(("reports/**", "*.md")).match(path)`: whether any of the globs matches, read as `cells.evidence.globs` does."""

    def __init__(self, patterns: Iterable[str]) -> None:
        folders, names, others = [], [], []
        for one in map(glob, patterns):
            for *above, last in one.alternatives:
                if last is None and all(isinstance(part, str) for part in above):
                    folders.append("".join(f"{part}/" for part in above))
                elif above == [None]:
                    names.append(_name(last))
                else:
                    others.append((re.compile(_name(last)), one))
        self._folders = tuple(folders)
        self._names = re.compile("|".join(names) if names else "(?!)")
        self._others = tuple(others)

    def match(self, path: str) -> bool:
        # `reports/**` means the path `reports`, too.
        if f"{path}/".startswith(self._folders):
            return True
        name = path[path.rfind("/") + 1 :]
        if self._names.match(name):
            return True
        return any(last.match(name) and whole.matches(path) for last, whole in self._others)


def _name(part: Part) -> str:
    """A regex for the last part of a path; nothing is known of it where a glob ends in `**`."""
    if part is None:
        return ""
    return part.pattern if isinstance(part, re.Pattern) else re.escape(part) + r"\Z"


@lru_cache(maxsize=256)
def globs(patterns: tuple[str, ...]) -> Globs:
    """The compiled globs; a contract has a dozen such lists."""
    return Globs(patterns)
