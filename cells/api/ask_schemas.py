"""Asks as shapes, and what starting one has to say."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from ninja import Schema
from pydantic import StringConstraints

from cells.api.words import AskState, Text
from cells.asks.asking import LONGEST

Note = Annotated[str, StringConstraints(max_length=LONGEST, pattern=r"^[^\x00]*$")]


class NeedOut(Schema):
    """Evidence that would change the answer."""

    kind: str
    predicate: str
    vantage: str
    sentence: str


class AskOut(Schema):
    """A question to a cell. `state` ends as answered (see `patch`), plan_only, failed (see `error`) or cancelled."""

    id: int
    repository: str
    cell: str
    mode: str
    provider: str
    model: str
    door: str
    asked_by: str | None
    created_at: datetime
    state: AskState
    state_at: datetime
    step: str
    attempts: int
    patch: int | None
    subject: int | None
    parent: int | None
    same_as: int | None
    error: str | None
    tokens_in: int
    tokens_out: int
    cost: Decimal | None
    seconds: float


class AskDetail(AskOut):
    """Also what was sent (`context`, `prompt`), what came back whole (`reply`), and how it was read (`answer`, `kept`)."""

    notes: str
    comment: str
    head: str
    prompt: str
    context: dict[str, Any] | None
    reply: str
    answer: dict[str, Any] | None
    kept: dict[str, Any]
    repairs: list[str]
    plan: list[str]
    warnings: list[str]
    needs: list[NeedOut]


class AskIn(Schema):
    """`patch` is the waiting patch the question is about, for modes that judge one; `forced` asks anew."""

    cell: Text
    mode: Text
    notes: Note = ""
    provider: Text = ""
    patch: Annotated[int, "id"] | None = None
    forced: bool = False


class SendBackIn(Schema):
    comment: Note
