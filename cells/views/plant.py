"""Planting a test proposal: the form, what it would change, and taking it back."""

from __future__ import annotations

from functools import partial
from typing import Any

import pygit2
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cells import standing
from cells.models import Cell, Patch, Repository, StateVersion
from cells.patches import diff, mistakes, planting
from cells.patches.planting import Seed
from cells.permissions import OPERATOR, require
from cells.refusals import Refused, say
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror
from cells.sync.proposals import kind_of
from cells.views.changes import UNIFIED, Shown
from cells.views.chosen import Asked, chosen_or_404, viewer
from cells.views.editing import as_written, plain

OWN_WORDS = "own"
NOWHERE = sentence("This cell has no document of its own or of its project that can be rewritten here.")


@require_http_methods(["GET", "POST"])
@viewer
def plant(request: Asked) -> HttpResponse:
    """/learning/plant/?repo=&cell=&kind= — GET suggests, POST shows (do=preview) or plants (do=plant)."""
    require(request.user, OPERATOR)
    repository = chosen_or_404(request)
    cells = list(repository.cells.select_related("lane", "project", "repository").order_by("key"))
    chosen = next((cell for cell in cells if cell.key == request.GET.get("cell")), None)
    context: dict[str, Any] = {
        "repository": repository, "cells": cells, "cell": chosen, "authors": (),
    }  # fmt: skip
    if chosen is None:
        return render(request, "cells/plant.html", context)
    found = document(chosen)
    if found is None:
        return render(request, "cells/plant.html", context | {"refusal": say(NOWHERE)}, status=200)
    offered = kinds(found)
    asked = request.GET.get("kind", "")
    kind = asked if asked in (OWN_WORDS, *(name for name, _said in offered)) else ""
    names = planting.free_authors(repository, found.path)
    context |= {"document": found, "kinds": offered, "kind": kind, "authors": names} | suggested(found, kind)
    context |= {
        name: request.POST[name]
        for name in ("title", "rationale", "lesson", "author")
        if name in request.POST
    }
    if "text" in request.POST:
        context["text"] = plain(request.POST["text"])
    if request.method == "GET" or not kind:
        return render(request, "cells/plant.html", context)
    return _posted(request, repository, seed(chosen, found, context), context)


def _posted(request: Asked, repository: Repository, what: Seed, context: dict[str, Any]) -> HttpResponse:
    try:
        if request.POST.get("do") == "plant":
            planting.plant(repository=repository, by=request.user, seed=what)
            messages.success(request, _("Planted. It waits like any other until somebody decides it."))
            return redirect(f"{reverse('learning')}?repo={repository.key}")
        main, commit = planting.preview(repository=repository, by=request.user, seed=what)
    except Refused as refused:
        return render(
            request, "cells/plant.html", context | {"refusal": say(refused.why)}, status=refused.status
        )
    files = diff.files(Mirror(repository.mirror), main, commit)
    context["files"] = [Shown(number, file, UNIFIED) for number, file in enumerate(files, start=1)]
    return render(request, "cells/plant.html", context)


def document(cell: Cell) -> mistakes.Document | None:
    """The STATE document in which a mistake can be made, as main holds it now: the cell's, its project's, or where the
    swarm does not say which, the first that speaks of the cell, else the first."""
    version, _borrowed = standing.of_cell(cell)
    of_projects = map(standing.of_project, cell.repository.projects.order_by("key"))
    versions = [version] if version else [one for one in of_projects if one]
    found = [one for one in map(partial(_document, cell), versions) if one]
    return next((one for one in found if cell.key in one.text), found[0] if found else None)


def _document(cell: Cell, version: StateVersion) -> mistakes.Document | None:
    mirror = Mirror(cell.repository.mirror)
    try:
        tree = mirror.commit(mirror.tip(f"refs/heads/{cell.repository.branch}")).tree
        text = mirror.data(str(tree[version.path].id)).decode()
    except (pygit2.GitError, LookupError, ValueError):
        return None
    return mistakes.Document(cell.key, version.path, text, version.section or None, lambda path: path in tree)


def kinds(found: mistakes.Document) -> list[tuple[str, Sentence]]:
    """What can be planted here, with its name."""
    return [(name, mistakes.KINDS[name].name) for name in mistakes.possible(found)]


def suggested(found: mistakes.Document, kind: str) -> dict[str, str]:
    """The text with that mistake, and words around it; for one's own mistake the text as it stands."""
    if kind not in mistakes.KINDS:
        return {"text": plain(found.text), "title": "", "rationale": "", "lesson": ""}
    words, told = mistakes.KINDS[kind], {"cell": found.cell}
    return {
        "text": plain(mistakes.made(kind, found) or found.text), "title": say(Sentence(words.title.text, told)),
        "rationale": say(words.rationale), "lesson": say(words.lesson),
    }  # fmt: skip


def seed(cell: Cell, found: mistakes.Document, words: dict[str, Any]) -> Seed:
    text = found.text if words["text"] == plain(found.text) else as_written(words["text"], found.text)
    return Seed(
        cell=cell, path=found.path, text=text, title=words["title"], rationale=words["rationale"],
        author=words.get("author") or planting.free_authors(cell.repository, found.path)[0], lesson=words["lesson"],
        kind=kind_of("", [{"path": found.path}]),
    )  # fmt: skip


@require_POST
@viewer
def withdraw(request: Asked, pk: int) -> HttpResponse:
    """/learning/PK/withdraw — for whoever planted it; to everybody else there is nothing here."""
    require(request.user, OPERATOR)
    if not Patch.objects.filter(pk=pk, planted_by=request.user).exists():
        raise Http404("There is no test proposal of yours with this number.")
    found = get_object_or_404(Patch.objects.select_related("repository"), pk=pk)
    planting.withdraw(patch=found, by=request.user)
    messages.success(request, _("Taken back; it is put away and nobody decides it."))
    return redirect(f"{reverse('learning')}?repo={found.repository.key}")
