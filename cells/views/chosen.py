"""Which repository a page is about: its subject's, else the one the URL names, else the last one, else the first."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from cells.models import Repository
from cells.permissions import VIEWER, require


class Asked(HttpRequest):
    """A request as it reaches our views: signed in, and looked at by django-htmx."""

    user: User
    htmx: HtmxDetails
    repository: Repository  # set by views of one thing, so that the header is about the same repository


View = Callable[..., HttpResponseBase]


def viewer(view: View) -> View:
    """Deny by default: every page behind this needs the right to see."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require(request.user, VIEWER)
        return view(request, *args, **kwargs)

    return checked


def chosen(request: HttpRequest) -> Repository | None:
    """The chosen repository, None while there is none at all. An unknown ?repo= is a 404."""
    if subject := getattr(request, "repository", None):
        return subject
    if key := request.GET.get("repo"):
        found = Repository.objects.filter(key=key).first()
        if found is None:
            raise Http404(f"No repository is known as {key}.")
        if request.session.get("repository") != key:
            request.session["repository"] = key
        return found
    last = Repository.objects.filter(key=request.session.get("repository", "")).first()
    return last or Repository.objects.order_by("pk").first()


def chosen_or_404(request: HttpRequest) -> Repository:
    """For pages that are about something in a repository."""
    repository = chosen(request)
    if repository is None:
        raise Http404("No repository is known yet.")
    return repository
