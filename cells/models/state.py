"""What a STATE document said, from which commit on: every past version of C, G and δ is dated."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from cells.models.cell import Cell
from cells.models.repository import Project, Repository


class StateVersion(models.Model):
    """One version of one STATE document (or of one section of it, when a cell has only that)."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="state_versions")
    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="state_versions")
    cell = models.ForeignKey(Cell, models.CASCADE, null=True, related_name="state_versions")
    path = models.CharField(max_length=1000)
    section = models.CharField(max_length=300, blank=True)
    commit = models.CharField(max_length=40)
    committed_at = models.DateTimeField()
    blob = models.CharField(max_length=40, blank=True, help_text="Empty: the document was deleted here.")
    style = models.CharField(max_length=4, blank=True)
    note = models.JSONField(null=True)
    open_tasks = models.PositiveIntegerField(default=0)
    all_tasks = models.PositiveIntegerField(default=0)
    current = models.BooleanField(default=True)

    class Meta:
        ordering = ["committed_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "path", "section", "commit", "cell"],
                name="one_reading_per_version_and_cell",
            ),
            models.UniqueConstraint(
                fields=["repository", "path", "commit"],
                condition=Q(cell__isnull=True),
                name="one_reading_per_version",
            ),
        ]
        indexes = [models.Index(fields=["repository", "current"])]

    def __str__(self) -> str:
        return f"{self.path}@{self.commit[:7]}"


class Fact(models.Model):
    """C, a goal, δ, a task or an evidence link, as written, with where it stands."""

    version = models.ForeignKey(StateVersion, models.CASCADE, related_name="facts")
    kind = models.CharField(max_length=16)
    text = models.TextField()
    line = models.PositiveIntegerField()
    last_line = models.PositiveIntegerField()
    heading = models.CharField(max_length=300, blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["line", "pk"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text[:40]}"
