"""Review: one person's decision about exactly the bytes they saw."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from cells.models.patch import Patch


class Review(models.Model):
    """`digest` names what the reviewer saw; a decision is void when the patch's digest differs."""

    DECISIONS = APPROVE, REJECT, SEND_BACK, ARCHIVE = "approve", "reject", "send_back", "archive"
    PAGE = "page"
    VIAS = (PAGE, "inbox", "bulk", "api")

    patch = models.ForeignKey(Patch, models.CASCADE, related_name="reviews")
    by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="reviews", help_text="Empty: the contract."
    )
    decision = models.CharField(max_length=9, choices=[(d, d) for d in DECISIONS])
    via = models.CharField(
        max_length=5,
        default=PAGE,
        choices=[(v, v) for v in VIAS],
        help_text="From where: its page, or without opening it.",
    )
    digest = models.CharField(max_length=64)
    verdict = models.JSONField(
        null=True, help_text="What the contract said at that moment, as a patch holds it."
    )
    reason = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)
    void = models.JSONField(null=True, help_text="The sentence that says why the decision no longer counts.")
    emergency = models.BooleanField(
        default=False, help_text="Landed by hand; a second person reads it afterwards."
    )
    read_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["read_at"], condition=models.Q(emergency=True), name="by_hand_unread")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patch", "digest", "by"],
                condition=models.Q(void__isnull=True),
                name="one_decision_per_person_and_digest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.decision} of patch {self.patch_id}"

    @property
    def who(self) -> str:
        """The reviewer's name; "contract" when the contract approved."""
        return self.by.get_username() if self.by else "contract"
