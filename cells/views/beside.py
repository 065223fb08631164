"""A document beside the diff, at a line, with its date and what it claims."""

from __future__ import annotations

from typing import Any

import pygit2
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from cells import documents
from cells.models import Evidence, Patch
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror
from cells.views.changes import PROSE, file_url
from cells.views.chosen import Asked, viewer

AROUND = 400  # lines on either side of the one that is meant
CLAIMS = 12


@viewer
def beside(request: Asked, pk: int) -> HttpResponse:
    """/patches/PK/beside?path=P&commit=C&line=N — a part of the patch page; alone it is the file's own page."""
    patch = get_object_or_404(Patch.objects.select_related("repository"), pk=pk)
    path, commit = request.GET.get("path", ""), request.GET.get("commit", "") or patch.repository.head
    line = _number(request.GET.get("line", ""))
    if not request.htmx:
        return redirect(file_url(patch.repository, path, commit, str(line or "")))
    opened = _document(patch, path, commit, line)
    context = {
        "repository": patch.repository,
        "path": path,
        "commit": commit,
        "line": line,
        "url": file_url(patch.repository, path, commit, str(line or "")),
    } | (opened if isinstance(opened, dict) else {"refusal": opened.as_json()})
    return render(request, "cells/beside.html", context, status=200 if isinstance(opened, dict) else 404)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0


def _document(patch: Patch, path: str, commit: str, line: int) -> dict[str, Any] | Sentence:
    """What the part shows; the sentence that says why there is nothing to show."""
    mirror = Mirror(patch.repository.mirror)
    if not mirror.has_commit(commit) or not mirror.shows(commit):
        return sentence("There is no such commit in this repository.")
    entry = _entry(mirror, path, commit)
    if entry is None:
        return sentence("%(path)s does not stand in the repository at this commit.", path=path)
    rows = Evidence.objects.filter(repository=patch.repository, path=path, blob=str(entry.id))
    rows = rows.filter(Q(source=Evidence.SSOT) | Q(commit=commit))
    found = rows.order_by("-current", "-pk").first()
    shown: dict[str, Any] = {"evidence": found, "claims": _claims(found, line)}
    if found is not None and found.picture:
        return shown | {"picture": True}
    text = mirror.text(commit, path)
    if text is None or "\0" in text[:8000]:
        return shown | {"unread": True}
    if path.lower().endswith(PROSE) and not line:
        return shown | {"document": documents.rendered(path, text)}
    return shown | _lines(text, line)


def _entry(mirror: Mirror, path: str, commit: str) -> pygit2.Blob | None:
    try:
        entry = mirror.commit(commit).tree / path
    except (KeyError, ValueError):
        return None
    return entry if isinstance(entry, pygit2.Blob) else None


def _claims(found: Evidence | None, line: int) -> list[Any]:
    """Those of the line first."""
    claims = list(found.claims.all()[:200]) if found is not None else []
    return sorted(claims, key=lambda claim: claim.line != line)[:CLAIMS]


def _lines(text: str, line: int) -> dict[str, Any]:
    """The lines around the one that is meant, and how many stand before and after them."""
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    first = max(line - 1 - AROUND, 0)
    last = first + 2 * AROUND
    return {
        "lines": [(number, said) for number, said in enumerate(lines[first:last], start=first + 1)],
        "before": first,
        "after": max(len(lines) - last, 0),
    }
