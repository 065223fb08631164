"""What changed since a caller looked, for programs: it comes with the refusal of a decision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from ninja import Schema

from cells.api.patch_schemas import ReasonOut
from cells.api.words import PatchState, VerdictWord
from cells.models import Patch
from cells.patches.since import Since, since
from cells.refusals import Refused, say
from cells.sentences import Sentence


class FileSinceOut(Schema):
    """A file whose change is another one now: what the proposal did to it `then` and does `now` ("" for nothing), and
    how many lines of the change are new, gone and as before."""

    path: str
    old_path: str
    then: str
    now: str
    new: int
    gone: int
    same: int


class UnderOut(Schema):
    """A commit of main that touched files of the proposal meanwhile."""

    commit: str
    author: str
    subject: str
    at: datetime
    paths: list[str]


class SinceOut(Schema):
    """From what you named to what is now. `patch` is the one to decide about; another number than yours when a newer
    version replaced it. `digest` and `verdict` are what to approve, once you have read it. `known` is false when it
    cannot be told any more what you saw."""

    patch: int
    state: PatchState
    known: bool
    sentence: str
    standing: list[str]
    digest: str
    verdict: str
    decision: VerdictWord | None
    decision_then: VerdictWord | None
    files: list[FileSinceOut]
    main: list[UnderOut]
    came: list[ReasonOut]
    went: list[ReasonOut]


class Overtaken(Refused):
    """Refused because of what happened since the caller looked."""

    def __init__(self, why: Sentence, told: SinceOut) -> None:
        super().__init__(why)
        self.since = told


@contextmanager
def telling(patch: Patch, digest: str, verdict: str | None = None) -> Iterator[None]:
    """A refusal inside says what changed since the caller saw this digest and this verdict. Raises Overtaken."""
    try:
        yield
    except Refused as refused:
        found = since(Patch.objects.select_related("repository").get(pk=patch.pk), digest, verdict)
        if refused.status != Refused.status or not found.moved:
            raise
        raise Overtaken(refused.why, told(found)) from refused


def told(found: Since) -> SinceOut:
    """In the caller's language."""
    then, now = found.judged.then, found.judged.now
    return SinceOut(
        patch=found.patch.pk, state=found.patch.state, known=found.lands.known and found.judged.known,
        sentence=say(found.sentence), standing=[say(one) for one in found.standing],
        digest=found.patch.digest, verdict=found.verdict,
        decision=now["decision"] if now else None, decision_then=then["decision"] if then else None,
        files=[FileSinceOut.from_orm(file) for file in found.lands.files],
        main=[UnderOut.from_orm(one) for one in found.under],
        came=[_reason(one) for one in found.judged.came], went=[_reason(one) for one in found.judged.went],
    )  # fmt: skip


def _reason(said: dict[str, Any]) -> ReasonOut:
    return ReasonOut(rule=said["rule"], place=said["place"], sentence=say(said), decision=said["decision"])
