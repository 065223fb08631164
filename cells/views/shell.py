"""What every page needs: the chosen repository, the others, and what waits."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest

from cells.models import Repository
from cells.patches import inbox as inboxes
from cells.permissions import OPERATOR, REVIEWER, VIEWER, may
from cells.views import inbox, undoing
from cells.views.chosen import chosen
from cells.views.pulse import seen


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of the header; empty for someone who may not see the swarm."""
    user = getattr(request, "user", None)
    if user is None or not may(user, VIEWER):
        return {}
    try:
        repository = chosen(request)
    except Http404:
        repository = None
    needed, badge = None, ""
    if repository and isinstance(user, User):
        needed = cache(partial(inboxes.size, repository, user))  # counted where a template says it
        badge = inbox.counted(repository, user)
    return {
        "repository": repository,
        "repositories": Repository.objects.all(),
        "needed": needed,
        "badge": badge,
        "toast": undoing.offered(request),
        "may_review": may(user, REVIEWER),
        "may_operate": may(user, OPERATOR),
        "pulse": seen(repository) if repository else "",
    }
