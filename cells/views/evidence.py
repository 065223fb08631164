"""Evidence: the list with its filters, one document, its bytes, and assigning it by hand."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cells import assignments, documents
from cells.models import Evidence, Repository
from cells.ssot.mirror import READ_LIMIT, Mirror
from cells.views.chosen import Asked, chosen_or_404, viewer

PAGE = 50


@viewer
def evidence_list(request: Asked) -> HttpResponse:
    repository = chosen_or_404(request)
    rows = filtered(repository, request.GET)
    context = {
        "repository": repository,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "kinds": repository.evidence.filter(current=True)
        .order_by("kind")
        .values_list("kind", flat=True)
        .distinct(),
        "lanes": repository.lanes.all(),
        "cells": repository.cells.all(),
        "asked": request.GET,
    }
    return render(
        request, "cells/evidence_list.html#rows" if request.htmx else "cells/evidence_list.html", context
    )


def filtered(repository: Repository, asked: QueryDict) -> QuerySet[Evidence]:
    """Current evidence by ?cell= (or "none"), ?lane=, ?kind=, ?flag=1 and ?q= in path or title."""
    rows = repository.evidence.filter(current=True).select_related("lane").prefetch_related("cells")
    if asked.get("cell") == "none":
        rows = rows.filter(cells=None)
    elif asked.get("cell"):
        rows = rows.filter(cells__key=asked["cell"])
    if asked.get("lane"):
        rows = rows.filter(lane__key=asked["lane"])
    if asked.get("kind"):
        rows = rows.filter(kind=asked["kind"])
    if asked.get("flag"):
        rows = rows.exclude(flags=[])
    if words := asked.get("q", "").strip():
        rows = rows.filter(path__icontains=words) | rows.filter(title__icontains=words)
    return rows.distinct()


@viewer
def evidence(request: Asked, pk: int) -> HttpResponse:
    found = _evidence(pk)
    request.repository = found.repository
    same = Evidence.objects.filter(repository=found.repository, source=found.source, path=found.path)
    earlier = same.exclude(pk=found.pk)
    context = {
        "evidence": found,
        "repository": found.repository,
        "document": _document(found),
        "versions": earlier[:20],
        "cells": found.repository.cells.all(),
        "assigned": set(found.cells.values_list("pk", flat=True)),
        "claims": found.claims.all(),
    }
    return render(request, "cells/evidence.html", context)


@viewer
def picture(request: Asked, pk: int) -> HttpResponse:
    """The bytes of a picture, as the type its first bytes say; anything else is not served raw."""
    found = _evidence(pk)
    data = (
        Mirror(found.repository.mirror).data(found.blob)
        if found.picture and found.size <= READ_LIMIT
        else b""
    )
    kind = documents.picture_type(data)
    if not kind:
        raise Http404("This is not a picture.")
    answer = HttpResponse(data, content_type=kind)
    answer["Cache-Control"] = "private, max-age=31536000, immutable"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@require_POST
@viewer
def assign(request: Asked, pk: int) -> HttpResponse:
    found = _evidence(pk)
    cells = list(found.repository.cells.filter(key__in=request.POST.getlist("cell")))
    assignments.assign(evidence=found, cells=cells, by=request.user)
    messages.success(request, _("Assigned."))
    return redirect("evidence", pk)


def _evidence(pk: int) -> Evidence:
    return get_object_or_404(Evidence.objects.select_related("repository", "lane", "project"), pk=pk)


def _document(found: Evidence) -> object:
    if found.picture or found.size > READ_LIMIT:
        return ""
    data = Mirror(found.repository.mirror).data(found.blob)
    return documents.rendered(found.path, data.decode("utf-8-sig", "replace"))
