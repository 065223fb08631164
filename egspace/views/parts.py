"""A part of a page: htmx gets the fragment, whoever opens its address by itself a page around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers


@dataclass(frozen=True, slots=True)
class Part:
    """`template` is the fragment, `place` the id it stands under, on the page of `subject` at `back`."""

    template: str
    place: str
    subject: str
    back: str


def shown(request: HttpRequest, part: Part, context: dict[str, Any]) -> HttpResponse:
    alone = not request.headers.get("HX-Request")
    around = {"part": part.template, "place": part.place, "subject": part.subject, "back": part.back}
    response = render(request, "egspace/part.html" if alone else part.template, context | around)
    patch_vary_headers(response, ["HX-Request", "Cookie", "Accept-Language"])
    patch_cache_control(response, private=True, no_cache=True)
    return response
