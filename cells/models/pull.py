"""PullRequest: one at GitHub, as it was last seen there. AskComment: one `/ask`, taken once. Errand: one thing to do there."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from cells.models.ask import Ask
from cells.models.github import GitHubConnection


class PullRequest(models.Model):
    """The row follows GitHub. `head` is the commit it proposes now; the patches of its versions point to it."""

    STATES = OPEN, CLOSED, MERGED = "open", "closed", "merged"

    connection = models.ForeignKey(GitHubConnection, models.CASCADE, related_name="pulls")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True, help_text="As written there; hostile text.")
    url = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=100, blank=True)
    author_number = models.BigIntegerField(null=True, help_text="GitHub's own number of the author.")
    head = models.CharField(max_length=40)
    head_ref = models.CharField(max_length=500)
    head_repository = models.CharField(max_length=140, blank=True, help_text="Empty: it was deleted.")
    fork = models.BooleanField(default=False, help_text="Its branch lies in another repository.")
    base_ref = models.CharField(max_length=500)
    state = models.CharField(max_length=6, default=OPEN, choices=[(s, s) for s in STATES])
    draft = models.BooleanField(default=False)
    labels = models.JSONField(default=list, help_text="Names.")
    mergeable = models.CharField(
        max_length=20, blank=True, help_text="GitHub's mergeable_state: clean, blocked, dirty, …"
    )
    reviews = models.JSONField(
        default=list, help_text="[{login, state, sha, at}], the newest of each person."
    )
    checks = models.JSONField(default=list, help_text="[{name, state, url}] of `head`.")
    checks_at = models.DateTimeField(null=True, help_text="When the checks were last asked for.")
    created_there = models.DateTimeField()
    updated_there = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=100, blank=True)
    merge_commit = models.CharField(max_length=40, blank=True)
    made = models.CharField(
        max_length=40,
        blank=True,
        help_text="The head that landing a patch pushed; empty when others opened it.",
    )
    look_at = models.DateTimeField(null=True, help_text="When its landing looks at it again.")
    looks = models.PositiveSmallIntegerField(
        default=0, help_text="How many in a row were to be repeated soon."
    )

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "number"], name="one_row_per_pull_request")
        ]
        indexes = [
            models.Index(fields=["connection", "head"], name="pull_head"),
            models.Index(fields=["connection", "state", "-number"], name="pull_state"),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def ours(self) -> bool:
        return bool(self.made)


class AskComment(models.Model):
    """A comment that begins with /ask. One comment, one ask: the row is made once, whoever brings it."""

    STATES = TAKEN, ASKED, REFUSED, IGNORED = "taken", "asked", "refused", "ignored"

    connection = models.ForeignKey(GitHubConnection, models.CASCADE, related_name="comments")
    id_there = models.BigIntegerField()
    number = models.PositiveIntegerField(help_text="Of the issue or pull request it stands under.")
    on_pull = models.BooleanField(default=False)
    subject_title = models.CharField(max_length=300, blank=True, help_text="The title of that issue.")
    author = models.CharField(max_length=100)
    author_number = models.BigIntegerField()
    body = models.TextField()
    written_at = models.DateTimeField()
    taken_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=7, default=TAKEN, choices=[(s, s) for s in STATES])
    note = models.JSONField(null=True, help_text="The sentence that says what came of it.")
    ask = models.OneToOneField(Ask, models.SET_NULL, null=True, related_name="said_in")

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["connection", "id_there"], name="one_row_per_comment")]
        indexes = [models.Index(fields=["state"], condition=Q(state="taken"), name="comment_taken")]

    def __str__(self) -> str:
        return f"comment {self.id_there} by {self.author}"


class Errand(models.Model):
    """Something to do at GitHub, once: the key says what for. A worker may die between doing it and writing it down,
    so whoever does it looks first whether it is done."""

    VERBS = CLOSE, COMMENT, LABEL, DELETE_BRANCH = "close", "comment", "label", "delete_branch"
    STATES = WAITING, DONE, FAILED = "waiting", "done", "failed"

    connection = models.ForeignKey(GitHubConnection, models.CASCADE, related_name="errands")
    key = models.CharField(max_length=200)
    verb = models.CharField(max_length=13, choices=[(v, v) for v in VERBS])
    number = models.PositiveIntegerField(help_text="Of the issue or pull request.")
    said = models.JSONField(
        default=dict, help_text="comment and close: {body}; label: {add, drop}; delete_branch: {name, sha}."
    )
    there = models.BigIntegerField(null=True, help_text="GitHub's id of the comment it made.")
    state = models.CharField(max_length=7, default=WAITING, choices=[(s, s) for s in STATES])
    version = models.PositiveIntegerField(default=1, help_text="Grows when what is said changes.")
    note = models.JSONField(null=True, help_text="The sentence that says why it is not done.")
    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    made_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["connection", "key"], name="one_errand_per_key")]
        indexes = [models.Index(fields=["state"], condition=Q(state="waiting"), name="errand_waiting")]

    def __str__(self) -> str:
        return f"{self.verb} #{self.number}: {self.key}"
