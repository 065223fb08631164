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

    class Meta:
        ordering = ["position", "key"]
        constraints = [models.UniqueConstraint(fields=["repository", "key"], name="one_lane_per_key")]

    def __str__(self) -> str:
        return self.key
