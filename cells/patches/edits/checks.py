"""What every edit must satisfy before anything is read: its fields, a path git can hold, text a database can store."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from pydantic import ValidationError

from cells.sentences import Sentence, sentence

PATH_BYTES = 400
FILE_BYTES = 1_000_000
OPERATIONS = ("append_after_heading", "replace_section", "merge_json", "add_file", "replace_file", "archive")
DEEP = 50  # objects within objects; more is damage, not data
SHOWN = 80  # characters of a foreign text within a sentence


class EditRefused(Exception):
    """An edit that cannot be made; nothing of the whole list is."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(str(why))
        self.why = why


def shown(text: str) -> str:
    """A foreign text as it may stand in a sentence: short, visible characters only."""
    seen = "".join("\ufffd" if _invisible(letter) else letter for letter in text[: SHOWN + 1])
    return seen if len(text) <= SHOWN else f"{seen[:SHOWN]}…"


def check_path(path: str) -> None:
    """Raises EditRefused unless the path is relative, normalised and stays clear of git's own folder."""
    parts = path.split("/")
    if (
        any(part in ("", ".", "..") or _is_gits(part) for part in parts)
        or "\\" in path
        or any(map(_invisible, path))
        or len(path.encode("utf-8", "replace")) > PATH_BYTES
    ):
        raise EditRefused(
            sentence(
                "%(path)s is not a path to write to; use a relative one with /, without .., .git or invisible characters, of at most %(limit)s bytes.",
                path=shown(path) or '""',
                limit=PATH_BYTES,
            )
        )


def check_content(path: str, content: dict[str, Any]) -> None:
    """Raises EditRefused unless the edit's values are JSON of bounded depth and size, and text throughout."""
    why = sentence(
        "The edit of %(path)s holds something that is neither text nor JSON (NUL, half a character, NaN); leave it out.",
        path=shown(path),
    )
    if _too_deep(content):
        raise EditRefused(
            sentence(
                "The edit of %(path)s is nested more than %(limit)s levels deep; make it flatter.",
                path=shown(path),
                limit=DEEP,
            )
        )
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except (TypeError, ValueError) as error:
        raise EditRefused(why) from error
    # Escaped backslashes aside, \u0000 can only be a NUL.
    if "\\u0000" in text.replace("\\\\", ""):
        raise EditRefused(why)
    # Quotes and line ends take two bytes in JSON; what is written is measured again.
    if size > 2 * FILE_BYTES:
        raise too_large(path)


def too_large(path: str) -> EditRefused:
    return EditRefused(
        sentence(
            "%(path)s would hold more than %(limit)s bytes; propose something smaller.",
            path=shown(path),
            limit=FILE_BYTES,
        )
    )


def what_is_wrong(error: ValidationError) -> Sentence:
    """The first of pydantic's complaints as a sentence: which edit, which field, what to do."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = first["loc"]
    if not where:
        return sentence("The edits are not a list; send a list of objects, each with its operation.")
    number = int(where[0]) + 1
    if len(where) < 3:
        return sentence(
            "Edit %(number)s is not an object with one of these operations: %(operations)s; give it one of them.",
            number=number,
            operations=", ".join(OPERATIONS),
        )
    field = shown(".".join(map(str, where[2:])))
    if first["type"] == "missing":
        return sentence(
            "Edit %(number)s (%(operation)s) lacks %(field)s; add it.",
            number=number,
            operation=str(where[1]),
            field=field,
        )
    if first["type"] == "extra_forbidden":
        return sentence(
            "Edit %(number)s (%(operation)s) has no field %(field)s; leave it out.",
            number=number,
            operation=str(where[1]),
            field=field,
        )
    return sentence(
        "In edit %(number)s (%(operation)s), %(field)s has the wrong type; text is wanted, an object for merge, a list of texts for evidence.",
        number=number,
        operation=str(where[1]),
        field=field,
    )


def _invisible(letter: str) -> bool:
    """Controls, bidirectional and zero-width marks, halves of characters, line separators."""
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _is_gits(part: str) -> bool:
    # Some file systems take ".GIT", ".git. " or "git~1" for ".git".
    return part.casefold().split(":")[0].rstrip(". ") in (".git", "git~1")


def _too_deep(content: Any) -> bool:
    level = [content]
    for _ in range(DEEP + 1):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list | tuple)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return bool(level)
