"""What landed outside: commits that came to main without passing here, and saying that one has read them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema

from cells.api.auth import Request
from cells.api.errors import ERRORS, NotFound
from cells.api.paging import Page, Paging, window
from cells.api.repositories import named
from cells.api.words import Text
from cells.models import OutsideCommit
from cells.patches import oversight
from cells.permissions import REVIEWER
from cells.sentences import sentence

router = Router(tags=["outside"])

Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


class OutsideOut(Schema):
    """`files` are the first fifty paths; `read_by` and `read_at` are null until a second person has read it."""

    id: int
    repository: str
    commit: str
    subject: str
    author_name: str
    committed_at: datetime
    noticed_at: datetime
    files: list[str]
    cells: list[str]
    read_by: str | None
    read_at: datetime | None


@router.get("/outside", response={200: Page[OutsideOut], **ERRORS})
def outside(
    request: HttpRequest, paging: Query[Paging], repo: Text = "", cell: Text = "", unread: bool = False
) -> dict[str, Any]:
    """Commits that came to main without passing here, the last noticed first."""
    rows = OutsideCommit.objects.filter(repository__in=named(repo))
    rows = rows.filter(cells__key=cell) if cell else rows
    rows = rows.filter(read_at=None) if unread else rows
    found = window(_whole(rows), ("-pk",), paging)
    return found.page([shown(row) for row in found.rows])


@router.post("/outside/{outside_id}/read", response={200: OutsideOut, **ERRORS})
def read(request: Request, outside_id: Id) -> OutsideOut:
    """You have read what it changes; whoever made the commit cannot be the one who read it."""
    request.auth.require(REVIEWER)
    oversight.read(row=find(outside_id), by=request.auth.user)
    return shown(find(outside_id))


def find(outside_id: int) -> OutsideCommit:
    """Raises NotFound."""
    row = _whole(OutsideCommit.objects.all()).filter(pk=outside_id).first()
    if row is None:
        raise NotFound(
            sentence("No commit that landed outside has the number %(number)s.", number=outside_id)
        )
    return row


def _whole(rows: Any) -> Any:
    return rows.select_related("repository", "read_by").prefetch_related("cells")


def shown(row: OutsideCommit) -> OutsideOut:
    return OutsideOut(
        id=row.pk, repository=row.repository.key, commit=row.commit, subject=row.subject, author_name=row.author_name,
        committed_at=row.committed_at, noticed_at=row.noticed_at, files=row.files,
        cells=[cell.key for cell in row.cells.all()], read_by=row.read_by.get_username() if row.read_by else None,
        read_at=row.read_at,
    )  # fmt: skip
