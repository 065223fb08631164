"""What a verb on a patch has to say, and what it answers beside the patch."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Schema
from pydantic import AwareDatetime, BeforeValidator, Field, StrictBool

from cells.api.patch_schemas import PatchOut
from cells.api.words import BulkVerb, BulkWay, Checks, PatchState, Reason, Text
from cells.patches import bulk, drafts

Note = Annotated[Reason, Field(max_length=2000)]


def _number(raw: Any) -> Any:
    """To JSON 1.0 is the whole number 1; neither true nor "1" is."""
    if isinstance(raw, bool | str):
        raise ValueError("no number")
    return raw


Id = Annotated[int, Field(ge=1, le=2**63 - 1), BeforeValidator(_number)]


class ApproveIn(Schema):
    """`digest` is the patch's and `verdict` its verdict's `seen`, as you saw them; when one changed since, the answer
    is a refusal."""

    digest: Text
    verdict: Text
    reason: Reason = ""


class ByHandIn(Schema):
    """As for approving, and why it cannot wait: a second person reads that afterwards."""

    digest: Text
    verdict: Text
    reason: Reason


class TurnDownIn(Schema):
    """The digest you saw, and a reason that the proposer will read."""

    digest: Text
    reason: Reason


class ArchiveIn(Schema):
    digest: Text
    reason: Reason = ""


class ChecksIn(Schema):
    """`tip` is the commit the checks ran on; one that is not the patch's any more is refused."""

    state: Checks
    tip: Text


class HandOverIn(Schema):
    """`to` is a user name."""

    to: Text
    note: Note = ""


class SnoozeIn(Schema):
    until: AwareDatetime


class EditIn(Schema):
    """`digest` is what you read. Of its documents: the new text of each, null to delete it; `without` names those to
    leave as main has them."""

    digest: Text
    files: Annotated[dict[str, str | None], Field(max_length=drafts.MOST)] = {}
    without: Annotated[list[Text], Field(max_length=drafts.MOST)] = []
    reason: Reason = ""


class RevertIn(Schema):
    """`reason` may be empty."""

    reason: Reason


class SentBackOut(PatchOut):
    """`asked` is the ask that is asked instead, `not_asked` why none is, where an ask had made the patch."""

    asked: int | None
    not_asked: str | None


class RevertOut(PatchOut):
    """The patch that takes the landing back; `outcome` says what it waits for."""

    outcome: str


class SeenIn(Schema):
    """A patch as you saw it: its digest and, to approve it, its verdict's `seen`."""

    id: Id
    digest: Text
    verdict: Text = ""


class BulkIn(Schema):
    """`dry_run` tells what would happen, and changes nothing."""

    verb: BulkVerb
    items: Annotated[list[SeenIn], Field(min_length=1, max_length=bulk.MOST)]
    reason: Reason = ""
    dry_run: StrictBool = False


class BulkItemOut(Schema):
    """How it went: `done` (in a dry run `ready`), or why not."""

    id: int
    how: BulkWay
    why: str | None
    state: PatchState | None


class BulkOut(Schema):
    """`counted` is how many went which way."""

    counted: dict[str, int]
    items: list[BulkItemOut]
