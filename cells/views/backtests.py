"""Back-tests: starting one, watching it, and reading what the contract would have said."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models.fields.json import KeyTransform
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django_htmx.http import HttpResponseClientRefresh

from cells.backtest import job
from cells.contract.case import DECISIONS
from cells.models import Backtest, Repository
from cells.refusals import Refused, say
from cells.sentences import sentence
from cells.stored import storable
from cells.views.chosen import Asked, chosen_or_404, viewer

PAGE = 50
LARGEST, LONGEST = 200_000, 20_000_000  # bytes of a contract file, and of a history file
RUNS = 20


@viewer
def backtests(request: Asked) -> HttpResponse:
    """/backtest/ — the runs so far; POST starts one."""
    repository = chosen_or_404(request)
    if request.method != "POST":
        template = "cells/backtests.html#runs" if request.htmx else "cells/backtests.html"
        return render(request, template, _context(repository))
    typed, green = request.POST.get("contract", ""), bool(request.POST.get("assume_green"))
    try:
        contract = _read(request.FILES.get("file"), LARGEST) or typed.strip()
        history = storable(_read(request.FILES.get("history"), LONGEST))
        made = job.start(
            repository=repository, by=request.user, contract=contract, history=history, assume_green=green
        )
    except Refused as refused:
        context = _context(repository) | {"refusal": say(refused.why), "typed": typed, "green": green}
        return render(request, "cells/backtests.html", context, status=refused.status)
    return redirect("backtest", made.pk)


@viewer
def backtest(request: Asked, pk: int) -> HttpResponse:
    """/backtest/PK/ — ?decision= and ?rule= filter its cases; while it runs htmx fetches it every second."""
    found = get_object_or_404(
        Backtest.objects.select_related("repository", "asked_by").defer("history"), pk=pk
    )
    request.repository = found.repository
    result = found.result or {}
    context = {
        "backtest": found,
        "repository": found.repository,
        "counts": result.get("counts"),
        "flips": result.get("flips", []),
        "page": Paginator(cases(result, request.GET), PAGE).get_page(request.GET.get("page")),
        "decisions": DECISIONS,
        "asked": request.GET,
    }
    part = request.htmx.target if request.htmx else None
    # The page that watched it gets the cases when it ended.
    if part == "run" and found.state not in (Backtest.QUEUED, Backtest.RUNNING):
        return HttpResponseClientRefresh()
    return render(
        request, f"cells/backtest.html#{part}" if part in ("run", "cases") else "cells/backtest.html", context
    )


def cases(result: dict[str, Any], asked: QueryDict) -> list[dict[str, Any]]:
    """The cases with the asked decision and a reason of the asked rule, each with the places its reasons name."""
    decision, rule = asked.get("decision"), asked.get("rule")
    return [
        case
        for case in result.get("cases", [])
        if (not decision or case["verdict"]["decision"] == decision)
        and (not rule or any(reason["rule"] == rule for reason in case["verdict"]["reasons"]))
    ]


def _context(repository: Repository) -> dict[str, Any]:
    rows = (
        Backtest.objects.filter(repository=repository)
        .select_related("asked_by")
        .defer("result", "contract", "history")
    )
    counted = KeyTransform("decisions", KeyTransform("counts", "result"))
    return {"repository": repository, "runs": rows.annotate(counted=counted)[:RUNS]}


def _read(file: UploadedFile | None, most: int) -> str:
    """The text of an uploaded file, "" without one. What is not UTF-8 is refused by whoever parses it."""
    if file is None:
        return ""
    if (file.size or 0) > most:
        raise Refused(sentence("This file is larger than %(most)s bytes.", most=most))
    return file.read(most).decode("utf-8-sig", "replace")
