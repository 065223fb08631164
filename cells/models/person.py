"""GitHubPerson: whom at GitHub we know, and what they may do here. Nobody else may anything."""

from __future__ import annotations

from django.db import models

from cells.models.github import GITHUB
from cells.permissions import RIGHTS


class GitHubPerson(models.Model):
    """`number` is GitHub's own: a login that was given up and taken by somebody else is somebody else."""

    base_url = models.CharField(max_length=300, default=GITHUB)
    login = models.CharField(max_length=100)
    number = models.BigIntegerField()
    right = models.CharField(max_length=10, choices=[(r, r) for r in RIGHTS])
    user = models.ForeignKey(
        "auth.User", models.SET_NULL, null=True, blank=True, related_name="github_people",
        help_text="Their account here; made when they first sign in.",
    )  # fmt: skip
    added_by = models.ForeignKey("auth.User", models.SET_NULL, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["login"]
        verbose_name_plural = "GitHub people"
        constraints = [
            models.UniqueConstraint(fields=["base_url", "number"], name="one_row_per_github_person"),
        ]

    def __str__(self) -> str:
        return f"{self.login}: {self.right}"
