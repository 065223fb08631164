"""Patches: what waits, one of them, and deciding."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from cells.contract.case import DECISIONS
from cells.models import Patch
from cells.patches import checks, inbox, life, order, pushing
from cells.patches.verdicts import fingerprint
from cells.refusals import Refused, say
from cells.views import buttons, changes, judging, pulled
from cells.views.chosen import Asked, chosen_or_404, viewer
from cells.views.since import since_context

PAGE = 30


@viewer
def patches(request: Asked) -> HttpResponse:
    repository = chosen_or_404(request)
    rows = repository.patches.all()
    proposed = rows.filter(state=life.PROPOSED)
    page = Paginator(filtered(rows, request.GET), PAGE).get_page(request.GET.get("page"))
    ordered = order.known(request.GET.get("order", ""))
    context = {
        "repository": repository,
        "page": page,
        "because": order.because(list(page.object_list), ordered),
        "asked": request.GET,
        "order": ordered,
        "orders": order.titles(),
        "ranked": ordered != order.USUAL,
        "state": request.GET.get("state", life.PROPOSED),
        "states": life.STATES,
        "decisions": DECISIONS,
        "kinds": proposed.order_by("kind").values_list("kind", flat=True).distinct(),
        "authors": proposed.order_by("author_name").values_list("author_name", flat=True).distinct(),
        "lanes": repository.lanes.all(),
        "cells": repository.cells.filter(Exists(Patch.objects.filter(cells=OuterRef("pk")))),
    }
    return render(request, "cells/patches.html#list" if request.htmx else "cells/patches.html", context)


@require_POST
@viewer
def push(request: Asked, pk: int) -> HttpResponse:
    """Try again to bring to the source what it did not take."""
    found = patch_or_404(request, pk)
    pushing.again(repository=found.repository, by=request.user)
    return (
        decision_part(request, patch_or_404(request, pk), request.POST)
        if request.htmx
        else redirect("patch", pk)
    )


def filtered(rows: QuerySet[Patch], asked: QueryDict) -> QuerySet[Patch]:
    """By ?state= (waiting unless said), verdict, lane, cell, kind, author; in the ?order= asked for."""
    state = asked.get("state", life.PROPOSED)
    rows = rows.filter(state=state) if state in life.STATES else rows
    for field, name in (
        ("lane__key", "lane"),
        ("cells__key", "cell"),
        ("kind", "kind"),
        ("author_name", "author"),
        ("decision", "verdict"),
    ):
        if asked.get(name):
            rows = rows.filter(**{field: asked[name]})
    rows, fields = order.by(rows, asked.get("order", ""))
    rows = rows.select_related("lane", "pull").defer("pull__body", "pull__reviews", "pull__checks")
    return rows.prefetch_related("cells").order_by(*fields)


@viewer
def patch(request: Asked, pk: int) -> HttpResponse:
    found = patch_or_404(request, pk)
    if request.htmx and request.htmx.target == "decision":
        return decision_part(request, found, request.GET)
    if request.htmx and request.htmx.target in ("verdict", "pull"):
        return part(request, found, request.htmx.target)
    return whole(request, found)


@viewer
def change(request: Asked, pk: int) -> HttpResponse:
    """What it changes alone, for lists that unfold it."""
    found = patch_or_404(request, pk)
    return render(request, "cells/change_only.html", changes.changes(request, found) | {"patch": found})


def whole(request: Asked, found: Patch, refused: Refused | None = None, **told: Any) -> HttpResponse:
    """The page; a refused verb's sentence stands where its form was, under the name of that part."""
    context = _about(request, found) | _changes(request, found) | told
    return render(request, "cells/patch.html", context, status=refused.status if refused else 200)


@require_POST
@viewer
def report_checks(request: Asked, pk: int) -> HttpResponse:
    """/patches/PK/checks — what was tested, and whether it is green."""
    found = patch_or_404(request, pk)
    state, tip = request.POST.get("state", ""), request.POST.get("tip", "")
    try:
        checks.report(patch=found, state=state, by=request.user, tip=tip)
    except Refused as refused:
        found, why = patch_or_404(request, pk), say(refused.why)
        if request.htmx:
            return part(request, found, "verdict", refused, verdict_refusal=why)
        return whole(request, found, refused, verdict_refusal=why)
    return part(request, patch_or_404(request, pk), "verdict") if request.htmx else redirect("patch", pk)


def part(
    request: Asked, found: Patch, name: str, refused: Refused | None = None, **told: Any
) -> HttpResponse:
    """One part of the page alone."""
    status = refused.status if refused else 200
    return render(request, f"cells/patch.html#{name}", _about(request, found) | told, status=status)


def decision_part(
    request: Asked,
    found: Patch,
    asked: QueryDict,
    refusal: Refused | None = None,
    toast: dict[str, Any] | None = None,
) -> HttpResponse:
    """The decision part alone. It offers nothing once the page around it shows another change or another verdict."""
    now = fingerprint(found.verdict)
    seen = asked.get("seen") or asked.get("digest") or found.digest
    judged = asked.get("judged") or asked.get("verdict") or now
    moved_on = found.state == life.PROPOSED and (seen != found.digest or judged != now)
    told: dict[str, Any] = {
        "moved_on": "yes" if moved_on else "",
        "refusal": say(refusal.why) if refusal else "",
        "seen": seen,
        "judged": judged,
        "toast": toast,
    }
    late = refusal is not None and refusal.status == Refused.status
    if late or (refusal is None and (moved_on or found.state == life.SUPERSEDED)):
        told |= since_context(found, asked, refused=late, reader=request.user)
    return part(request, found, "decision", refusal, **told)


def _about(request: Asked, found: Patch) -> dict[str, Any]:
    return (
        {
            "patch": found,
            "seen": found.digest,
            "judged": fingerprint(found.verdict),
            "repository": found.repository,
            "reviews": found.reviews.select_related("by"),
            "from": asked_from(request),
            "askable": judging.askable(found, request.user),
        }
        | judging.shown(found)
        | pulled.shown(found)
        | buttons.shown(found, request.user)
    )


def _changes(request: Asked, found: Patch) -> dict[str, Any]:
    """The diff and what stands around it: not needed where only the decision is shown."""
    name = order.known(request.GET.get("order", ""))
    around = {"neighbours": neighbours(request, found, name), "order": name if name != order.USUAL else ""}
    return changes.changes(request, found) | around


def neighbours(request: Asked, found: Patch, name: str) -> dict[str, Patch | None]:
    """The waiting patches before and after this one, in the order of the list it was opened from."""
    if asked_from(request) == "inbox":
        before, after = inbox.around(found.repository, request.user, found)
    else:
        rows = Patch.objects.filter(repository=found.repository, state=life.PROPOSED)
        before, after = order.around(rows, found, name)
    return {"before": before, "after": after}


def asked_from(request: Asked) -> str:
    """Which list the page was opened from; "" for any other way."""
    said = request.POST.get("from") or request.GET.get("from")
    return "inbox" if said == "inbox" else ""


def patch_or_404(request: Asked, pk: int) -> Patch:
    """The patch; the page is about its repository, whichever was looked at last."""
    found = get_object_or_404(Patch.objects.select_related("repository", "lane", "pull"), pk=pk)
    request.repository = found.repository
    return found
