"""FeedToken: lets a feed reader, which cannot sign in, read feeds in one person's name, and nothing else."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q


class FeedToken(models.Model):
    """Only the hash is kept. No `ApiToken`: it stands in URLs, so the API must not know it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="feed_tokens")
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(revoked_at=None), name="one_feed_token_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"feed token of {self.user_id}"
