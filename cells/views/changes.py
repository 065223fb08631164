"""What a patch changes, for the person who decides: rendered, side by side or unified, and what supports each part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pygit2
from django.urls import reverse
from django.utils.translation import ngettext

from cells.models import Patch, Repository
from cells.patches import diff
from cells.patches.backing import Backing, Reading
from cells.patches.rendered import pieces
from cells.patches.rendered.mentions import linked
from cells.patches.rendered.tree import TooMuch
from cells.patches.rendered.words import Room
from cells.ssot.mirror import FILE_MODES, READ_LIMIT, Mirror
from cells.views.chosen import Asked

RENDERED, SPLIT, UNIFIED = "rendered", "split", "unified"
VIEWS = (RENDERED, SPLIT, UNIFIED)
PROSE = (".md", ".markdown")
LISTED = 8  # pieces of evidence of one file before the rest is folded
Line = tuple[str, diff.Side]


@dataclass(frozen=True, slots=True)
class Shown:
    """One changed file: rendered, or as a table in `table`'s way. `quiet` are changed lines that do not show in `rendered`."""

    number: int
    file: diff.FileDiff
    table: str
    rendered: pieces.Rendered | None = None
    quiet: tuple[Line, ...] = ()
    backing: int = 0  # the number of the entry of "what supports it" that is about this file
    supported: bool = False

    @property
    def whole(self) -> bool:
        """Whether the document came or went as a whole, so that no word of it is marked."""
        return self.file.status in ("added", "deleted")


@dataclass(frozen=True, slots=True)
class Support:
    """One entry of "what supports it", and the file it is shown in (0: not on this page)."""

    number: int
    backing: Backing
    file: int

    @property
    def first(self) -> tuple[Any, ...]:
        return self.backing.named[:LISTED]

    @property
    def more(self) -> tuple[Any, ...]:
        return self.backing.named[LISTED:]


def changes(request: Asked, patch: Patch) -> dict[str, Any]:
    """What cells/changes.html shows, and the rationale with links to what it names."""
    mirror = Mirror(patch.repository.mirror)
    found = diff.files(mirror, patch.merge_base, patch.tip) if patch.merge_base else []
    prose = any(is_prose(file) for file in found)
    view = chosen_view(request, prose)
    reading = Reading(patch, mirror)
    backings = reading.backings()
    places = {
        path: number for number, file in enumerate(found, start=1) for path in (file.old_path, file.path)
    }
    supports = [Support(number, one, places.get(one.path, 0)) for number, one in enumerate(backings, start=1)]
    return {
        "files": _shown(mirror, found, view, supports),
        "more_files": len(patch.files) - len(found) if patch.merge_base else 0,
        "view": view,
        "views": VIEWS if prose else (SPLIT, UNIFIED),
        "supports": [one for one in supports if one.backing.named or patch.edits],
        "unsupported": [one for one in supports if not one.backing.named and not patch.edits],
        "general": any(not one.backing.path for one in supports),
        "rationale": rationale(patch, reading.mentioned()),
    }


def rationale(patch: Patch, named: dict[str, str]) -> str:
    """Why, as its author wrote it; what it names opens."""
    return linked(
        patch.rationale, named, lambda name, line: file_url(patch.repository, named[name], "", line)
    )


def file_url(repository: Repository, path: str, commit: str, line: str = "") -> str:
    """Where a line of a file is shown; at main's head when no commit is named."""
    query = urlencode({"repo": repository.key, "path": path, "commit": commit or repository.head})
    return f"{reverse('file')}?{query}" + (f"#L{line}" if line else "")


def chosen_view(request: Asked, prose: bool) -> str:
    """The way asked for, which is then remembered; else the one remembered; rendered for prose, where nobody chose."""
    asked = request.GET.get("diff", "")
    if asked in VIEWS and request.session.get("diff") != asked:
        request.session["diff"] = asked
    chosen = asked if asked in VIEWS else request.session.get("diff", RENDERED)
    return SPLIT if chosen == RENDERED and not prose else str(chosen)


def is_prose(file: diff.FileDiff) -> bool:
    """Whether it is a Markdown document whose text changed, came or went."""
    regular = file.status == "deleted" or (file.mode in FILE_MODES and file.status != "retyped")
    named = file.path.lower().endswith(PROSE)
    return named and regular and not file.binary and not file.cut and bool(file.added + file.removed)


def _shown(mirror: Mirror, files: Iterable[diff.FileDiff], view: str, supports: list[Support]) -> list[Shown]:
    room, found = Room(), []
    for number, file in enumerate(files, start=1):
        # The message of a branch speaks for every file of it that names nothing itself.
        about = [one for one in supports if one.file == number and one.backing.named]
        about = about or [one for one in supports if not one.backing.path or one.file == number]
        seen = _rendered(mirror, file, room) if view == RENDERED and is_prose(file) else None
        whole = file.status in ("added", "deleted")
        found.append(
            Shown(
                number, file,
                table=UNIFIED if view == UNIFIED or (view == RENDERED and whole) else SPLIT,
                rendered=seen,
                quiet=tuple(quiet(file, seen)) if seen else (),
                backing=about[0].number if about and file.added + file.removed else 0,
                supported=any(one.backing.supported for one in about),
            )
        )  # fmt: skip
    return found


def _rendered(mirror: Mirror, file: diff.FileDiff, room: Room) -> pieces.Rendered | None:
    """None where a document cannot be rendered as it is: the table shows it then."""
    try:
        old = "" if file.status == "added" else _text(mirror, file.old_blob)
        new = "" if file.status == "deleted" else _text(mirror, file.new_blob)
        if file.status in ("added", "deleted"):
            return pieces.alone(new or old, room)
        return pieces.compare(old, new, room, folded)
    except (LookupError, ValueError, pygit2.GitError):  # TooMuch, no UTF-8, or a clone that left it out
        return None


def _text(mirror: Mirror, blob: str) -> str:
    if mirror.sizes([blob])[blob] > READ_LIMIT:
        raise TooMuch
    return mirror.data(blob).decode("utf-8-sig")


def quiet(file: diff.FileDiff, seen: pieces.Rendered) -> Iterable[Line]:
    """Changed lines that nobody sees in the rendered document, as a unified diff has them; blank ones are none."""
    for hunk in file.hunks:
        for kind, side in hunk.unified:
            lines = {"removed": seen.old_lines, "added": seen.new_lines}.get(kind)
            if (
                lines is not None
                and side.number not in lines
                and any(part.text.strip() for part in side.parts)
            ):
                yield kind, side


def folded(lines: int) -> str:
    """What stands where unchanged lines were folded."""
    return ngettext("… %(n)s unchanged line …", "… %(n)s unchanged lines …", lines) % {"n": lines}
