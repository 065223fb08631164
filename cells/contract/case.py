"""What the contract looks at, and what it answers: frozen values, no Django, no git, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cells.sentences import Sentence

Decision = Literal["AUTO_MERGE_OK", "REVIEW_REQUIRED", "ARCHIVE_CANDIDATE"]
DECISIONS: tuple[Decision, ...] = ("AUTO_MERGE_OK", "REVIEW_REQUIRED", "ARCHIVE_CANDIDATE")
CATEGORIES = (
    "persist-report", "sample-candidate", "sample-archive", "stale-or-obsolete", "north-star", "docs", "code",
    "policy", "other",
)  # fmt: skip
Risk = Literal["LOW", "MEDIUM", "HIGH"]
Checks = Literal["green", "red", "unknown"]
Trust = Literal["ssot", "proposal", "external"]
Origin = Literal["source", "fork"]


@dataclass(frozen=True, slots=True)
class File:
    """One changed path. `old` and `new` are the bytes before and after, None where there is no file or it was
    not read; `read` is False when the bytes are not known (too large, or git does not hold them). Modes are git's."""

    path: str
    status: Literal["added", "modified", "deleted", "renamed", "copied", "retyped"]
    old: bytes | None = None
    new: bytes | None = None
    old_path: str = ""
    old_mode: str = "100644"
    new_mode: str = "100644"
    size: int = 0
    binary: bool = False
    read: bool = True


@dataclass(frozen=True, slots=True)
class Citation:
    """Something the proposal's added text points at: a "path", "run", "pull_request" or "commit".

    `exists` is None when nobody could tell (no list of pull requests, say); `place` is "path:line".
    """

    kind: Literal["path", "run", "pull_request", "commit"]
    target: str
    place: str
    exists: bool | None = None


@dataclass(frozen=True, slots=True)
class Support:
    """A piece of evidence the proposal cites or was made from. `flags` are sync's codes with their sentences;
    `observed_at` is aware, and only `certain` when it was written with a zone."""

    path: str
    trust: Trust = "ssot"
    flags: Mapping[str, Sentence] = field(default_factory=dict)
    observed_at: datetime | None = None
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A proposal as the contract sees it. `age_days` is the proposal's, told by whoever builds the case.

    `unseen` are paths the proposal touches that git does not hold here; `twins` name waiting proposals with the
    same change; `replaced_by` names a newer one for the same files; `applies` is False when it conflicts with main.
    `shadows` are "new path → existing path" where only letters' case or normal form differ. `cell_contract` is
    that of `cell`, `cell_contracts` those of all cells it touches; each of them can only make the verdict stricter.
    `origin` is where its branch lies: in the repository itself, or in a fork, whose checks are its own word.
    """

    files: tuple[File, ...]
    title: str = ""
    rationale: str = ""
    branch: str = ""
    origin: Origin = "source"
    draft: bool = False
    kind: str = ""
    lane: str = ""
    cell: str = ""
    cell_contract: str = ""
    cell_contracts: tuple[str, ...] = ()
    checks: Checks = "unknown"
    applies: bool = True
    on_main: bool = False
    age_days: float = 0.0
    twins: tuple[str, ...] = ()
    replaced_by: str = ""
    unseen: tuple[str, ...] = ()
    shadows: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    support: tuple[Support, ...] = ()
    own_evidence: tuple[Support, ...] = ()
    conflicts: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: the rule's name in contract.toml, the place ("path", "path:line" or ""), a sentence, and what it asks for."""

    rule: str
    place: str
    sentence: Sentence
    decision: Decision


@dataclass(frozen=True, slots=True)
class Verdict:
    """The contract's answer; `contract` is the version (a digest) of the file that gave it."""

    decision: Decision
    category: str
    risk: Risk
    reasons: tuple[Reason, ...]
    contract: str = ""
