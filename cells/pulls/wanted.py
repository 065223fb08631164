"""Which cell, in which mode, about which patch a comment asks; or the sentence that says what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, When

from cells.asks import asking, modes
from cells.models import AskComment, Cell, Patch, PullRequest
from cells.patches import life
from cells.placing import Placer
from cells.pulls import asked
from cells.refusals import Refused
from cells.sentences import sentence

DEFAULT = "u_contract"
ABOUT_ALL, KEEPERS = (
    "pr_groomer",
    "persist-report",
)  # it asks about all proposals; the lane that keeps such records
LISTED = 8

BROKEN = sentence("Its CONTEXT_JSON is not one JSON object, so nothing was asked. Write a new comment.")
NO_PATCH = sentence("This mode asks about a waiting patch: write the comment under its pull request.")


class NotReadYet(Exception):
    """It stands under a pull request that was not mirrored yet; a little later it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    cell: Cell
    mode: str
    notes: str
    subject: Patch | None


def wanted(comment: AskComment, said: asked.Said) -> Wanted:
    """Raises Refused and NotReadYet."""
    if said.broken:
        raise Refused(BROKEN)
    cells = {cell.key: cell for cell in comment.connection.repository.cells.select_related("lane", "project")}
    wish = asked.wish(said, modes=modes.modes(), cells=cells, most=asking.LONGEST)
    mode = wish.mode or DEFAULT
    asking.check_mode(mode)
    patch = _patch(comment, mode, wish)
    cell = _named(cells, wish.cell, mode) if wish.cell else _meant(cells, comment, mode, wish, patch)
    if not _takes_patch(mode):
        return Wanted(cell, mode, wish.notes, None)
    if modes.mode(mode).about_patch:
        if patch is None:
            raise Refused(NO_PATCH)
        return Wanted(cell, mode, wish.notes, patch)
    return Wanted(cell, mode, wish.notes, patch if patch and patch.state == life.PROPOSED else None)


def _patch(comment: AskComment, mode: str, wish: asked.Wish) -> Patch | None:
    """What the pull request it stands under proposes; the one that waits, else the newest."""
    if not comment.on_pull:
        return None
    pulls = PullRequest.objects.filter(connection=comment.connection, number=comment.number)
    rows = Patch.objects.filter(repository=comment.connection.repository, pull__in=pulls)
    waits = Case(When(state=life.PROPOSED, then=1), default=0)
    patch = rows.order_by(waits.desc(), "-pk").first()
    needed = _takes_patch(mode) or not (wish.cell or mode == ABOUT_ALL)
    if patch is None and needed and not pulls.exists():
        raise NotReadYet
    return patch


def _takes_patch(mode: str) -> bool:
    return "subject" in modes.mode(mode).context.model_fields


def _named(cells: dict[str, Cell], key: str, mode: str) -> Cell:
    if key in cells:
        return cells[key]
    raise Refused(
        sentence(
            "There is no cell %(cell)s here. Name one of these: %(cells)s",
            cell=key, cells=_list([cell for cell in cells.values() if _takes(cell, mode)]),
        )
    )  # fmt: skip


def _meant(
    cells: dict[str, Cell], comment: AskComment, mode: str, wish: asked.Wish, patch: Patch | None
) -> Cell:
    """The one cell that everything points to, when nobody named it. Raises Refused with those it can be."""
    can = [cell for cell in cells.values() if _takes(cell, mode)]
    if wish.project:
        can = [cell for cell in can if cell.project and cell.project.key == wish.project]
    keys = {cell.key for cell in can}
    ways = [
        [cell for cell in can if mode == ABOUT_ALL and mode in cell.ask_modes],
        [cell for cell in can if mode == ABOUT_ALL and cell.lane.key == KEEPERS],
        [cell for cell in (patch.cells.all() if patch else []) if cell.key in keys],
        [cell for cell in _placed(comment) if cell.key in keys],
        can,
    ]
    for found in ways:
        if len(found) == 1:
            return cells[found[0].key]
    if not can:
        raise Refused(sentence("No cell takes %(mode)s here, so nobody can be asked.", mode=mode))
    raise Refused(
        sentence(
            "It is not clear which cell is meant. Name it: %(example)s. It can be one of these: %(cells)s",
            example=f"/ask {mode} {can[0].key}", cells=_list(can),
        )
    )  # fmt: skip


def _placed(comment: AskComment) -> list[Cell]:
    """The cells the title speaks of."""
    title = comment.subject_title
    return Placer(comment.connection.repository).touched([], title)[0] if title else []


def _takes(cell: Cell, mode: str) -> bool:
    return cell.stage != Cell.ARCHIVED and (not cell.ask_modes or mode in cell.ask_modes)


def _list(cells: list[Cell]) -> str:
    keys = [cell.key for cell in cells]
    return ", ".join(keys[:LISTED]) + (", …" if len(keys) > LISTED else "")
