"""Writing the audit trail: one line per change of state, in the transaction that makes it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from cells.models import AuditEvent


def record(
    *,
    actor: User | str,
    verb: str,
    subject: Any,
    repository: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Append one event. `actor` is a user, or the name of the worker's role ("sync", "landing")."""
    return AuditEvent.objects.create(
        actor=actor if isinstance(actor, str) else actor.get_username(),
        verb=verb,
        repository=repository,
        subject_type=type(subject).__name__.lower(),
        subject=str(getattr(subject, "key", subject.pk)),
        before=before or {},
        after=after or {},
        reason=reason,
    )
