"""Many globs at once: most of them name a folder or a file name, and only the rest is matched part by part."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from cells.evidence.globs import glob


class Globs:
    """`Globs(("reports/**", "*.md")).match(path)`: whether any of the globs matches, read as `cells.evidence.globs` does."""

    def __init__(self, patterns: Iterable[str]) -> None:
        folders, names, others = [], [], []
        for one in map(glob, patterns):
            for parts in one.alternatives:
                match parts:
                    case (*above, None) if all(isinstance(part, str) for part in above):
                        folders.append("".join(f"{part}/" for part in above))
                    case (None, str(name)):
                        names.append(re.escape(name) + r"\Z")
                    case (None, re.Pattern() as shape):
                        names.append(shape.pattern)
                    case _:
                        others.append(one)
        self._folders = tuple(folders)
        self._names = re.compile("|".join(names) or "(?!)")
        self._others = tuple(dict.fromkeys(others))

    def match(self, path: str) -> bool:
        return (
            # `reports/**` means the path `reports`, too.
            f"{path}/".startswith(self._folders)
            or self._names.match(path, path.rfind("/") + 1) is not None
            or any(other.matches(path) for other in self._others)
        )


@lru_cache(maxsize=256)
def globs(patterns: tuple[str, ...]) -> Globs:
    """The compiled globs; a contract has a dozen such lists."""
    return Globs(patterns)
