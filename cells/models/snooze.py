"""Snooze: one person does not want to see one patch for a while."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from cells.models.patch import Patch


class Snooze(models.Model):
    """Over when `until` has passed, or as soon as the patch would change something else than `digest`."""

    patch = models.ForeignKey(Patch, models.CASCADE, related_name="snoozes")
    by = models.ForeignKey(User, models.CASCADE, related_name="snoozes")
    until = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["patch", "by"], name="one_snooze_per_person")]

    def __str__(self) -> str:
        return f"patch {self.patch_id} until {self.until}"
