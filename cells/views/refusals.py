"""Refusals become answers: the sentence, with its status, as a page or as the fragment htmx asked for."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from cells.refusals import Refused, say
from cells.sentences import sentence

BY_THEMSELVES = ("/api/", "/hooks/")  # these refuse in their own form, and read a body in their own bounds
NUL = sentence(
    "The request holds a NUL character, which no text here can have. Take it out and send it again."
)


class RefusalMiddleware:
    """Turns a Refused raised by a view into its sentence, and refuses what no database can look up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(BY_THEMSELVES) and _holds_nul(request):
            request.GET = QueryDict()  # the page around the sentence reads it
            return render(request, "cells/refused.html", {"why": say(NUL)}, status=400)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Refused):
            return None
        template = (
            "cells/refused.html#sentence" if request.headers.get("HX-Request") else "cells/refused.html"
        )
        return render(request, template, {"why": say(error.why)}, status=error.status)


def _holds_nul(request: HttpRequest) -> bool:
    values = [value for asked in (request.GET, request.POST) for _, some in asked.lists() for value in some]
    return any("\0" in value for value in (request.path, *values))
