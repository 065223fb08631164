"""Job: a piece of work on a repository. The row is the job, Celery only wakes someone up; see cells.jobs for its life."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models

if TYPE_CHECKING:
    from cells.models.repository import Repository


class Job(models.Model):
    """`task` names the Celery task that takes `run_id` and does it. Whoever inherits says what may run at once."""

    QUEUED, RUNNING, DONE, FAILED = STATES = ("queued", "running", "done", "failed")
    task: ClassVar[str]
    repository: models.ForeignKey[Repository, Repository]

    state = models.CharField(max_length=8, default=QUEUED, choices=[(s, s) for s in STATES])
    step = models.CharField(max_length=40, blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)
    error = models.JSONField(null=True)
    queued_at = models.DateTimeField(auto_now_add=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
