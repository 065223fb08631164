"""Who may do what: viewer, reviewer, operator. Each right includes the ones before it.

The rights are Django permissions (`cells.viewer` …) carried by groups of the same names, and are
checked in the verb. Someone without any of them sees nothing.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, Permission, User

from cells.refusals import Forbidden
from cells.sentences import sentence

VIEWER, REVIEWER, OPERATOR = RIGHTS = ("viewer", "reviewer", "operator")

NEEDED = {
    VIEWER: sentence("You need the right “viewer” to see this; an operator can give it to you."),
    REVIEWER: sentence("You need the right “reviewer” to decide; an operator can give it to you."),
    OPERATOR: sentence("You need the right “operator” for this; another operator can give it to you."),
}


def may(user: AbstractBaseUser | AnonymousUser, right: str) -> bool:
    """Whether an active user holds the right."""
    if right not in RIGHTS:
        raise ValueError(f"there is no right {right!r}")
    return bool(user.is_active and isinstance(user, User) and user.has_perm(f"cells.{right}"))


def require(user: AbstractBaseUser | AnonymousUser, right: str) -> None:
    """Refuse with a sentence unless the user holds the right."""
    if not may(user, right):
        raise Forbidden(NEEDED[right])


def make_groups(**_: object) -> None:
    """After each migrate: the three groups exist and carry their rights."""
    for number, right in enumerate(RIGHTS, start=1):
        group, _created = Group.objects.get_or_create(name=right)
        held = Permission.objects.filter(codename__in=RIGHTS[:number], content_type__app_label="cells")
        group.permissions.add(*held)
