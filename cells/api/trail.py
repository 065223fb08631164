"""The audit trail."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from cells.api import shown
from cells.api.errors import ERRORS
from cells.api.paging import Page, Paging, window
from cells.api.schemas import EventOut
from cells.api.words import Text
from cells.models import AuditEvent

router = Router(tags=["audit"])


@router.get("/audit", response={200: Page[EventOut], **ERRORS})
def audit(request: HttpRequest, paging: Query[Paging], repo: Text = "", verb: Text = "") -> dict[str, Any]:
    """Who did what to which, newest first. `repo` may name a repository that is gone: events outlive it."""
    rows = AuditEvent.objects.select_related("link")
    rows = rows.filter(repository=repo) if repo else rows
    rows = rows.filter(verb=verb) if verb else rows
    found = window(rows, ("-pk",), paging)
    return found.page([shown.event(row) for row in found.rows])
