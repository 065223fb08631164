"""Cells, one cell, and its evidence."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from cells import health
from cells.api import shown
from cells.api.errors import ERRORS, NotFound
from cells.api.paging import Page, Paging, window
from cells.api.repositories import named, one
from cells.api.schemas import CellDetail, CellOut, EvidenceOut
from cells.api.words import HealthFilter, Text
from cells.models import Cell, Evidence
from cells.sentences import sentence

router = Router(tags=["cells"])


@router.get("/cells", response={200: Page[CellOut], **ERRORS})
def cells(
    request: HttpRequest,
    paging: Query[Paging],
    repo: Text = "",
    project: Text = "",
    lane: Text = "",
    state: HealthFilter = "",
) -> dict[str, Any]:
    """The cells of one repository, or of all, with how they are; a filter that is empty lets everything through."""
    repositories = named(repo)
    how = {pk: found for repository in repositories for pk, found in health.of_repository(repository).items()}
    rows = Cell.objects.filter(repository__in=repositories).select_related("repository", "lane", "project")
    rows = rows.filter(project__key=project) if project else rows
    rows = rows.filter(lane__key=lane) if lane else rows
    rows = rows.filter(pk__in=[pk for pk, found in how.items() if found.state == state]) if state else rows
    found = window(rows, ("repository__key", "key"), paging)
    return found.page([shown.cell(row, how[row.pk]) for row in found.rows])


@router.get("/cells/{key}", response={200: CellDetail, **ERRORS})
def cell(request: HttpRequest, key: Text, repo: Text = "") -> CellDetail:
    """One cell with C, G and δ, each with path, line and commit; its tasks, health, relations and milestones."""
    row = find(key, repo)
    return shown.cell_with_state(row, health.of_repository(row.repository)[row.pk])


@router.get("/cells/{key}/evidence", response={200: Page[EvidenceOut], **ERRORS})
def evidence(
    request: HttpRequest, key: Text, paging: Query[Paging], repo: Text = "", kind: Text = ""
) -> dict[str, Any]:
    """What stands at the head about one cell, newest first by when it was observed."""
    rows = Evidence.objects.filter(cells=find(key, repo), current=True)
    rows = rows.filter(kind=kind) if kind else rows
    rows = rows.select_related("lane", "project").prefetch_related("cells", "claims")
    found = window(rows, ("-observed_at", "-pk"), paging)
    return found.page([shown.evidence(row) for row in found.rows])


def find(key: str, repo: str) -> Cell:
    """Raises NotFound, Refused."""
    repository = one(repo)
    row = repository.cells.select_related("repository", "lane", "project").filter(key=key).first()
    if row is None:
        raise NotFound(sentence("%(repository)s has no cell %(key)s.", repository=repository.key, key=key))
    return row
