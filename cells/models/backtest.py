"""Backtest: the contract replayed over a repository's history, as a job with a kept result."""

from __future__ import annotations

from django.db import models

from cells.models.repository import Repository


class Backtest(models.Model):
    """`contract` is the text of another contract file to compare with, or "", `history` that of a history file; `result` is what the command prints."""

    QUEUED, RUNNING, DONE, FAILED = STATES = ("queued", "running", "done", "failed")

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="backtests")
    contract = models.TextField(blank=True)
    history = models.TextField(
        blank=True, help_text="JSON lines about pull requests: what git alone cannot know."
    )
    assume_green = models.BooleanField(default=False)
    asked_by = models.ForeignKey("auth.User", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=8, default=QUEUED, choices=[(s, s) for s in STATES])
    state_at = models.DateTimeField()
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"backtest {self.pk} of {self.repository_id}"
