"""Signing in and out, the account page with its tokens, and the choice of language."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cells import accounts
from cells.models import ApiToken
from cells.permissions import RIGHTS, may
from cells.views.chosen import Asked


@login_not_required
def by_link(request: Asked, token: str) -> HttpResponse:
    """The one-time link that `make run` prints."""
    user = accounts.redeem(token)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("map")


def account(request: Asked) -> HttpResponse:
    return render(request, "cells/account.html", _account(request))


@require_POST
def make_token(request: Asked) -> HttpResponse:
    token = accounts.make_token(
        user=request.user, scope=request.POST.get("scope", ""), name=request.POST.get("name", "")
    )
    return render(request, "cells/account.html", _account(request) | {"token": token})


@require_POST
def revoke_token(request: Asked, pk: int) -> HttpResponse:
    accounts.revoke_token(token=get_object_or_404(ApiToken, pk=pk, user=request.user), by=request.user)
    messages.success(request, _("The token no longer works."))
    return redirect("account")


def _account(request: Asked) -> dict[str, object]:
    return {
        "tokens": request.user.api_tokens.filter(revoked_at__isnull=True),
        "scopes": [right for right in RIGHTS if may(request.user, right)],
    }
