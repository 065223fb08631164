"""Patches as shapes, and what a decision about one has to say."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema

from cells.api.words import Checks, Decision, PatchState, PushState, Reason, Text, VerdictWord


class ReasonOut(Schema):
    """Why: the rule in contract.toml, the place ("path" or "path:line"), what it asks for."""

    rule: str
    place: str
    sentence: str
    decision: VerdictWord


class VerdictOut(Schema):
    """What the contract says; `contract` is the version of the file that said it, `seen` names it for approving."""

    decision: VerdictWord
    category: str
    risk: str
    contract: str
    seen: str
    reasons: list[ReasonOut]


class PatchOut(Schema):
    """A proposal. `digest` names exactly what landing it now would change; `obstacle` says why it does not apply,
    `because` why it stands where it stands in an ordered list."""

    id: int
    repository: str
    branch: str
    tip: str
    merge_base: str
    kind: str
    title: str
    author_name: str
    author_email: str
    authored_at: datetime
    proposed_at: datetime
    lane: str | None
    cells: list[str]
    applies: bool
    obstacle: str | None
    digest: str
    checks: Checks
    verdict: VerdictOut | None
    ask: int | None
    state: PatchState
    state_note: str | None
    state_at: datetime
    commit: str
    landed_at: datetime | None
    push_state: PushState
    push_note: str | None
    because: str | None = None


class FileOut(Schema):
    """`old` and `new` are blob ids; forty zeros where there is none."""

    path: str
    old_path: str
    status: str
    old: str
    new: str
    mode: str
    added: int
    removed: int
    binary: bool


class DiffOut(Schema):
    """As `git diff` prints it, against the merge base."""

    text: str
    truncated: bool


class VerbOut(Schema):
    """A verb, and the sentence that keeps this caller from it."""

    verb: Decision
    allowed: bool
    why: str | None


class ReviewOut(Schema):
    """A decision; `void` says why it no longer counts."""

    by: str
    decision: Decision
    digest: str
    reason: str
    at: datetime
    void: str | None


class PatchDetail(PatchOut):
    rationale: str
    files: list[FileOut]
    diff: DiffOut
    verbs: list[VerbOut]
    reviews: list[ReviewOut]


class ApproveIn(Schema):
    """`digest` is the patch's and `verdict` its verdict's `seen`, as you saw them; when one changed since, the answer
    is a refusal."""

    digest: Text
    verdict: Text
    reason: Reason = ""


class ChecksIn(Schema):
    """`tip` is the commit the checks ran on; one that is not the patch's any more is refused."""

    state: Checks
    tip: Text


class RejectIn(Schema):
    digest: Text
    reason: Reason
