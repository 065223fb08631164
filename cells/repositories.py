"""Knowing a repository: adding one under a key, and pointing it at another source."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from cells import audit
from cells.models import Repository
from cells.models.repository import without_secret
from cells.permissions import OPERATOR, require


def add(*, key: str, source: str, by: User) -> Repository:
    """A person adds a repository or changes its source. Raises Forbidden, ValidationError."""
    require(by, OPERATOR)
    return known_as(key, source, actor=by)


def known_as(key: str, source: str | None, actor: User | str = "command line") -> Repository:
    """The repository of this key, made or re-pointed when a source is given.

    Raises ValidationError for a bad key, Repository.DoesNotExist without a source for a new one.
    """
    found = Repository.objects.filter(key=key).first()
    if found and source in (None, "", found.source):
        return found
    if not source:
        raise Repository.DoesNotExist(key)
    repository = found or Repository(key=key)
    before = repository.source
    repository.source = source
    repository.full_clean(exclude=["head_at", "newest_evidence_at", "synced_at", "problems", "swarm_broken"])
    with transaction.atomic():
        repository.save()
        audit.record(
            actor=actor, verb="point" if found else "add", subject=repository, repository=key,
            before={"source": without_secret(before)} if found else {}, after={"source": without_secret(source)},
        )  # fmt: skip
    return repository
