"""What a click is measured against: the product's server with a page of one list beside it, and a post that answers nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from vpm import urls

ROWS = 60
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bare</title>
<meta name="htmx-config" content='{{"includeIndicatorStyles": false, "allowEval": false}}'><script src="{}" defer></script></head>
<body><ol>{}</ol></body></html>"""
ROW = '<li data-row><button data-key="x" hx-post="/nothing" hx-target="closest li" hx-swap="outerHTML">x</button></li>'


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE.format(static("htmx/htmx-2.min.js"), ROW * ROWS))


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


urlpatterns = [*urls.urlpatterns, path("bare", bare), path("nothing", nothing)]
