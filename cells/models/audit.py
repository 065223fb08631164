"""AuditEvent: who did what to which, when, before and after. Append-only."""

from __future__ import annotations

from typing import Any

from django.db import models


class AuditEvent(models.Model):
    """Names things by key, not by foreign key: an event outlives what it speaks of.

    Updates are refused here and by a database trigger.
    """

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

    def __str__(self) -> str:
        return f"{self.actor} {self.verb} {self.subject_type} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("Audit events are append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("Audit events are append-only.")
