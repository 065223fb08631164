"""Accounts: the owner of a fresh installation, the one-time sign-in link, and API tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cells import audit
from cells.models import ApiToken, SignInToken
from cells.permissions import OPERATOR, RIGHTS, VIEWER, may
from cells.refusals import Forbidden, Refused
from cells.sentences import sentence

OWNER = "owner"
LINK_LIFE = timedelta(hours=12)
PREFIX = "vpm_"


def owner() -> User:
    """The first superuser, made on a fresh installation: no password, all rights, signs in by link."""
    found = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if found:
        return found
    user, _ = User.objects.get_or_create(username=OWNER, defaults={"is_staff": True, "is_superuser": True})
    user.set_unusable_password()
    user.is_active = user.is_staff = user.is_superuser = True
    user.save()
    user.groups.add(*Group.objects.filter(name=OPERATOR))
    return user


def sign_in_link(base_url: str) -> str:
    """A fresh one-time URL for the owner; only its hash is stored."""
    token = secrets.token_urlsafe(32)
    SignInToken.objects.create(user=owner(), hash=digest(token))
    return f"{base_url.rstrip('/')}/in/{token}/"


def redeem(token: str) -> User:
    """The user of an unused, young sign-in token; uses it up. Raises Forbidden."""
    live = Q(hash=digest(token), used_at__isnull=True, created_at__gt=timezone.now() - LINK_LIFE)
    with transaction.atomic():
        if SignInToken.objects.filter(live).update(used_at=timezone.now()) != 1:
            raise Forbidden(
                sentence(
                    "This sign-in link was used already or is too old. `make run` prints a new one each time it starts."
                )
            )
        user = SignInToken.objects.select_related("user").get(hash=digest(token)).user
        audit.record(actor=user, verb="sign_in", subject=user, after={"by": "link"})
    return user


def make_token(*, user: User, scope: str, name: str = "") -> str:
    """A bearer token, shown once. It can do what its scope and its user both may. Raises Refused."""
    if scope not in ApiToken.SCOPES:
        raise Refused(
            sentence("There is no scope %(scope)s; choose viewer, agent, reviewer or operator.", scope=scope)
        )
    if scope not in scopes(user):
        raise Forbidden(
            sentence("%(user)s does not hold the right %(scope)s.", user=user.get_username(), scope=scope)
        )
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = ApiToken.objects.create(user=user, scope=scope, name=name[:100], hash=digest(token))
        audit.record(actor=user, verb="make_token", subject=row, after={"scope": scope, "name": name[:100]})
    return token


def scopes(user: User) -> list[str]:
    """Those a token of this person can have: their rights, and an agent's, which asks for no more than seeing."""
    held = {right for right in RIGHTS if may(user, right)} if may(user, VIEWER) else set()
    return [scope for scope in ApiToken.SCOPES if scope in held or (scope == ApiToken.AGENT and held)]


def revoke_token(*, token: ApiToken, by: User) -> None:
    """The token stops working now; a second revocation changes nothing. Raises Forbidden."""
    if token.user_id != by.pk and not may(by, OPERATOR):
        raise Forbidden(sentence("This token belongs to someone else."))
    with transaction.atomic():
        if ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()):
            audit.record(actor=by, verb="revoke_token", subject=token, after={"revoked": True})


def bearer(token: str) -> ApiToken | None:
    """The live token row with its active user, or None."""
    rows = ApiToken.objects.select_related("user").filter(revoked_at__isnull=True, user__is_active=True)
    found = rows.filter(hash=digest(token)).first()
    if found:
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=timezone.now())
    return found


def digest(token: str) -> str:
    """SHA-256: the tokens are 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
