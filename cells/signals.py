"""What Django's own pages do is in the audit trail too: signing in by password, rights given and accounts deleted in /admin."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models.signals import m2m_changed, pre_delete
from django.http import HttpRequest, HttpResponse

from cells import audit, people

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


class Acting:
    """Remembers whose request this is: a signal about rights does not say who gave them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


def connect() -> None:
    """Called once, when the app is ready."""
    user_logged_in.connect(signed_in)
    user_login_failed.connect(not_signed_in)
    pre_delete.connect(deleted, sender=User)
    m2m_changed.connect(rights_changed, sender=User.groups.through)


def signed_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    """By password; a sign-in link is recorded where it is redeemed. However it was: an earlier way in leaves nothing."""
    if request:
        request.session.set_expiry(None)  # it is short while somebody is on the way to GitHub
        request.session.pop(people.CAME_BY, None)
    if request and "password" in request.POST:
        audit.record(actor=user, verb="sign_in", subject=user, after={"by": "password"})


def not_signed_in(credentials: dict[str, Any], **_: Any) -> None:
    """Whose account was tried. A name nobody has is not kept: people type passwords into that field."""
    user = User.objects.filter(username=credentials.get("username", "")).first()
    audit.record(actor="unknown", verb="sign_in_failed", subject=user or User(pk=0))


def deleted(instance: User, **_: Any) -> None:
    """What let them in by GitHub would let them in again."""
    people.forget(instance, by=_actor())


def rights_changed(
    instance: User | Group, action: str, reverse: bool, pk_set: set[int] | None, **_: Any
) -> None:
    """Someone joins a group or leaves it; `reverse`: said from the group's side."""
    if action not in ("post_add", "post_remove", "pre_clear"):
        return
    added = action == "post_add"
    for user, groups in _memberships(instance, pk_set):
        audit.record(
            actor=_actor(),
            verb="grant" if added else "withdraw",
            subject=user,
            before={} if added else {"groups": groups},
            after={"user": user.get_username()} | ({"groups": groups} if added else {}),
        )


def _memberships(instance: User | Group, pk_set: set[int] | None) -> list[tuple[User, list[str]]]:
    """`pk_set` is None when all are meant."""
    if isinstance(instance, Group):
        users = instance.user_set.all() if pk_set is None else User.objects.filter(pk__in=pk_set)
        return [(user, [instance.name]) for user in users]
    groups = instance.groups.all() if pk_set is None else Group.objects.filter(pk__in=pk_set)
    names = sorted(groups.values_list("name", flat=True))
    return [(instance, names)] if names else []


def _actor() -> User | str:
    """In a request of nobody it is the row of a GitHub login that gives rights to who comes in by it."""
    user = getattr(_request.get(), "user", None)
    if isinstance(user, User):
        return user
    return "github" if _request.get() else "command line"
