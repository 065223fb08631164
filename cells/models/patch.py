"""Patch: a proposed change to documents of the SSOT, held as a commit of the mirror."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from cells.models.cell import Cell
from cells.models.lane import Lane
from cells.models.repository import Repository
from cells.patches import life


class Patch(models.Model):
    """`tip` proposes what changed since `merge_base`. A branch that moves is a new patch."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="patches")
    branch = models.CharField(
        max_length=500, blank=True, help_text="The source's branch; empty for one made here."
    )
    tip = models.CharField(max_length=40)
    merge_base = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=30)
    title = models.CharField(max_length=300)
    rationale = models.TextField(blank=True)
    author_name = models.CharField(max_length=200)
    author_email = models.CharField(max_length=200, blank=True)
    proposer = models.ForeignKey("auth.User", models.SET_NULL, null=True, blank=True, related_name="+")
    authored_at = models.DateTimeField()
    proposed_at = models.DateTimeField(auto_now_add=True)
    files = models.JSONField(
        default=list, help_text="[{path, old, new, status, added, removed}] against the merge base."
    )
    cells: models.ManyToManyField[Cell, models.Model] = models.ManyToManyField(Cell, related_name="patches")
    lane = models.ForeignKey(Lane, models.SET_NULL, null=True, blank=True, related_name="patches")
    applies = models.BooleanField(default=True)
    obstacle = models.JSONField(null=True, help_text="The sentence that says why it does not apply.")
    digest = models.CharField(
        max_length=64, help_text="Of what landing it now would change; see patches.digest."
    )
    state = models.CharField(max_length=10, default=life.PROPOSED, choices=[(s, s) for s in life.STATES])
    state_note = models.JSONField(null=True, help_text="The sentence that says why it is in this state.")
    state_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    edits = models.JSONField(
        default=list, help_text="Of an ask: the edits it was rendered from, see patches.edits."
    )
    checks = models.CharField(
        max_length=7, default="unknown", choices=[(c, c) for c in ("green", "red", "unknown")]
    )
    checks_by = models.ForeignKey("auth.User", models.SET_NULL, null=True, blank=True, related_name="+")
    decision = models.CharField(
        max_length=20, blank=True, db_index=True, help_text="The contract's; empty before it judged."
    )
    verdict = models.JSONField(
        null=True,
        help_text="{decision, category, risk, contract, reasons: [{rule, place, text, params, decision}]}",
    )
    commit = models.CharField(max_length=40, blank=True)
    landed_at = models.DateTimeField(null=True)
    push_state = models.CharField(
        max_length=10, blank=True, choices=[(s, s) for s in ("", "pending", "pushed", "not_pushed")]
    )
    push_note = models.JSONField(null=True)

    class Meta:
        ordering = ["-authored_at", "-pk"]
        verbose_name_plural = "patches"
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "branch", "tip"], name="one_patch_per_branch_and_tip"
            ),
            models.CheckConstraint(
                condition=~Q(state=life.LANDED) | ~Q(commit=""), name="landed_patch_has_commit"
            ),
        ]
        indexes = [models.Index(fields=["repository", "state", "-authored_at"])]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"
