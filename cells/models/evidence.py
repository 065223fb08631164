"""Evidence: a dated fact in the SSOT. Never overwritten; a newer version stands beside it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from cells.models.cell import Cell
from cells.models.lane import Lane
from cells.models.repository import Project, Repository


class Evidence(models.Model):
    """One version of one evidence file: `commit` added these bytes under this path."""

    SOURCES = SSOT, GITHUB = "ssot", "github"

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="evidence")
    source = models.CharField(
        max_length=6, default=SSOT, choices=[(s, s) for s in SOURCES],
        help_text="ssot: a file of the repository; github: what GitHub told, kept in the mirror.",
    )  # fmt: skip
    url = models.CharField(max_length=500, blank=True, help_text="Where it stands outside the repository.")
    path = models.CharField(max_length=1000)
    blob = models.CharField(max_length=40)
    size = models.PositiveBigIntegerField()
    commit = models.CharField(max_length=40)
    committed_at = models.DateTimeField()
    read_at = models.DateTimeField(default=timezone.now, help_text="When it was first read here.")
    current = models.BooleanField(default=True, help_text="These bytes stand at the head.")
    kind = models.CharField(max_length=16)
    title = models.CharField(max_length=200)
    picture = models.BooleanField(default=False)
    observed_at = models.DateTimeField()
    observed_from = models.CharField(max_length=8, help_text="name, text or commit")
    observed_zone = models.CharField(max_length=8, blank=True)
    observed_confidence = models.CharField(max_length=8)
    observed_written = models.CharField(max_length=100, blank=True)
    exact = models.BooleanField(default=True, help_text="False: only the day is known.")
    lane = models.ForeignKey(Lane, models.SET_NULL, null=True, blank=True, related_name="evidence")
    family = models.CharField(
        max_length=60, blank=True, help_text="The lane its path names, also when the swarm has none such."
    )
    project = models.ForeignKey(Project, models.SET_NULL, null=True, blank=True, related_name="evidence")
    cells: models.ManyToManyField[Cell, EvidenceCell] = models.ManyToManyField(
        Cell, through="EvidenceCell", related_name="evidence"
    )
    flags = models.JSONField(default=list, help_text="[{code, text, params}]: what is wrong with it.")
    placed_by_hand = models.BooleanField(
        default=False, help_text="A person said which cells, perhaps none, it belongs to."
    )

    class Meta:
        ordering = ["-observed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["repository", "path", "commit"], name="one_evidence_per_version")
        ]
        indexes = [
            models.Index(fields=["repository", "current", "-observed_at"]),
            models.Index(fields=["repository", "blob"]),
        ]

    def __str__(self) -> str:
        return self.path


class EvidenceCell(models.Model):
    """Which cell a piece of evidence belongs to, and why we think so."""

    evidence = models.ForeignKey(Evidence, models.CASCADE)
    cell = models.ForeignKey(Cell, models.CASCADE)
    why = models.CharField(max_length=8, help_text="swarm, path, text or person")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["evidence", "cell"], name="one_assignment")]

    def __str__(self) -> str:
        return f"{self.evidence_id} → {self.cell_id} ({self.why})"


class Claim(models.Model):
    """A typed statement read from evidence, e.g. ready = True (control plane)."""

    evidence = models.ForeignKey(Evidence, models.CASCADE, related_name="claims")
    subject = models.CharField(max_length=100)
    predicate = models.CharField(max_length=60)
    value = models.CharField(max_length=200)
    unit = models.CharField(max_length=20, blank=True)
    vantage = models.CharField(max_length=100, blank=True)
    line = models.PositiveIntegerField(default=0)
    observed_at = models.DateTimeField(null=True, help_text="When the document dates this statement itself.")

    class Meta:
        ordering = ["evidence_id", "line"]
        indexes = [models.Index(fields=["subject", "predicate"])]

    def __str__(self) -> str:
        return f"{self.subject}: {self.predicate} = {self.value}"
