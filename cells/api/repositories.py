"""Repositories and projects; and which repository a call is about."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Router

from cells.api import shown
from cells.api.errors import ERRORS, NotFound
from cells.api.paging import Page, Paging, window
from cells.api.schemas import ProjectOut, RepositoryOut
from cells.api.words import Text
from cells.models import Project, Repository
from cells.patches import life
from cells.refusals import Refused
from cells.sentences import sentence

router = Router(tags=["repositories"])


def named(key: str) -> QuerySet[Repository]:
    """For lists: the repository of this key, all of them without one. Raises NotFound."""
    rows = Repository.objects.all()
    if not key:
        return rows
    if not rows.filter(key=key).exists():
        raise NotFound(sentence("No repository is known as %(key)s.", key=key))
    return rows.filter(key=key)


def one(key: str) -> Repository:
    """For things inside a repository: the named one, or the only one. Raises NotFound, Refused."""
    rows = list(named(key)[:20])
    if not rows:
        raise NotFound(sentence("No repository is known yet; an operator adds one."))
    if len(rows) > 1:
        choices = ", ".join(row.key for row in rows)
        raise Refused(
            sentence(
                "There are several repositories; say which with ?repo= and one of: %(choices)s.",
                choices=choices,
            )
        )
    return rows[0]


@router.get("/repositories", response={200: Page[RepositoryOut], **ERRORS})
def repositories(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """The repositories known here, by key."""
    found = window(Repository.objects.all(), ("key",), paging)
    counted = Repository.objects.filter(pk__in=[row.pk for row in found.rows]).annotate(
        all_cells=Count("cells", distinct=True),
        waiting=Count("patches", filter=Q(patches__state=life.PROPOSED), distinct=True),
    )
    counts = {
        pk: (cells, waiting) for pk, cells, waiting in counted.values_list("pk", "all_cells", "waiting")
    }
    return found.page([shown.repository(row, *counts[row.pk]) for row in found.rows])


@router.get("/projects", response={200: Page[ProjectOut], **ERRORS})
def projects(request: HttpRequest, paging: Query[Paging], repo: Text = "") -> dict[str, Any]:
    """The projects of one repository, or of all, with C, G and δ as their STATE documents say."""
    rows = Project.objects.filter(repository__in=named(repo)).select_related("repository")
    found = window(rows, ("repository__key", "key"), paging)
    return found.page([shown.project(row) for row in found.rows])
