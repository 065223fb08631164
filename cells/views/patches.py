"""Patches: what waits, one of them, and deciding."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cells import documents, health
from cells.contract.case import DECISIONS
from cells.models import Patch
from cells.patches import checks, diff, life, order, pushing, reviews
from cells.patches.verdicts import fingerprint
from cells.refusals import Refused, say
from cells.ssot.mirror import Mirror
from cells.views import judging
from cells.views.chosen import Asked, chosen_or_404, viewer

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
        "cells": repository.cells.filter(patches__isnull=False).distinct(),
    }
    return render(request, "cells/patches.html#list" if request.htmx else "cells/patches.html", context)


@require_POST
@viewer
def push(request: Asked, pk: int) -> HttpResponse:
    """Try again to bring to the source what it did not take."""
    found = patch_or_404(request, pk)
    pushing.again(repository=found.repository, by=request.user)
    return (
        _decision(request, patch_or_404(request, pk), request.POST) if request.htmx else redirect("patch", pk)
    )


@viewer
def waiting(request: Asked) -> HttpResponse:
    """How many wait, for the badge in the header; nothing when none does."""
    return HttpResponse(health.waiting(chosen_or_404(request)) or "")


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
    return rows.select_related("lane").prefetch_related("cells").order_by(*fields)


@viewer
def patch(request: Asked, pk: int) -> HttpResponse:
    found = patch_or_404(request, pk)
    if request.htmx and request.htmx.target == "decision":
        return _decision(request, found, request.GET)
    if request.htmx and request.htmx.target == "verdict":
        return part(request, found, "verdict")
    return whole(request, found)


def whole(request: Asked, found: Patch, refused: Refused | None = None, **told: str) -> HttpResponse:
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
    request: Asked, found: Patch, name: str, refused: Refused | None = None, **told: str
) -> HttpResponse:
    """One part of the page alone."""
    status = refused.status if refused else 200
    return render(request, f"cells/patch.html#{name}", _about(request, found) | told, status=status)


@require_POST
@viewer
def decide(request: Asked, pk: int, verb: str) -> HttpResponse:
    """approve, reject, reopen or retry; a refusal is shown where the buttons were, with its status."""
    found = patch_or_404(request, pk)
    try:
        run(verb, found, request)
    except Refused as refused:
        found = patch_or_404(request, pk)
        if request.htmx:
            return _decision(request, found, request.POST, refusal=refused)
        return whole(request, found, refused, refusal=say(refused.why))
    if request.htmx:
        return _decision(request, patch_or_404(request, pk), request.POST)
    messages.success(request, _("Done."))
    return redirect("patch", pk)


def _decision(request: Asked, found: Patch, asked: QueryDict, refusal: Refused | None = None) -> HttpResponse:
    """The decision part alone. It offers nothing once the page around it shows another change or another verdict."""
    now = fingerprint(found.verdict)
    seen = asked.get("seen") or asked.get("digest") or found.digest
    judged = asked.get("judged") or asked.get("verdict") or now
    moved_on = found.state == life.PROPOSED and (seen != found.digest or judged != now)
    told = {
        "moved_on": "yes" if moved_on else "",
        "refusal": say(refusal.why) if refusal else "",
        "seen": seen,
        "judged": judged,
    }
    return part(request, found, "decision", refusal, **told)


def run(verb: str, found: Patch, request: Asked) -> None:
    """One verb of reviews, with what the person saw and said."""
    reason = request.POST.get("reason", "").strip()
    seen = request.POST.get("digest", "")
    if verb == "approve":
        reviews.approve(
            patch=found, by=request.user, digest=seen, verdict=request.POST.get("verdict", ""), reason=reason
        )
    elif verb == "reject":
        reviews.reject(patch=found, by=request.user, digest=seen, reason=reason)
    elif verb == "reopen":
        reviews.reopen(patch=found, by=request.user)
    else:
        reviews.retry(patch=found, by=request.user)


def _about(request: Asked, found: Patch) -> dict[str, Any]:
    return {
        "patch": found,
        "seen": found.digest,
        "judged": fingerprint(found.verdict),
        "repository": found.repository,
        "reviews": found.reviews.select_related("by"),
        "why_not": why_not(found, request),
        "verbs": life.allowed(found.state),
        "askable": judging.askable(found, request.user),
    } | judging.shown(found)


def _changes(request: Asked, found: Patch) -> dict[str, Any]:
    """The diff and what stands around it: not needed where only the decision is shown."""
    name = order.known(request.GET.get("order", ""))
    shown = (
        diff.files(Mirror(found.repository.mirror), found.merge_base, found.tip) if found.merge_base else []
    )
    return {
        "files": shown,
        "more_files": len(found.files) - len(shown) if found.merge_base else 0,
        "view": "unified" if request.GET.get("diff") == "unified" else "split",
        "rationale": documents.markdown(found.rationale),
        "supports": judging.supports(found),
        "neighbours": neighbours(found, name),
        "order": name if name != order.USUAL else "",
    }


def why_not(found: Patch, request: Asked) -> dict[str, str]:
    """For each verb the person lacks, the sentence that its button shows."""
    checks = {
        "approve": lambda: reviews.check_approve(found, request.user),
        "decide": lambda: reviews.check_decide(found, request.user, (life.allowed(found.state) or ("",))[-1]),
    }
    said = {}
    for verb, check in checks.items():
        try:
            check()
        except Refused as refused:
            said[verb] = say(refused.why)
    return said


def neighbours(found: Patch, name: str) -> dict[str, Patch | None]:
    """The waiting patches before and after this one, in the order of the list it was opened from."""
    rows = Patch.objects.filter(repository=found.repository, state=life.PROPOSED)
    before, after = order.around(rows, found, name)
    return {"before": before, "after": after}


def patch_or_404(request: Asked, pk: int) -> Patch:
    """The patch; the page is about its repository, whichever was looked at last."""
    found = get_object_or_404(Patch.objects.select_related("repository", "lane"), pk=pk)
    request.repository = found.repository
    return found
