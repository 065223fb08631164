"""Patches as shapes, and what a decision about one has to say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema

from cells.api.words import Checks, Decision, OneOf, PatchState, PushState, Verb, VerdictWord, Via


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


class PullOut(Schema):
    """The pull request at GitHub that proposes a patch, or lands it, as it was last seen there. `mergeable` is GitHub's
    own word (mergeable_state), empty while it did not say."""

    number: int
    url: str
    state: Annotated[str, OneOf(("open", "closed", "merged"))]
    draft: bool
    fork: bool
    author: str
    labels: list[str]
    mergeable: str


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
    pull: PullOut | None
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

    verb: Verb
    allowed: bool
    why: str | None


class ReviewOut(Schema):
    """A decision, and from where it was taken; `void` says why it no longer counts. `emergency`: landed by hand."""

    by: str
    decision: Decision
    via: Via
    digest: str
    reason: str
    at: datetime
    void: str | None
    emergency: bool


class NeedsOut(Schema):
    """Who has to agree: so many `people`, of each list of `owners` one. `given` is who approved what waits now;
    `missing` says what is still wanted, null when nothing is."""

    people: int
    owners: list[list[str]]
    why: str | None
    given: list[str]
    missing: str | None


class RemarkOut(Schema):
    """A sentence about another version of it."""

    patch: int
    sentence: str


class PatchDetail(PatchOut):
    """`needs` is null once nothing waits. `replaces` is the version before, `replaced_by` are those after."""

    rationale: str
    files: list[FileOut]
    diff: DiffOut
    proposer: str | None
    editors: list[str]
    replaces: int | None
    replaced_by: list[int]
    reverts: int | None
    reverted_by: list[int]
    remarks: list[RemarkOut]
    needs: NeedsOut | None
    claimed_by: str | None
    claimed_until: datetime | None
    handed_to: str | None
    handed_by: str | None
    handed_note: str
    verbs: list[VerbOut]
    reviews: list[ReviewOut]


class DocumentOut(Schema):
    """What main would hold if it landed now. `text` is null where it would go away, or cannot be rewritten here
    (`why`); in a conflict it holds both sides between marks."""

    path: str
    status: str
    text: str | None
    why: str | None


class DocumentsOut(Schema):
    digest: str
    documents: list[DocumentOut]
