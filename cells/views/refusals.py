"""Refusals become answers: the sentence, with its status, as a page or as the fragment htmx asked for."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cells.refusals import Refused, say


class RefusalMiddleware:
    """Turns a Refused raised by a view into its sentence."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Refused):
            return None
        template = (
            "cells/refused.html#sentence" if request.headers.get("HX-Request") else "cells/refused.html"
        )
        return render(request, template, {"why": say(error.why)}, status=error.status)
