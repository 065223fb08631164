"""Touched: one path that a patch touches, so that those that meet on a file are found by index."""

from __future__ import annotations

from django.db import models

from cells.models.patch import Patch


class Touched(models.Model):
    """A reading of `Patch.files`; see patches.paths."""

    patch = models.ForeignKey(Patch, models.CASCADE, related_name="touched")
    path = models.CharField(max_length=1000, db_index=True)

    class Meta:
        verbose_name_plural = "touched"

    def __str__(self) -> str:
        return self.path
