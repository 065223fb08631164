"""Cell: one self-updating loop with a purpose; and the relations between cells."""

from __future__ import annotations

from django.db import models

from cells.models.lane import Lane
from cells.models.repository import Project, Repository


class Cell(models.Model):
    """As the swarm describes it. `position` is its slot in the lane, given once and kept."""

    CANDIDATE, ACTIVE, SHELVED, ARCHIVED = "candidate", "active", "shelved", "archived"
    STAGES = (CANDIDATE, ACTIVE, SHELVED, ARCHIVED)

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="cells")
    key = models.CharField(max_length=100)
    lane = models.ForeignKey(Lane, models.PROTECT, related_name="cells")
    project = models.ForeignKey(Project, models.SET_NULL, null=True, blank=True, related_name="cells")
    title = models.CharField(max_length=300, blank=True)
    north_star = models.TextField(blank=True)
    stage = models.CharField(max_length=10, default=ACTIVE, choices=[(s, s) for s in STAGES])
    contract = models.CharField(max_length=100, blank=True, help_text="Contract category, as written.")
    ask_modes = models.JSONField(default=list)
    owner = models.CharField(max_length=150, blank=True)
    cadence = models.CharField(max_length=100, blank=True)
    state_path = models.CharField(max_length=1000, blank=True)
    state_section = models.CharField(max_length=300, blank=True)
    memory = models.CharField(max_length=1000, blank=True)
    evidence_globs = models.JSONField(default=list)
    milestones = models.JSONField(default=dict, help_text="Milestone key to what this cell does in it.")
    note = models.TextField(blank=True, help_text="Remarks of the table it was discovered in.")
    path = models.CharField(
        max_length=1000, blank=True, help_text="Where the repository describes this cell."
    )
    line = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)
    approvals = models.PositiveSmallIntegerField(default=1, help_text="How many people have to approve.")
    goal_approvals = models.PositiveSmallIntegerField(
        default=0, help_text="The same where a goal changes; 0: as above."
    )
    owners = models.JSONField(
        default=list, help_text="User names; one of them has to be among those who approve."
    )

    class Meta:
        ordering = ["lane__position", "position", "key"]
        constraints = [models.UniqueConstraint(fields=["repository", "key"], name="one_cell_per_key")]

    def __str__(self) -> str:
        return self.key


class Relation(models.Model):
    """A directed, typed relation between two cells of one repository."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="relations")
    source = models.ForeignKey(Cell, models.CASCADE, related_name="outgoing")
    target = models.ForeignKey(Cell, models.CASCADE, related_name="incoming")
    type = models.CharField(max_length=60)

    class Meta:
        ordering = ["type", "source_id", "target_id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "target", "type"], name="one_relation_per_type")
        ]

    def __str__(self) -> str:
        return f"{self.source_id} {self.type} {self.target_id}"
