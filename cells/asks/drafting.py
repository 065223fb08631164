"""From an outcome to a proposal: the edits rendered on main, with whose they are."""

from __future__ import annotations

from collections.abc import Callable

from cells.asks.modes.base import Mode, Outcome
from cells.evidence.globs import glob
from cells.models import Ask
from cells.patches import edits
from cells.patches.edits import EditRefused
from cells.patches.proposing import Proposed
from cells.sentences import sentence
from cells.ssot.mirror import LINK, READ_LIMIT, SUBMODULE, Mirror


def drafted(ask: Ask, mode: Mode, outcome: Outcome, mirror: Mirror, main: str) -> Proposed | None:
    """What to propose on top of `main`; None when main says all of it already. Raises EditRefused."""
    for path in edits.paths(outcome.edits):
        if not any(glob(pattern).matches(path) for pattern in mode.allowed):
            why = sentence("The mode %(mode)s does not change %(path)s.", mode=ask.mode, path=path[:200])
            raise EditRefused(why)
    rendered = edits.render(outcome.edits, _reader(mirror, main))
    if not rendered.files:
        return None
    cell = ask.cell
    return Proposed(
        files=rendered.files, title=outcome.title or f"{ask.mode}: {ask.cell_key}",
        rationale="\n\n".join(outcome.rationale), kind=ask.mode, author=f"/ask {ask.mode} ({ask.provider})",
        at=ask.created_at, cells=(cell,) if cell else (), lane=cell.lane if cell else None,
        edits=edits.dump(outcome.edits), mark=f"Ask-Id: {ask.pk}",
        row={"replaces": ask.parent.patch} if ask.parent and ask.comment else {},
    )  # fmt: skip


def _reader(mirror: Mirror, main: str) -> Callable[[str], bytes | None]:
    """The documents of main; a link or another repository is none."""
    files = mirror.files(main)

    def read(path: str) -> bytes | None:
        found = files.get(path)
        if found is None or found.mode in (LINK, SUBMODULE):
            return None
        if mirror.sizes([found.blob])[found.blob] > READ_LIMIT:
            raise EditRefused(sentence("%(path)s is too large to be edited here.", path=path))
        return mirror.data(found.blob)

    return read
