"""API v1: the record and its verbs for programs, with the refusals of the pages.

Routers of other apps join in `vpm.urls`, before `api.urls` is read: `api.add_router("", router)`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from cells.api import (
    asks,
    bulk,
    cells,
    deciding,
    desk,
    errors,
    grooming,
    health,
    inbox,
    learning,
    outside,
    patches,
    proposing,  # noqa: F401
    repositories,
    trail,
    versions,
)
from cells.api.auth import Bearer, Session


class Api(NinjaAPI):
    """Authenticates by itself, and answers in its own shape wherever the framework would not."""

    @property
    def urls(self) -> tuple[list[URLPattern | URLResolver], str, str]:
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                root = pattern.name == "api-root"
                pattern.callback = own(errors.nowhere if root else pattern.callback)
        return [*patterns, re_path("", own(errors.nowhere))], app, namespace


def own(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """No sign-in page for programs (and CSRF is the Session's business); a wrong method in the one shape of an error."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        if answer.status_code != 405:
            return answer
        said = errors.problem(405, errors.OTHER_METHOD)
        said["Allow"] = answer["Allow"]
        return said

    return csrf_exempt(login_not_required(answered))


api = Api(
    title="VPM",
    version="1",
    description="Errors are {error: {code, sentence}}. Lists are pages: pass `next` on as `cursor`.",
    docs_url=None,
    auth=[Bearer(), Session()],
    urls_namespace="api",
)
errors.handle(api)
# What `proposing` adds is on the router of `patches`.
PARTS = (
    repositories, cells, asks, grooming, inbox, patches, deciding, bulk, desk, versions, outside, learning, trail, health,
)  # fmt: skip
for part in PARTS:
    api.add_router("", part.router)
