"""The audit page: who did what to which, when, before and after; and the export that proves it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cells.chain import seal
from cells.chain.exports import exported
from cells.models import AuditEvent
from cells.views.chosen import Asked, viewer

PAGE = 100


@viewer
def audit(request: Asked) -> HttpResponse:
    """Newest first; ?verb=, ?actor= and ?subject= filter."""
    rows = AuditEvent.objects.select_related("link")
    asked = {
        name: request.GET[name]
        for name in ("verb", "actor", "subject", "subject_type")
        if request.GET.get(name)
    }
    context = {
        "page": Paginator(rows.filter(**asked), PAGE).get_page(request.GET.get("page")),
        "head": seal.head(),
        "asked": asked,
        "verbs": rows.order_by("verb").values_list("verb", flat=True).distinct(),
        "actors": rows.order_by("actor").values_list("actor", flat=True).distinct(),
    }
    return render(request, "cells/audit.html#rows" if request.htmx else "cells/audit.html", context)


@require_safe
@viewer
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The whole chain, as `manage.py audit export` writes it: of a part nobody could tell what is missing."""
    head = seal.seal(everything=True)
    answer = StreamingHttpResponse(exported(seal.links()), content_type="application/x-ndjson")
    answer["Content-Disposition"] = f'attachment; filename="audit-{head.seq}.jsonl"'
    return answer
