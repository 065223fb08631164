"""Feeds of a cell and of a lane: for whoever is signed in, and for a reader with ?token=."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from django.utils.http import http_date, quote_etag
from django.views.decorators.http import require_safe

from cells.feeding import atom, tokens
from cells.models import Cell, Lane, Repository
from cells.permissions import VIEWER, may
from cells.refusals import Forbidden


@require_safe
@login_not_required
def cell(request: HttpRequest, key: str) -> HttpResponse:
    found = get_object_or_404(
        Cell.objects.select_related("repository"), repository=_readable(request), key=key
    )
    with _language(request):
        return _answer(request, atom.of_cell(found))


@require_safe
@login_not_required
def lane(request: HttpRequest, key: str) -> HttpResponse:
    found = get_object_or_404(
        Lane.objects.select_related("repository"), repository=_readable(request), key=key
    )
    with _language(request):
        return _answer(request, atom.of_lane(found))


def _readable(request: HttpRequest) -> Repository:
    """The repository that ?repo= names, else the first; only after the reader has shown who they are."""
    token = request.GET.get("token")
    if token:
        tokens.reader(token)
    elif not may(request.user, VIEWER):
        raise Forbidden(tokens.NO_TOKEN)
    rows = Repository.objects.order_by("pk")
    key = request.GET.get("repo")
    return get_object_or_404(rows.filter(key=key) if key else rows[:1])


def _language(request: HttpRequest) -> translation.override:
    """?lang= for readers that do not say which language they want."""
    asked = request.GET.get("lang", "")
    return translation.override(asked if asked in dict(settings.LANGUAGES) else translation.get_language())


def _answer(request: HttpRequest, feed: atom.Feed) -> HttpResponse:
    """304 when the reader has it already."""
    text = feed.writeString("utf-8").encode()
    etag = quote_etag(hashlib.sha256(text).hexdigest()[:32])
    changed = int(feed.latest_post_date().timestamp())
    response = HttpResponse(text, content_type="application/atom+xml; charset=utf-8")
    response.headers["ETag"], response.headers["Last-Modified"] = etag, http_date(changed)
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return get_conditional_response(request, etag, changed, response) or response
