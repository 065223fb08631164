"""Review: one person's decision about exactly the bytes they saw."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from cells.models.patch import Patch


class Review(models.Model):
    """`digest` names what the reviewer saw; a decision is void when the patch's digest differs."""

    APPROVE, REJECT = "approve", "reject"

    patch = models.ForeignKey(Patch, models.CASCADE, related_name="reviews")
    by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="reviews", help_text="Empty: the contract."
    )
    decision = models.CharField(max_length=8, choices=[(d, d) for d in (APPROVE, REJECT)])
    digest = models.CharField(max_length=64)
    verdict = models.JSONField(
        null=True, help_text="What the contract said at that moment, as a patch holds it."
    )
    reason = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)
    void = models.JSONField(null=True, help_text="The sentence that says why the decision no longer counts.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["patch", "digest"],
                condition=models.Q(void__isnull=True),
                name="one_decision_per_digest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.decision} of patch {self.patch_id}"

    @property
    def who(self) -> str:
        """The reviewer's name; "contract" when the contract approved."""
        return self.by.get_username() if self.by else "contract"
