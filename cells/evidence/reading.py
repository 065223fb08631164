"""One piece of evidence, read: everything sync records of a file, from its path and bytes alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cells.evidence.assign import CellHint, CellIndex, CellMatch, cells_of, lane_of, project_of
from cells.evidence.claims import Claim, claims_of
from cells.evidence.flags import Flag, flags_of
from cells.evidence.kinds import is_picture, kind_of, title_of
from cells.evidence.times import Observed, observed

HEAD_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class EvidenceReading:
    """What a file is, when it was observed, where it belongs, what is wrong with it, what it claims."""

    kind: str
    title: str
    observed: Observed
    cells: tuple[CellMatch, ...]
    lane: str
    project: str
    flags: tuple[Flag, ...]
    claims: tuple[Claim, ...]
    picture: bool


def read_evidence(
    path: str,
    data: bytes | None,
    size: int,
    added_at: datetime,
    hints: CellIndex | Sequence[CellHint],
    project_keys: Iterable[str],
    earlier_path: str | None,
) -> EvidenceReading:
    """Read the file at `path`. Never raises, whatever the bytes.

    `data` is None when the file is too large to read (`size` bytes); `added_at` is the time of the commit that
    added these bytes; `earlier_path` names earlier evidence with the same bytes. For many files pass one
    `CellIndex(hints)`, so that the hints are prepared once.
    """
    head = (data or b"")[:HEAD_BYTES]
    picture = is_picture(path, head)
    text = "" if picture or data is None else data.decode("utf-8-sig", errors="replace")
    kind = kind_of(path, head)
    when = observed(path, text, added_at)
    cells = cells_of(path, text, hints)
    project = project_of(path, project_keys)
    return EvidenceReading(
        kind=kind,
        title=title_of(path, text),
        observed=when,
        cells=cells,
        lane=lane_of(path),
        project=project,
        flags=flags_of(path, data, size, when, earlier_path, kind),
        claims=claims_of(path, text, kind, cells, project),
        picture=picture,
    )
