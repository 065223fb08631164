"""The inbox: what needs this person, one group at a time, and what is kept from it."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.vary import vary_on_headers

from cells.models import Patch, Repository
from cells.patches import inbox as inboxes
from cells.patches import oversight
from cells.patches.paths import meetings
from cells.permissions import REVIEWER, may
from cells.pulls import sorting
from cells.views.chosen import Asked, chosen_or_404, viewer

PAGE = 20  # groups
MORE = 30  # patches of one group at a time
AT_MOST = 99  # what the badge counts


@vary_on_headers("HX-Request")
@viewer
def inbox(request: Asked) -> HttpResponse:
    repository = chosen_or_404(request)
    desk = inboxes.desk(repository, request.user)
    page = Paginator(desk.groups, PAGE).get_page(request.GET.get("page"))
    bundles = inboxes.bundles(repository, desk, list(page.object_list))
    items = [*desk.first, *(item for bundle in bundles for item in bundle.rows)]
    deciding = may(request.user, REVIEWER)
    context = {
        "repository": repository,
        "desk": desk,
        "page": page,
        "bundles": bundles,
        "kept": _kept(repository, request, desk),
        "deciding": deciding,
        "groomed": sorting.offered(repository) if deciding else None,
        "meetings": meetings(item.patch for item in items),
        "elsewhere": _elsewhere(request, repository),
        "unread": oversight.unread(repository, request.user) if deciding else None,
    }
    return render(request, "cells/inbox.html#list" if request.htmx else "cells/inbox.html", context)


@viewer
def group(request: Asked) -> HttpResponse:
    """More of one group: ?key=, beyond ?after=PK."""
    repository = chosen_or_404(request)
    key = request.GET.get("key", "")
    after = Patch.objects.filter(repository=repository, pk=_number(request.GET.get("after"))).first()
    place = [getattr(after, name) for name in inboxes.ORDER] if after else []
    desk = inboxes.desk(repository, request.user)
    rows = inboxes.members(repository, key, inboxes.aside_of(desk), MORE + 1, place)
    context = {
        "repository": repository, "rows": rows[:MORE], "key": key, "deciding": may(request.user, REVIEWER),
        "more": rows[MORE - 1].patch if len(rows) > MORE else None, "meetings": meetings(item.patch for item in rows),
    }  # fmt: skip
    return render(request, "cells/inbox_group.html", context)


@viewer
def kept(request: Asked, kind: str) -> HttpResponse:
    """What waits and is kept from this person's inbox, by reason, with the way back."""
    if kind not in inboxes.HIDDEN:
        raise Http404(f"Nothing is hidden as {kind}.")
    repository = chosen_or_404(request)
    numbers = inboxes.hidden(repository, request.user, kind).order_by().values("pk")
    rows = inboxes.shown(inboxes.waiting(repository).filter(pk__in=numbers).order_by(*inboxes.ORDER))
    context = {
        "repository": repository,
        "kind": kind,
        "page": Paginator(rows, MORE).get_page(request.GET.get("page")),
    }
    return render(request, "cells/inbox_kept.html", context)


@viewer
def badge(request: Asked) -> HttpResponse:
    """How many need this person, for the header; nothing when none does."""
    return HttpResponse(counted(chosen_or_404(request), request.user))


def counted(repository: Repository, user: User) -> str:
    """As the badge says it."""
    needed = inboxes.size_up_to(AT_MOST + 1, repository, user)
    return f"{AT_MOST}+" if needed > AT_MOST else str(needed or "")


def _kept(repository: Repository, request: Asked, desk: inboxes.Desk) -> list[tuple[str, int]]:
    found = [(kind, sum(one == kind for one in desk.hidden.values())) for kind in inboxes.HIDDEN]
    return [(kind, number) for kind, number in found if number]


def _elsewhere(request: Asked, here: Repository) -> list[tuple[str, int]]:
    """The other repositories in which something needs this person."""
    others = Repository.objects.exclude(pk=here.pk)
    found = [(one.key, inboxes.size(one, request.user)) for one in others[:10]]
    return [(key, size) for key, size in found if size]


def _number(said: str | None) -> int:
    return int(said) if said and said.isdecimal() and len(said) < 19 else 0
