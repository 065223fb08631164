"""Asks: the list, one of them while it moves and after it ended, and what a person can do about it."""

from __future__ import annotations

import json
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from cells.asks import asking, job, life, modes
from cells.asks.modes.base import Section
from cells.hosts.github import places
from cells.models import Ask, AskComment, Cell, Patch
from cells.pulls import grooming
from cells.refusals import Refused, say
from cells.sentences import Sentence
from cells.views import cells, patches
from cells.views.chosen import Asked, chosen_or_404, viewer

PAGE = 30


@viewer
def asks(request: Asked) -> HttpResponse:
    """/asks/ — newest first; ?state=, ?mode= and ?cell= filter."""
    repository = chosen_or_404(request)
    rows = filtered(cells.rows_of(repository.asks.all()), request.GET)
    context = {
        "repository": repository,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "asked": request.GET,
        "states": life.STATES,
        "modes": modes.modes(),
        "keys": repository.asks.order_by("cell_key").values_list("cell_key", flat=True).distinct(),
    }
    return render(request, "cells/asks.html#list" if request.htmx else "cells/asks.html", context)


def filtered(rows: QuerySet[Ask], asked: QueryDict) -> QuerySet[Ask]:
    names = {"state": "state", "mode": "mode", "cell": "cell_key"}
    return rows.filter(**{field: asked[name] for name, field in names.items() if asked.get(name)})


@viewer
def ask(request: Asked, pk: int) -> HttpResponse:
    """/asks/PK/ — while it is open htmx fetches it every second."""
    found = _ask(request, pk)
    return render(request, "cells/ask.html#ask" if request.htmx else "cells/ask.html", _about(request, found))


@require_POST
@viewer
def start(request: Asked, key: str) -> HttpResponse:
    """/cells/KEY/ask — to the page of the new ask; a refusal is shown where the button was."""
    cell = cells.cell_or_404(request, key)
    told = {name: request.POST.get(name, "") for name in ("mode", "notes", "provider", "patch")}
    subject = _subject(cell, told["patch"])
    try:
        made = asking.start(
            cell=cell, mode=told["mode"], by=request.user, door="page", notes=told["notes"],
            provider=told["provider"], subject=subject,
        )  # fmt: skip
    except Refused as refused:
        context = {"refusal": say(refused.why), "typed": told, "repository": cell.repository}
        if request.htmx:
            context |= cells.asking_of(cell)
            return render(request, "cells/ask_box.html", context, status=refused.status)
        return render(request, "cells/cell.html", cells.whole(request, cell) | context, status=refused.status)
    return _to(request, made)


@require_POST
@viewer
def act(request: Asked, pk: int, verb: str) -> HttpResponse:
    """cancel stays here; again and send_back lead to the new ask."""
    found = _ask(request, pk)
    comment = request.POST.get("comment", "")
    try:
        made = run(verb, found, request, comment)
    except Refused as refused:
        context = _about(request, _ask(request, pk)) | {"refusal": say(refused.why), "comment": comment}
        template = "cells/ask.html#ask" if request.htmx else "cells/ask.html"
        return render(request, template, context, status=refused.status)
    if request.htmx and made.pk == pk:
        return render(request, "cells/ask.html#ask", _about(request, _ask(request, pk)))
    return _to(request, made)


@require_POST
@viewer
def about_patch(request: Asked, pk: int) -> HttpResponse:
    """/patches/PK/ask — what a waiting patch is, asked in the name of one cell."""
    found = patches.patch_or_404(request, pk)
    cell = get_object_or_404(found.repository.cells, key=request.POST.get("cell", ""))
    try:
        made = asking.start(cell=cell, mode=cells.ABOUT, by=request.user, door="page", subject=found)
    except Refused as refused:
        why = say(refused.why)
        if request.htmx:
            return patches.part(request, found, "about", refused, about_refusal=why)
        return patches.whole(request, found, refused, about_refusal=why)
    return _to(request, made)


def run(verb: str, found: Ask, request: Asked, comment: str) -> Ask:
    """One verb of asking; the ask to look at next."""
    if verb == "cancel":
        asking.cancel(ask=found, by=request.user)
        return found
    if verb == "again":
        return asking.again(ask=found, by=request.user)
    return asking.send_back(ask=found, by=request.user, comment=comment)


def why_not(found: Ask, request: Asked) -> dict[str, str]:
    """For each verb the person lacks, the sentence that its button shows."""
    said = {}
    checks = {
        "cancel": lambda: asking.check_cancel(found, request.user),
        "again": lambda: asking.check_start(
            asking.check_again(found, request.user), found.mode, request.user
        ),
    }
    for verb, check in checks.items():
        try:
            check()
        except Refused as refused:
            said[verb] = say(refused.why)
    return said


def _about(request: Asked, found: Ask) -> dict[str, Any]:
    return {
        "ask": found,
        "repository": found.repository,
        "mode": modes.modes().get(found.mode),
        "sections": sections(found),
        "sent": pretty(found.context) if found.context is not None else "",
        "kept": pretty(found.kept) if found.kept else "",
        "children": found.children.order_by("pk"),
        "why_not": why_not(found, request),
        "groomed": grooming.applicable(found, request.user),
        "said_in": _said_in(found),
    }


def _said_in(found: Ask) -> dict[str, Any] | None:
    """The comment at GitHub that asked it."""
    row = AskComment.objects.select_related("connection").filter(ask=found).first()
    return {"row": row, "url": places.remark(row.connection, row.number, row.id_there)} if row else None


def sections(found: Ask) -> tuple[Section, ...]:
    """The answer as its mode shows it, without what the page says anyway; nothing for one that was not understood."""
    answer = job.answer_of(found)
    if answer is None:
        return ()
    needs = tuple(_need(need["sentence"]) for need in found.needs)
    said = {tuple(found.plan), tuple(found.warnings), needs}
    return tuple(part for part in modes.mode(found.mode).shown(answer) if part.lines not in said)


def _need(said: Any) -> str:
    """As the reply wrote it, whatever the reader's language."""
    return str(Sentence(said["text"], said["params"])) if isinstance(said, dict) else str(said)


def pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _subject(cell: Cell, pk: str) -> Patch | None:
    return get_object_or_404(cell.repository.patches, pk=pk) if pk.isdecimal() and pk.isascii() else None


def _to(request: Asked, made: Ask) -> HttpResponse:
    there = redirect("ask", made.pk)
    return HttpResponseClientRedirect(there["Location"]) if request.htmx else there


def _ask(request: Asked, pk: int) -> Ask:
    """The ask; the page is about its repository, whichever was looked at last."""
    rows = Ask.objects.select_related(
        "repository", "cell__repository", "asked_by", "patch", "subject", "parent", "same_as"
    )
    found = get_object_or_404(rows, pk=pk)
    request.repository = found.repository
    return found
