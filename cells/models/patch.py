"""Patch: a proposed change to documents of the SSOT, held as a commit of the mirror."""

from __future__ import annotations

from django.contrib.auth.models import User
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
    main = models.CharField(max_length=40, blank=True, help_text="A main at which it would change `digest`.")
    kind = models.CharField(max_length=30)
    title = models.CharField(max_length=300)
    rationale = models.TextField(blank=True)
    author_name = models.CharField(max_length=200)
    author_email = models.CharField(max_length=200, blank=True, db_index=True)
    proposer = models.ForeignKey("auth.User", models.SET_NULL, null=True, blank=True, related_name="+")
    editors: models.ManyToManyField[User, models.Model] = models.ManyToManyField(
        User, related_name="+", help_text="Who had a hand in this version; they propose it too."
    )
    replaces = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="replaced_by",
        help_text="The version before.",
    )
    pull = models.ForeignKey(
        "cells.PullRequest",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="patches",
        help_text="The pull request at GitHub that proposes it, or that lands it.",
    )
    reverts = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="reverted_by")
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
    content = models.CharField(
        max_length=64,
        blank=True,
        db_index=True,
        help_text="Of its paths with what they would hold: twins share it.",
    )
    earlier = models.JSONField(
        default=list,
        help_text="What it was before: [{digest, main, verdict}], newest last; see patches.earlier.",
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
    rank = models.PositiveSmallIntegerField(
        default=50, help_text="Where it stands in an inbox; see patches.ranks."
    )
    group = models.CharField(max_length=200, blank=True, help_text="Lane, rule and kind; see patches.ranks.")
    claimed_by = models.ForeignKey("auth.User", models.SET_NULL, null=True, blank=True, related_name="+")
    claimed_until = models.DateTimeField(null=True)
    handed_to = models.ForeignKey("auth.User", models.SET_NULL, null=True, blank=True, related_name="+")
    handed_by = models.ForeignKey("auth.User", models.SET_NULL, null=True, blank=True, related_name="+")
    handed_note = models.TextField(blank=True)
    planted_by = models.ForeignKey(
        "auth.User", models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Set on a test proposal; nobody sees it before it is decided, and it never lands.",
    )  # fmt: skip
    lesson = models.TextField(blank=True, help_text="What a test proposal wanted to be noticed.")
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
            models.CheckConstraint(
                condition=Q(planted_by=None) | ~Q(state__in=[life.APPROVED, life.LANDING, life.LANDED]),
                name="planted_patch_never_lands",
            ),
        ]
        indexes = [
            models.Index(fields=["repository", "state", "-authored_at"]),
            models.Index(fields=["repository", "state", "rank", "authored_at", "id"], name="patch_inbox"),
            models.Index(fields=["repository", "state", "group", "rank", "authored_at"], name="patch_group"),
            models.Index(fields=["repository", "state", "-state_at"], name="patch_decided"),
            models.Index(
                fields=["repository", "handed_to"], condition=Q(handed_to__isnull=False), name="patch_handed"
            ),
            models.Index(
                fields=["repository", "claimed_until"],
                condition=Q(claimed_until__isnull=False),
                name="patch_claimed",
            ),
            models.Index(fields=["repository", "state", "kind", "author_name"], name="patch_filters"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.title}"
