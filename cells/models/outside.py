"""OutsideCommit: a commit that appeared on main without passing here."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from cells.models.cell import Cell
from cells.models.repository import Repository


class OutsideCommit(models.Model):
    """Noticed when main was read; open until a person has read it."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="outside")
    commit = models.CharField(max_length=40)
    subject = models.CharField(max_length=300)
    author_name = models.CharField(max_length=200)
    committed_at = models.DateTimeField()
    noticed_at = models.DateTimeField(auto_now_add=True)
    files = models.JSONField(default=list, help_text="Paths it touches, the first fifty.")
    cells: models.ManyToManyField[Cell, models.Model] = models.ManyToManyField(Cell, related_name="outside")
    read_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-committed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "commit"], name="one_row_per_outside_commit")
        ]
        indexes = [models.Index(fields=["repository", "read_at"], name="outside_unread")]

    def __str__(self) -> str:
        return f"{self.commit[:10]} {self.subject}"
