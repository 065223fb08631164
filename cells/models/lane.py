"""Lane: a group of cells of one kind that share a contract policy."""

from __future__ import annotations

from django.db import models

from cells.models.repository import Repository


class Lane(models.Model):
    """`position` is the order in which lanes were first met; it keeps the map still."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="lanes")
    key = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    position = models.PositiveIntegerField(default=0)
    approvals = models.PositiveSmallIntegerField(default=1, help_text="How many people have to approve.")
    goal_approvals = models.PositiveSmallIntegerField(
        default=0, help_text="The same where a goal changes; 0: as above."
    )
    owners = models.JSONField(
        default=list, help_text="User names; one of them has to be among those who approve."
    )

    auto_merge = models.BooleanField(
        default=False, help_text="An operator let what the contract calls AUTO_MERGE_OK land by itself."
    )
    auto_since = models.DateTimeField(null=True, help_text="When it was last switched on.")
    auto_stopped = models.JSONField(null=True, help_text="The sentence that says why that stopped by itself.")

    class Meta:
        ordering = ["position", "key"]
        constraints = [models.UniqueConstraint(fields=["repository", "key"], name="one_lane_per_key")]

    def __str__(self) -> str:
        return self.key
