"""Asks: start one, look at it, cancel it, run it again, send it back."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router

from cells.api import cells as of_cells
from cells.api import patches as of_patches
from cells.api.ask_schemas import AskDetail, AskIn, AskOut, NeedOut, SendBackIn
from cells.api.auth import Request
from cells.api.errors import ERRORS, NotFound
from cells.api.paging import Page, Paging, window
from cells.api.repositories import named
from cells.api.shown import told
from cells.api.words import AskFilter, Text
from cells.asks import asking
from cells.models import Ask
from cells.permissions import OPERATOR
from cells.refusals import say
from cells.sentences import sentence

router = Router(tags=["asks"])

Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/asks", response={200: Page[AskOut], **ERRORS})
def asks(
    request: HttpRequest,
    paging: Query[Paging],
    repo: Text = "",
    state: AskFilter = "",
    cell: Text = "",
    mode: Text = "",
) -> dict[str, Any]:
    """Questions, newest first."""
    asked = {"state": state, "cell_key": cell, "mode": mode}
    rows = Ask.objects.filter(repository__in=named(repo), **{name: one for name, one in asked.items() if one})
    found = window(rows.select_related("repository", "asked_by"), ("-pk",), paging)
    return found.page([short(row) for row in found.rows])


@router.post("/asks", response={201: AskOut, **ERRORS})
def start(request: Request, body: AskIn, repo: Text = "") -> tuple[int, AskOut]:
    """Queue a question; look at it again until it has ended."""
    request.auth.require(OPERATOR)
    cell = of_cells.find(body.cell, repo)
    subject = of_patches.find(body.patch) if body.patch is not None else None
    made = asking.start(
        cell=cell, mode=body.mode, by=request.auth.user, door="api", notes=body.notes, provider=body.provider,
        subject=subject, forced=body.forced,
    )  # fmt: skip
    return 201, short(made)


@router.get("/asks/{ask_id}", response={200: AskDetail, **ERRORS})
def ask(request: HttpRequest, ask_id: Id) -> AskDetail:
    """One question with everything that was sent and everything that came back."""
    row = find(ask_id)
    return AskDetail(
        **short(row).dict(), notes=row.notes, comment=row.comment, head=row.head, prompt=row.prompt,
        context=row.context, reply=row.reply, answer=row.answer, kept=row.kept, plan=row.plan, warnings=row.warnings,
        repairs=[say(repair) for repair in row.repairs],
        needs=[
            NeedOut(**{name: need.get(name, "") for name in ("kind", "predicate", "vantage")}, sentence=_said(need))
            for need in row.needs
        ],
    )  # fmt: skip


@router.post("/asks/{ask_id}/cancel", response={200: AskOut, **ERRORS})
def cancel(request: Request, ask_id: Id) -> AskOut:
    """Whatever the provider still answers, nothing comes of it."""
    request.auth.require(OPERATOR)
    asking.cancel(ask=find(ask_id), by=request.auth.user)
    return short(find(ask_id))


@router.post("/asks/{ask_id}/again", response={201: AskOut, **ERRORS})
def again(request: Request, ask_id: Id) -> tuple[int, AskOut]:
    """The same question with today's evidence, as a new ask."""
    request.auth.require(OPERATOR)
    return 201, short(asking.again(ask=find(ask_id), by=request.auth.user, door="api"))


@router.post("/asks/{ask_id}/send-back", response={201: AskOut, **ERRORS})
def send_back(request: Request, ask_id: Id, body: SendBackIn) -> tuple[int, AskOut]:
    """A new ask that carries the old answer and what is wrong with it."""
    request.auth.require(OPERATOR)
    made = asking.send_back(ask=find(ask_id), by=request.auth.user, comment=body.comment, door="api")
    return 201, short(made)


def find(ask_id: int) -> Ask:
    """Raises NotFound."""
    rows = Ask.objects.select_related("repository", "cell__repository", "cell__lane", "asked_by", "subject")
    row = rows.filter(pk=ask_id).first()
    if row is None:
        raise NotFound(sentence("There is no ask %(number)s.", number=ask_id))
    return row


def short(row: Ask) -> AskOut:
    return AskOut(
        id=row.pk, repository=row.repository.key, cell=row.cell_key, mode=row.mode, provider=row.provider,
        model=row.model, door=row.door, asked_by=row.asked_by.get_username() if row.asked_by else None,
        created_at=row.created_at, state=row.state, state_at=row.state_at, step=row.step, attempts=row.attempts,
        patch=row.patch_id, subject=row.subject_id, parent=row.parent_id, same_as=row.same_as_id,
        error=told(row.error), tokens_in=row.tokens_in, tokens_out=row.tokens_out, cost=row.cost, seconds=row.seconds,
    )  # fmt: skip


def _said(need: dict[str, Any]) -> str:
    text = need.get("sentence", "")
    return say(text) if isinstance(text, dict) else str(text)
