"""Repository, the projects inside it, and the runs that read it."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cells.models.job import Job

repository_key = RegexValidator(
    r"^[a-z0-9][a-z0-9._-]{0,62}$", _("A key is lower-case letters, digits, dots and dashes.")
)

PLACE = re.compile(r"(?<=://)\S+")
# A password may hold "/" and "@": after a ":" everything up to the last "@" may be one.
USER = re.compile(r"^(?:.*:.*@|[^/]*@)")


def without_secret(text: str) -> str:
    """A URL, or words with URLs in them, without what may be secret there: the user part and the query."""
    return PLACE.sub(lambda place: re.split("[?#]", USER.sub("", place[0], count=1), maxsplit=1)[0], text)


class Repository(models.Model):
    """One SSOT known here under a key, mirrored under VPM_DATA_DIR."""

    key = models.CharField(max_length=63, unique=True, validators=[repository_key])
    source = models.CharField(
        max_length=1000, help_text=_("Path or URL of the repository, or of a bundle of it.")
    )
    branch = models.CharField(max_length=200, default="main")
    head = models.CharField(max_length=40, blank=True, help_text=_("The last commit read."))
    head_at = models.DateTimeField(null=True)
    source_head = models.CharField(max_length=40, blank=True, help_text=_("Where the source's branch stood."))
    swarm_origin = models.CharField(
        max_length=12, default="none", choices=[(o, o) for o in ("declared", "discovered", "none")]
    )
    swarm_path = models.CharField(max_length=1000, blank=True)
    read_digest = models.CharField(max_length=64, blank=True, help_text=_("Of the branches as last read."))
    swarm_digest = models.CharField(
        max_length=64, blank=True, help_text=_("Of what the last good swarm was read from.")
    )
    swarm_broken = models.JSONField(
        null=True, help_text=_("Why the last swarm.toml was not read; the good one stands.")
    )
    problems = models.JSONField(default=list, help_text=_("Sentences about the last reading."))
    newest_evidence_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    synced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["key"]
        permissions = [
            ("viewer", "May see the swarm"),
            ("reviewer", "May approve and reject patches"),
            ("operator", "May add, sync and configure"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def shown_source(self) -> str:
        """The source without the secrets a URL may carry."""
        return without_secret(self.source)

    @property
    def mirror(self) -> Path:
        """The bare repository VPM works on; the source's work tree is never touched."""
        return settings.VPM_DATA_DIR / "repositories" / f"{self.key}.git"


class Project(models.Model):
    """One `project_id` of a repository, with its own STATE."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="projects")
    key = models.CharField(max_length=100)
    title = models.CharField(max_length=200)
    state_path = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["repository", "key"], name="one_project_per_key")]

    def __str__(self) -> str:
        return self.key


class SyncRun(Job):
    """One reading of a repository."""

    task = "cells.run_sync"

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="runs")
    asked_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["repository"], condition=Q(state="running"), name="one_running_sync"
            ),
            models.UniqueConstraint(
                fields=["repository"], condition=Q(state="queued"), name="one_queued_sync"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.repository_id}#{self.pk} {self.state}"
