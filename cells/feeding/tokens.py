"""The feed token of a person: it stands in the addresses their reader keeps, so it opens feeds and nothing else."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cells import audit
from cells.accounts import digest
from cells.models import FeedToken
from cells.permissions import VIEWER, require
from cells.refusals import Forbidden
from cells.sentences import sentence

PREFIX = "vpmfeed_"
NOTED = timedelta(hours=1)  # a reader comes often; when it came last need not be exact
NO_TOKEN = sentence("This feed needs a feed token that works; your account page makes one.")


def make(*, user: User) -> str:
    """A new token, shown once; the one before stops working. Raises Forbidden."""
    require(user, VIEWER)
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        FeedToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
        row = FeedToken.objects.create(user=user, hash=digest(token))
        audit.record(actor=user, verb="make_feed_token", subject=row, after={"revoked": False})
    return token


def revoke(*, user: User) -> None:
    """Their token stops working now; a second time changes nothing."""
    with transaction.atomic():
        for row in FeedToken.objects.filter(user=user, revoked_at=None):
            if FeedToken.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=timezone.now()):
                audit.record(actor=user, verb="revoke_feed_token", subject=row, after={"revoked": True})


def reader(token: str) -> User:
    """Whose token it is, who may still see the swarm. Raises Forbidden."""
    row = FeedToken.objects.select_related("user").filter(hash=digest(token), revoked_at=None).first()
    if row is None:
        raise Forbidden(NO_TOKEN)
    require(row.user, VIEWER)
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED)
    FeedToken.objects.filter(stale, pk=row.pk).update(last_used_at=now)
    return row.user
