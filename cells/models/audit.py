"""AuditEvent: who did what to which, when, before and after. AuditLink: its place in the chain. Append-only both."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class AppendOnly(models.Model):
    """Written once. Updates are refused here and by a database trigger."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("Audit events are append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit events are append-only.")


class AuditEvent(AppendOnly):
    """Names things by key, not by foreign key: an event outlives what it speaks of."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.CharField(
        max_length=150, help_text="User name, or the worker's verb for what no person did."
    )
    verb = models.CharField(max_length=30)
    repository = models.CharField(max_length=63, blank=True, db_index=True)
    subject_type = models.CharField(max_length=30)
    subject = models.CharField(max_length=300)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["verb"], name="audit_verb"),
            models.Index(fields=["actor"], name="audit_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.subject_type} {self.subject}"


class AuditLink(AppendOnly):
    """An event's place in the chain, given after it was written (see `cells.chain.seal`).

    `hash` is over the event, `seq` and `previous`, which is the hash of the link before.
    """

    seq = models.PositiveBigIntegerField(primary_key=True)
    event = models.OneToOneField(AuditEvent, models.PROTECT, related_name="link")
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-seq"]
        constraints = [models.CheckConstraint(condition=Q(seq__gte=1), name="audit_chain_starts_at_one")]

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"
