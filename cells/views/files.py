"""One file of the repository at one commit, with line numbers that can be linked to."""

from __future__ import annotations

import pygit2
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from cells.permissions import REVIEWER, may
from cells.ssot.mirror import Mirror
from cells.views.chosen import chosen_or_404, viewer

LINES = 5000


@viewer
def file(request: HttpRequest) -> HttpResponse:
    """/files/?repo=KEY&path=P&commit=C#L12 — only commits main holds or a patch proposes are shown."""
    repository = chosen_or_404(request)
    path, commit = request.GET.get("path", ""), request.GET.get("commit", "") or repository.head
    try:
        mirror = Mirror(repository.mirror)
    except pygit2.GitError:
        raise Http404("This repository was never read.") from None
    if not mirror.has_commit(commit) or not mirror.shows(commit):
        raise Http404("There is no such commit here.")
    text = mirror.text(commit, path)
    if text is None:
        raise Http404("There is no such document in this commit, or it is too large to show.")
    lines = text.splitlines()
    on_main = mirror.text(repository.head, path) if repository.head else None
    context = {
        "repository": repository,
        "path": path,
        "commit": commit,
        "lines": lines[:LINES],
        "cut": max(len(lines) - LINES, 0),
        "can_propose": on_main is not None and may(request.user, REVIEWER),
        "outdated": on_main is not None and on_main != text,
    }
    return render(request, "cells/file.html", context)
