"""What moves the map: a repository was read, or somebody did something. Each only queues a refresh; the beat repairs what is lost."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_save

from cells.models import AuditEvent, Repository
from cells.patches import life
from egspace import refresh

# Of a person or a worker, what changes evidence, cells or what waits.
MOVES = frozenset({"assign", "propose", *life.LIFE})


def connect() -> None:
    """Called once, when the app is ready."""
    post_save.connect(read, sender=Repository)
    post_save.connect(happened, sender=AuditEvent)


def read(instance: Repository, created: bool, update_fields: Any = None, **_: Any) -> None:
    """The last step of a sync saves the whole row; the steps before it name their fields."""
    if not created and update_fields is None and instance.head:
        refresh.request(instance)


def happened(instance: AuditEvent, **_: Any) -> None:
    if instance.verb in MOVES and instance.repository:
        # After the commit: all who decide at once would wait for each other's row, some of them in a circle.
        transaction.on_commit(lambda: _request(instance.repository))


def _request(key: str) -> None:
    repository = Repository.objects.exclude(head="").filter(key=key).first()
    if repository:
        refresh.request(repository)
