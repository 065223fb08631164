"""What the reading of EG-Space keeps: vectors, positions over history, where each subject stands, forecasts, figures.

All of it can be made again from git and the record; nothing here decides anything.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from cells.models import Cell, Patch, Repository
from cells.models.job import Job

SUBJECTS = CELL, LANE, PROJECT, SWARM = ("cell", "lane", "project", "swarm")


class Vector(models.Model):
    """The unit vector of one text under one model. `blob` is git's id of the text, also of texts that are no file.

    `values` holds `dims` little-endian float32; empty where the text holds nothing to place, which `note` says.
    """

    blob = models.CharField(max_length=40)
    model = models.CharField(max_length=150)
    dims = models.PositiveIntegerField(default=0)
    values = models.BinaryField(default=bytes)
    note = models.JSONField(null=True, help_text="The sentence that says why there is no vector.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["blob", "model"], name="one_vector_per_blob_and_model")
        ]

    def __str__(self) -> str:
        return f"{self.blob[:7]} by {self.model}"


class Refresh(Job):
    """One making of a repository's map."""

    task = "egspace.refresh"

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="refreshes")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["repository"], condition=Q(state="running"), name="one_running_refresh"
            ),
            models.UniqueConstraint(
                fields=["repository"], condition=Q(state="queued"), name="one_queued_refresh"
            ),
        ]

    def __str__(self) -> str:
        return f"refresh {self.pk} of {self.repository_id}: {self.state}"


class Atlas(models.Model):
    """The map in force: which model and projection it was made with, and from what. Replaced whole, or kept."""

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="atlas")
    model = models.CharField(max_length=150)
    projection = models.CharField(max_length=20)
    basis = models.BinaryField(help_text="What places a vector on the map; see egspace.projection.")
    axes = models.JSONField(default=list, help_text="[[words to the left, to the right], [below, above]]")
    head = models.CharField(max_length=40)
    digest = models.CharField(max_length=64, help_text="Of everything it was made from.")
    problems = models.JSONField(default=list, help_text="Sentences about what could not be placed.")
    made_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"map of {self.repository_id} by {self.model}"


class Position(models.Model):
    """Where a subject stood from one commit on, until its next position.

    `c` and `g` are unit vectors as float16, empty when unknown. `seq` numbers the first-parent commits from 0.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="positions")
    kind = models.CharField(max_length=8, choices=[(k, k) for k in SUBJECTS])
    key = models.CharField(max_length=100)
    seq = models.PositiveIntegerField()
    commit = models.CharField(max_length=40)
    at = models.DateTimeField()
    described = models.BooleanField(
        default=True,
        help_text="False: before the repository first described it, told with its first description.",
    )
    present = models.BooleanField(default=True, help_text="False: from here on the swarm no longer holds it.")
    c = models.BinaryField(default=bytes)
    g = models.BinaryField(default=bytes)
    fingerprint = models.BigIntegerField(default=0, help_text="CRC-32 of c and g: whether it is as it was.")
    delta = models.FloatField(null=True)
    pieces = models.PositiveIntegerField(default=0, help_text="How many pieces of evidence C is the mean of.")
    open_tasks = models.PositiveIntegerField(default=0)
    all_tasks = models.PositiveIntegerField(default=0)
    moved = models.JSONField(
        default=dict, help_text="{added: [path], removed: [path], goal: bool, n}: what moved it here."
    )

    class Meta:
        ordering = ["seq", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "kind", "key", "seq"], name="one_position_per_commit"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} at {self.commit[:7]}"


class Standing(models.Model):
    """Where a subject stands now, in numbers; None is unknown, and `unknown` says why."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="standings")
    kind = models.CharField(max_length=8, choices=[(k, k) for k in SUBJECTS])
    key = models.CharField(max_length=100)
    cell = models.OneToOneField(Cell, models.CASCADE, null=True, related_name="standing")
    delta = models.FloatField(null=True)
    velocity = models.FloatField(null=True, help_text="Per week; above zero: towards its goal.")
    open_tasks = models.PositiveIntegerField(default=0)
    all_tasks = models.PositiveIntegerField(default=0)
    icr = models.FloatField(null=True)
    pieces = models.PositiveIntegerField(default=0)
    pulls = models.JSONField(
        default=dict,
        help_text="{closer: [{evidence, path, title, value}], farther: […]}: at most three each.",
    )
    goal = models.JSONField(
        default=list, help_text="[{text, path, line, commit, what}]: where its goal stands."
    )
    unknown = models.JSONField(null=True, help_text="The sentence that says why δ is unknown.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "kind", "key"], name="one_standing")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Forecast(models.Model):
    """The δ a waiting patch would leave for a cell or project; `actual` is what it left, once it landed."""

    patch = models.ForeignKey(Patch, models.CASCADE, related_name="forecasts")
    kind = models.CharField(max_length=8, default=CELL, choices=[(k, k) for k in (CELL, PROJECT)])
    key = models.CharField(max_length=100)
    own = models.BooleanField(default=True, help_text="False: a neighbour that moves with it.")
    head = models.CharField(max_length=40, help_text="The commit it was told from.")
    before = models.FloatField(null=True)
    after = models.FloatField(null=True)
    c = models.BinaryField(default=bytes)
    g = models.BinaryField(default=bytes)
    actual = models.FloatField(null=True)

    class Meta:
        ordering = ["-own", "key"]
        constraints = [
            models.UniqueConstraint(fields=["patch", "kind", "key"], name="one_forecast_per_subject")
        ]

    def __str__(self) -> str:
        return f"δ of {self.key} after patch {self.patch_id}"


class Figure(models.Model):
    """A figure as it is served: gzipped JSON under the tag of what it was made from."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="figures")
    name = models.CharField(max_length=200)
    tag = models.CharField(max_length=64)
    body = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repository", "name"], name="one_figure_per_name")]

    def __str__(self) -> str:
        return self.name
