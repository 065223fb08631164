"""GitHubConnection: where a repository lives on GitHub, and by what we speak for it. Delivery: one webhook, taken once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from cells.models.repository import Repository

GITHUB = "https://api.github.com"


class GitHubConnection(models.Model):
    """The secret is either kept here, encrypted, or read from the environment variable `env` each time it is needed."""

    KINDS = APP, TOKEN = "app", "token"

    repository = models.OneToOneField(Repository, models.CASCADE, related_name="github")
    full_name = models.CharField(max_length=140, help_text="owner/name")
    number = models.BigIntegerField(null=True, help_text="GitHub's own; stays the same when it is renamed.")
    base_url = models.CharField(max_length=300, default=GITHUB)
    kind = models.CharField(max_length=5, choices=[(k, k) for k in KINDS])
    app_id = models.CharField(max_length=20, blank=True)
    installation_id = models.BigIntegerField(null=True, blank=True)
    secret = models.TextField(blank=True, help_text="Token or private key, encrypted; never shown.")
    secret_at = models.DateTimeField(null=True)
    env = models.CharField(max_length=100, blank=True, help_text="Variable that holds the secret instead.")
    hook_secret = models.TextField(blank=True, help_text="Made here, encrypted; shown once.")
    hook_secret_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    problem = models.JSONField(null=True, help_text="The sentence that says why the last check failed.")
    permissions = models.JSONField(default=dict, help_text="{contents: write, …} as last checked.")
    by_pull = models.BooleanField(
        default=True,
        help_text="Approved patches land as pull requests; else as commits pushed to the branch.",
    )
    speaks_as = models.CharField(max_length=100, blank=True, help_text="The login our comments stand under.")
    pulls_until = models.DateTimeField(null=True, help_text="Pull requests changed until then are mirrored.")
    comments_until = models.DateTimeField(null=True, help_text="Comments written until then were looked at.")
    evidence_until = models.DateTimeField(null=True, help_text="What happened until then was made evidence.")
    rest_until = models.DateTimeField(null=True, help_text="GitHub wants to be left alone until then.")
    asked_at = models.DateTimeField(
        null=True, help_text="When a reading last asked for comments and for what happened."
    )
    trouble = models.JSONField(null=True, help_text="The sentence that says why the last look failed.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("full_name"), "base_url", name="one_connection_per_github_repository"
            ),
            models.CheckConstraint(
                condition=(Q(secret="") & ~Q(env="")) | (~Q(secret="") & Q(env="")),
                name="github_secret_is_kept_or_in_env",
            ),
            models.CheckConstraint(
                condition=Q(kind="token", app_id="", installation_id=None)
                | (Q(kind="app", installation_id__isnull=False) & ~Q(app_id="")),
                name="github_app_has_its_numbers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.full_name} at {self.base_url}"


class Delivery(models.Model):
    """What a webhook said, as far as it is used; the payload itself is not kept. `id_there` is GitHub's id of it."""

    STATES = TAKEN, DONE, IGNORED, FAILED = "taken", "done", "ignored", "failed"

    connection = models.ForeignKey(GitHubConnection, models.CASCADE, related_name="deliveries")
    id_there = models.CharField(max_length=64)
    event = models.CharField(max_length=40)
    action = models.CharField(max_length=40, blank=True)
    sha = models.CharField(max_length=64, blank=True, help_text="The commit a check speaks of.")
    said = models.JSONField(default=dict, help_text="Of a check: {of, name, state, at}.")
    state = models.CharField(max_length=7, default=TAKEN, choices=[(s, s) for s in STATES])
    note = models.JSONField(null=True, help_text="The sentence that says what came of it.")
    received_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["connection", "id_there"], name="one_row_per_delivery"),
        ]
        indexes = [
            models.Index(fields=["sha"], condition=~Q(sha=""), name="delivery_sha"),
            models.Index(fields=["state"], condition=Q(state="taken"), name="delivery_taken"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.id_there}"
