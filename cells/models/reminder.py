"""Reminder: at which times one person wants to hear what waits for them, and where."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from cells.models.repository import Repository

WEEK = range(1, 8)  # Monday is 1, as ISO counts


class Reminder(models.Model):
    """`next_at` is moved on before anything is sent, so that one time is used at most once."""

    CHANNELS = MAIL, WEBHOOK = "mail", "webhook"

    user = models.ForeignKey(User, models.CASCADE, related_name="reminders")
    channel = models.CharField(max_length=7, choices=[(c, c) for c in CHANNELS])
    address = models.CharField(
        max_length=2000, blank=True, help_text="Of a webhook; a secret. Mail goes to the account's address."
    )
    hour = models.PositiveSmallIntegerField()
    minute = models.PositiveSmallIntegerField(default=0)
    weekdays = models.JSONField(default=list, help_text="1 (Monday) to 7.")
    zone = models.CharField(max_length=64, help_text="IANA name of the time zone of hour and minute.")
    repository = models.ForeignKey(
        Repository, models.CASCADE, null=True, blank=True, related_name="+", help_text="Empty: all."
    )
    language = models.CharField(max_length=2, choices=[(code, code) for code in ("en", "ja")])
    created_at = models.DateTimeField(auto_now_add=True)
    next_at = models.DateTimeField(null=True, db_index=True)
    paused = models.BooleanField(default=False)
    last_sent_at = models.DateTimeField(null=True)
    last_digest = models.CharField(max_length=64, blank=True, help_text="Hash of what was said last.")
    tested_at = models.DateTimeField(null=True, help_text="When its owner last had one sent at once.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Of the digest that is under way.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Digests in a row that did not arrive.")
    failed = models.JSONField(null=True, help_text="The sentence that says why the last one did not.")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(hour__lte=23, minute__lte=59), name="reminder_has_a_time"),
            models.CheckConstraint(
                condition=Q(channel="mail", address="") | (Q(channel="webhook") & ~Q(address="")),
                name="webhook_reminder_has_address",
            ),
            models.CheckConstraint(
                condition=Q(paused=True, next_at=None) | Q(paused=False, next_at__isnull=False),
                name="reminder_is_paused_or_has_a_next_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} reminder of {self.user_id}"

    @property
    def shown_address(self) -> str:
        """What may be shown of the address: the host, and of the secret its last four characters."""
        return f"{urlsplit(self.address).hostname}/…{self.address[-4:]}" if self.address else self.user.email
