"""Ask: one question about a cell in a mode, everything that was sent, and everything that came back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from cells.asks import life
from cells.models.cell import Cell
from cells.models.patch import Patch
from cells.models.repository import Repository


class Ask(models.Model):
    """The row is the job. `cell_key` stays when the swarm no longer holds the cell."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="asks")
    cell = models.ForeignKey(Cell, models.SET_NULL, null=True, related_name="asks")
    cell_key = models.CharField(max_length=100)
    mode = models.CharField(max_length=40)
    provider = models.CharField(max_length=20)
    model = models.CharField(max_length=100, blank=True)
    subject = models.ForeignKey(
        Patch, models.SET_NULL, null=True, related_name="asks_about", help_text="The patch it is about."
    )
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="children",
        help_text="Sent back or run again from this one.",
    )
    notes = models.TextField(blank=True, help_text="From the person asking.")
    comment = models.TextField(blank=True, help_text="What was wrong with the parent's answer.")
    forced = models.BooleanField(default=False, help_text="Ask anew although an earlier answer fits.")
    door = models.CharField(max_length=10, help_text="page, api, command, schedule, github or demo")
    asked_by = models.ForeignKey("auth.User", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    state = models.CharField(max_length=10, default=life.QUEUED, choices=[(s, s) for s in life.STATES])
    state_at = models.DateTimeField()
    step = models.CharField(max_length=20, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, help_text="A provider that was away is asked again then.")
    lease_until = models.DateTimeField(null=True)

    head = models.CharField(max_length=40, blank=True, help_text="The commit the context was built from.")
    context = models.JSONField(null=True, help_text="CONTEXT_JSON, exactly as it was sent.")
    prompt = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=64, blank=True, db_index=True)
    same_as = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="+",
        help_text="The earlier ask whose answer this is.",
    )
    reply = models.TextField(blank=True, help_text="What came back, whole.")
    answer = models.JSONField(null=True, help_text="The reply as its mode's schema reads it.")
    kept = models.JSONField(
        default=dict, help_text="What the reply carried beyond the schema, by JSON pointer."
    )
    repairs = models.JSONField(default=list, help_text="Sentences: what was read tolerantly.")
    plan = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    needs = models.JSONField(
        default=list, help_text="[{kind, predicate, vantage, sentence}]: what would change it."
    )
    error = models.JSONField(null=True, help_text="The sentence that says why it failed.")
    patch = models.ForeignKey(Patch, models.SET_NULL, null=True, related_name="asks")
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    seconds = models.FloatField(default=0)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=life.ANSWERED) | Q(answer__isnull=False), name="answered_ask_has_answer"
            )
        ]
        indexes = [
            models.Index(fields=["repository", "state", "-id"]),
            models.Index(fields=["cell", "-id"]),
        ]

    def __str__(self) -> str:
        return f"ask {self.pk}: {self.mode} of {self.cell_key}"

    @property
    def open(self) -> bool:
        return self.state in life.OPEN
