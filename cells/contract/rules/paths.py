"""Where a proposal may write: its lane, what is protected, and evidence that is there to stay."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from cells.contract.globs import globs
from cells.contract.rules import Finding
from cells.contract.seen import Seen
from cells.sentences import sentence

_LONGEST = 400
# A repository may narrow the list of protected files, but never leave these out.
_STEERING = ("contract.toml", "**/contract.toml", "swarm.toml", "**/swarm.toml")
# What Windows refuses or reads as something else: `git~1` is `.git`, `con.md` a device, `a:b` a stream of `a`.
_RISKY = re.compile(
    r"""[:<>"|?*] | ~[0-9] | [. ](?:/|\Z)
    | (?:^|/)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=[ ./]|\Z)""",
    re.VERBOSE | re.IGNORECASE,
)


def fits(path: str, patterns: Sequence[str]) -> bool:
    """Whether any glob matches the path as it stands, or as file systems read it that ignore letters' case.

    For what protects; what allows something asks `fits_exactly`.
    """
    return fits_exactly(path, patterns) or globs(_folded(tuple(patterns))).match(_fold(path))


def fits_exactly(path: str, patterns: Sequence[str]) -> bool:
    """Whether any glob matches the path as it stands."""
    return globs(tuple(patterns)).match(path)


@lru_cache(maxsize=256)
def _folded(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_fold, patterns))


def _fold(path: str) -> str:
    return path.lower() if path.isascii() else unicodedata.normalize("NFKC", path).casefold()


def ordinary(path: str) -> bool:
    """Whether a path is what it looks like: relative, without detours, of visible characters."""
    parts = path.split("/")
    plain = not any(part in ("", ".", "..") or part != part.strip() for part in parts)
    hidden = not path.isprintable() and any(unicodedata.category(char)[0] == "C" for char in path)
    return plain and not hidden and "\\" not in path and len(path) <= _LONGEST and not _RISKY.search(path)


def lane_paths(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    if seen.lane_paths is not None:
        for path in seen.paths:
            if not fits_exactly(path, seen.lane_paths):
                yield (
                    path,
                    sentence(
                        "The lane %(lane)s may not change this path; move the change to a proposal of the right lane.",
                        lane=seen.case.lane,
                    ),
                )


def protected(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    paths = (*_STEERING, *params["paths"])
    for path in seen.paths:
        if fits(path, paths):
            yield path, sentence("This path is protected; a person reviews every change of it.")


def path_form(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for path in seen.paths:
        if not ordinary(path):
            yield (
                _shown(path),
                sentence(
                    "This path is not a plain path inside the repository; rename the file before it can land."
                ),
            )


def path_shadow(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for shadow in seen.case.shadows:
        yield (
            _shown(shadow.partition(" → ")[0]),
            sentence(
                "Where letters' case and form do not count, this path is the same as one that exists "
                "(%(paths)s); give the new file another name.",
                paths=_shown(shadow),
            ),
        )


def _shown(path: str) -> str:
    """The path with what nobody could see written out."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in path[:_LONGEST])


def evidence_kept(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for file in seen.case.files:
        gone = file.old_path if file.status == "renamed" else file.path
        if file.status not in ("added", "copied") and fits(gone, params["paths"]):
            yield gone, sentence("Evidence is never overwritten; add a newer file beside it instead.")


def deleted(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for file in seen.case.files:
        if file.status == "deleted":
            yield file.path, sentence("This file would be deleted; check that nothing needs it.")


def unseen(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for path in seen.case.unseen:
        yield path, sentence("The proposal touches this path, but its content is not here; look at it there.")
