"""The evidence a proposal brings, read as sync will read it once it has landed: what is wrong with it, what it claims."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pygit2

from cells.contract.case import File, Support
from cells.evidence.assign import CellIndex
from cells.evidence.conflicts import Conflict, DatedClaim, conflicts_of
from cells.evidence.reading import EvidenceReading, read_evidence
from cells.ssot.mirror import FILE_MODES

# A blob and the paths that do not count → the path that holds these bytes already, or "".
Earlier = Callable[[str, Collection[str]], str]


@dataclass(frozen=True, slots=True)
class Brought:
    """Path to what sync would say of it, trusted like any proposal; and the claims, dated like their evidence."""

    support: dict[str, Support] = field(default_factory=dict)
    claims: tuple[DatedClaim, ...] = ()

    def conflicts(self, told: Mapping[str, Sequence[DatedClaim]], since: datetime) -> tuple[Conflict, ...]:
        """Those that have an own claim on one side; `told` is by subject. Claims from before `since` are history."""
        recent = [own for own in self.claims if own.observed_at >= since]
        # What an earlier version of a file claimed is gone with it.
        others = [
            one
            for subject in sorted({own.claim.subject for own in recent})
            for one in told.get(subject, ())
            if one.evidence not in self.support
        ]
        found = conflicts_of([*others, *recent])
        return tuple(one for one in found if {one.left.evidence, one.right.evidence} & self.support.keys())


def brought(
    files: Sequence[File], at: datetime, hints: CellIndex, projects: Sequence[str], earlier: Earlier
) -> Brought:
    """Every file under reports/ that is there afterwards; `at` is when the proposal was made. Never raises."""
    support: dict[str, Support] = {}
    claims: list[DatedClaim] = []
    own: dict[str, str] = {}
    changed = {path for file in files for path in (file.path, file.old_path)}
    for file in files:
        if _is_evidence(file):
            blob = str(pygit2.hash(file.new)) if file.new else ""
            first = earlier(blob, changed) or own.setdefault(blob, file.path) if blob else file.path
            twin = first if first != file.path else None
            said = read_evidence(file.path, file.new, file.size, at, hints, projects, twin)
            support[file.path] = _support(file.path, said)
            exact = said.observed.exact and said.observed.source != "commit"
            claims += [DatedClaim(claim, said.observed.at, file.path, exact) for claim in said.claims]
    return Brought(support, tuple(claims))


def _is_evidence(file: File) -> bool:
    return file.status != "deleted" and file.path.startswith("reports/") and file.new_mode in FILE_MODES


def _support(path: str, said: EvidenceReading) -> Support:
    flags = {flag.code: flag.sentence for flag in said.flags}
    certain = (said.observed.zone, said.observed.confidence) == ("written", "high")
    return Support(path, "proposal", flags, said.observed.at, certain)
