"""Repositories: those known here, adding one, pressing *Sync*."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cells import repositories as known
from cells.models import Repository
from cells.sync import runs
from cells.views.chosen import Asked, viewer


@viewer
def repositories(request: Asked) -> HttpResponse:
    if request.method == "POST":
        return _add(request)
    return render(
        request, "cells/repositories.html#list" if request.htmx else "cells/repositories.html", _context()
    )


@require_POST
@viewer
def sync(request: Asked, key: str) -> HttpResponse:
    runs.ask(get_object_or_404(Repository, key=key), by=request.user)
    return (
        render(request, "cells/repositories.html#list", _context())
        if request.htmx
        else redirect("repositories")
    )


def _add(request: Asked) -> HttpResponse:
    key, source = request.POST.get("key", "").strip(), request.POST.get("source", "").strip()
    try:
        repository = known.add(key=key, source=source, by=request.user)
    except ValidationError as error:
        context = _context() | {"key": key, "source": source, "errors": error.messages}
        return render(request, "cells/repositories.html", context, status=422)
    except Repository.DoesNotExist:
        context = _context() | {"key": key, "errors": [_("Say where the repository is: a path or a URL.")]}
        return render(request, "cells/repositories.html", context, status=422)
    runs.ask(repository, by=request.user)
    return redirect("repositories")


def _context() -> dict[str, object]:
    rows = Repository.objects.select_related("github").prefetch_related("projects").order_by("key")
    return {"known": [(row, row.runs.first()) for row in rows]}
