"""The audit page: who did what to which, when, before and after."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from cells.models import AuditEvent
from cells.views.chosen import Asked, viewer

PAGE = 100


@viewer
def audit(request: Asked) -> HttpResponse:
    """Newest first; ?verb=, ?actor= and ?subject= filter."""
    rows = AuditEvent.objects.all()
    asked = {
        name: request.GET[name]
        for name in ("verb", "actor", "subject", "subject_type")
        if request.GET.get(name)
    }
    context = {
        "page": Paginator(rows.filter(**asked), PAGE).get_page(request.GET.get("page")),
        "asked": asked,
        "verbs": rows.order_by("verb").values_list("verb", flat=True).distinct(),
        "actors": rows.order_by("actor").values_list("actor", flat=True).distinct(),
    }
    return render(request, "cells/audit.html#rows" if request.htmx else "cells/audit.html", context)
