"""What landed outside or by hand: the list, each with what it changes, and saying that one has read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cells.models import OutsideCommit, Repository, Review
from cells.patches import diff, oversight, reviews
from cells.refusals import Refused, say
from cells.ssot.mirror import Mirror
from cells.views.chosen import Asked, chosen_or_404, viewer
from cells.views.patches import patch_or_404

PAGE = 30


@viewer
def outside(request: Asked) -> HttpResponse:
    """/outside/ — ?show=all, ?lane=, ?cell=; what is unread stands first."""
    repository = chosen_or_404(request)
    if request.htmx and request.htmx.target == "outside-head":
        return render(request, "cells/outside.html#head", _head(request, repository))
    context = _head(request, repository) | _listed(request, repository)
    return render(request, "cells/outside.html#list" if request.htmx else "cells/outside.html", context)


def _head(request: Asked, repository: Repository) -> dict[str, Any]:
    """How many are unread, and whether any came since the page was made (?seen=)."""
    rows = oversight.commits(repository).filter(read_at=None)
    newest = rows.aggregate(newest=Max("pk"))["newest"] or 0
    seen = request.GET.get("seen", "")
    return {
        "repository": repository,
        "unread_outside": rows.count(),
        "unread_by_hand": oversight.landings(repository).filter(read_at=None).count(),
        "newest": newest,
        "seen": int(seen) if seen.isdecimal() and len(seen) < 19 else newest,
        "most": oversight.MOST,
    }


def _listed(request: Asked, repository: Repository) -> dict[str, Any]:
    asked = {name: request.GET.get(name, "") for name in ("show", "lane", "cell")}
    cells = repository.cells.all()
    cells = cells.filter(lane__key=asked["lane"]) if asked["lane"] else cells
    cells = cells.filter(key=asked["cell"]) if asked["cell"] else cells
    lines = oversight.entries(
        repository,
        only_unread=asked["show"] != "all",
        cells=cells if asked["lane"] or asked["cell"] else None,
    )
    page = Paginator(lines, PAGE).get_page(request.GET.get("page"))
    return {
        "asked": asked,
        "page": page,
        "rows": told(request, repository, oversight.loaded(page.object_list)),
        "lanes": repository.lanes.all(),
        "cells": repository.cells.order_by("key"),
    }


def told(request: Asked, repository: Repository, entries: Iterable[oversight.Entry]) -> list[dict[str, Any]]:
    """Each entry, and whether this person made it themselves."""
    entries = list(entries)
    unread = [e.row for e in entries if isinstance(e.row, OutsideCommit) and e.row.read_at is None]
    barred = oversight.barred(repository, unread, request.user)
    return [
        {
            "kind": entry.kind,
            "row": entry.row,
            "at": entry.at,
            "own": entry.row.by_id == request.user.pk
            if isinstance(entry.row, Review)
            else entry.row.pk in barred,
        }
        for entry in entries
    ]


@viewer
def commit(request: Asked, pk: int) -> HttpResponse:
    """/outside/PK/ — one commit that landed outside; htmx gets what it changes."""
    return _one(request, commit_or_404(request, pk))


@viewer
def by_hand(request: Asked, pk: int) -> HttpResponse:
    """/outside/by-hand/PK/ — what was landed by hand with patch PK."""
    return _one(request, review_or_404(request, pk))


def _one(request: Asked, row: OutsideCommit | Review) -> HttpResponse:
    is_commit = isinstance(row, OutsideCommit)
    entry = oversight.Entry(oversight.OUTSIDE if is_commit else oversight.BY_HAND, row)
    context = changes(request.repository, row.commit if isinstance(row, OutsideCommit) else row.patch.commit)
    if not request.htmx:
        context |= {"one": told(request, request.repository, [entry])[0], "alone": True}
    template = "cells/outside_one.html#changes" if request.htmx else "cells/outside_one.html"
    return render(request, template, context | {"repository": request.repository, "view": "unified"})


def changes(repository: Repository, name: str) -> dict[str, Any]:
    """The diff against the first parent. What no branch leads to any more is not shown: somebody took it back."""
    mirror = Mirror(repository.mirror)
    if not mirror.has_commit(name) or not mirror.shows(name):
        return {"gone": True}
    parents = mirror.commit(name).parent_ids
    if not parents:
        return {"root": True}
    return {"files": diff.files(mirror, str(parents[0]), name), "merges": len(parents) > 1}


@require_POST
@viewer
def read(request: Asked, pk: int) -> HttpResponse:
    """/outside/PK/read — "I have read it"."""
    row = commit_or_404(request, pk)
    return _answered(request, row, lambda: oversight.read(row=row, by=request.user))


@require_POST
@viewer
def read_by_hand(request: Asked, pk: int) -> HttpResponse:
    """/patches/PK/read — a second person has read what was landed by hand."""
    review = review_or_404(request, pk)
    return _answered(request, review, lambda: reviews.read_by_second(review=review, by=request.user))


def _answered(request: Asked, row: OutsideCommit | Review, verb: Any) -> HttpResponse:
    """In the list the row says how it stands now; a page of its own is shown again."""
    refusal, status = "", 200
    try:
        verb()
    except Refused as refused:
        if not request.htmx:
            raise
        refusal, status = say(refused.why), refused.status
    if not request.htmx:
        here = request.POST.get("from") == "list"
        if isinstance(row, Review):
            return redirect("outside") if here else redirect("patch", row.patch_id)
        return redirect("outside") if here else redirect("outside-commit", row.pk)
    row.refresh_from_db()
    entry = oversight.Entry(oversight.OUTSIDE if isinstance(row, OutsideCommit) else oversight.BY_HAND, row)
    one = told(request, request.repository, [entry])[0]
    context = {"one": one, "refusal": refusal, "repository": request.repository}
    return render(request, "cells/outside_row.html", context, status=status)


@require_POST
@viewer
def read_all(request: Asked) -> HttpResponse:
    """/outside/read — upto=ID: all that are unread up to the newest one that was on the page."""
    repository = chosen_or_404(request)
    upto = request.POST.get("upto", "")
    number = int(upto) if upto.isdecimal() and len(upto) < 19 else 0
    count = oversight.read_all(repository=repository, by=request.user, upto=number)
    said = ngettext("You have read %(count)s commit.", "You have read %(count)s commits.", count)
    messages.success(request, said % {"count": count})
    return redirect(f"{reverse('outside')}?repo={repository.key}")


def commit_or_404(request: Asked, pk: int) -> OutsideCommit:
    found = get_object_or_404(OutsideCommit.objects.select_related("repository", "read_by"), pk=pk)
    request.repository = found.repository
    return found


def review_or_404(request: Asked, pk: int) -> Review:
    """The review that landed patch PK by hand."""
    patch = patch_or_404(request, pk)
    found = oversight.of_patch(patch.pk)
    if found is None:
        raise Http404(f"Patch {pk} was not landed by hand.")
    return found
