"""Tokens: bearer tokens for the API, and the one-time link that signs the owner in."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models


class ApiToken(models.Model):
    """Only the hash is kept. A token can do what its scope and its user both may.

    Beside the rights there is the scope of a program that proposes: it never decides, whatever its user may.
    """

    AGENT = "agent"
    SCOPES = ("viewer", AGENT, "reviewer", "operator")

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    scope = models.CharField(max_length=8, choices=[(s, s) for s in SCOPES])
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.name or self.scope}"


class SignInToken(models.Model):
    """One use, short life."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in of {self.user_id}"
