"""Taking a webhook: is it GitHub's, is it new, what does it say. What it causes is done later, by its row.

An answer never tells which repositories are known here: a wrong signature and an unknown repository look the same.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from cells.clock import wake
from cells.hosts.github import payloads, places, secrets
from cells.models import Delivery, GitHubConnection
from cells.refusals import Refused
from cells.sentences import Sentence, sentence

log = logging.getLogger(__name__)

EVENTS = {
    "ping", "push", "pull_request", "check_run", "check_suite", "status", "issue_comment", "pull_request_review",
}  # fmt: skip
CANDIDATES = 10  # connections one body can speak of: the same name on several GitHubs
SIBLINGS = 50  # repositories of one App whose secrets are tried, the newest first
SIGNATURE, ID = re.compile(r"sha256=([0-9a-f]{64})"), re.compile(r"[0-9A-Za-z-]{8,64}")
NOBODY = "no secret at all"  # compared with when nobody is known, so that it takes as long

FORGED = sentence("The signature does not fit. Look at the secret of the webhook, at GitHub and here.")
NOT_JSON = sentence("The body is no JSON object. Choose the content type application/json at GitHub.")
NO_ID = sentence("The delivery brings no id of its own (X-GitHub-Delivery).")
TAKEN = sentence("Taken.")
ALREADY = sentence("Taken already; nothing was done again.")
PONG = sentence("GitHub can reach this server, and the secret fits.")


@dataclass(frozen=True, slots=True)
class Letter:
    """A request as it came: three headers and the body."""

    signature: str
    event: str
    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    words: Sentence | None = None


def take(letter: Letter) -> Answer:
    """Check it, keep it once, wake a worker. What is not right leaves no trace."""
    signed = SIGNATURE.fullmatch(letter.signature)
    if signed is None:
        return Answer(403, FORGED)
    said = _read(letter.body)
    if said is None:
        return Answer(400, NOT_JSON)
    connection = _sender(said, letter.body, signed[1])
    if connection is None:
        return Answer(403, FORGED)
    if letter.event not in EVENTS:
        return Answer(204)
    if not ID.fullmatch(letter.id):
        return Answer(400, NO_ID)
    return _keep(connection, letter, said)


def _keep(connection: GitHubConnection, letter: Letter, said: dict[str, Any]) -> Answer:
    row = Delivery(
        connection=connection, id_there=letter.id, event=letter.event, **payloads.kept(letter.event, said)
    )
    if letter.event == "ping":
        row.state, row.note = Delivery.DONE, PONG.as_json()
    try:
        with transaction.atomic():
            row.save()
            if row.state == Delivery.TAKEN:
                wake("cells.hook", delivery_id=row.pk)
    except IntegrityError:
        return Answer(200, ALREADY)
    return Answer(200, PONG if letter.event == "ping" else TAKEN)


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _sender(said: dict[str, Any], body: bytes, signed: str) -> GitHubConnection | None:
    """The connection whose secret signed this body."""
    found = None
    for connection, secret in _secrets(said) or [(None, NOBODY)]:
        right = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        if hmac.compare_digest(right, signed) and connection:
            found = found or connection
    return found


def _secrets(said: dict[str, Any]) -> list[tuple[GitHubConnection | None, str]]:
    """Those connected to the repository that the body names, with the secrets that may have signed it."""
    named = said.get("repository")
    name, number = (named.get("full_name"), named.get("id")) if isinstance(named, dict) else (None, None)
    wanted = Q()
    if isinstance(name, str) and places.FULL_NAME.fullmatch(name):
        wanted |= Q(full_name__iexact=name)
    if type(number) is int and 0 < number < 2**62:
        wanted |= Q(number=number)
    if not wanted:
        return []
    found: list[tuple[GitHubConnection | None, str]] = []
    for row in GitHubConnection.objects.filter(wanted)[:CANDIDATES]:
        found += [(row, secret) for one in _signers(row) if (secret := _decrypted(one))]
    return found


def _signers(row: GitHubConnection) -> list[GitHubConnection]:
    """Itself, and of an App all its repositories: at GitHub it has one webhook, with one secret, for all of them."""
    rows = GitHubConnection.objects.exclude(hook_secret="")
    own = list(rows.filter(pk=row.pk))
    if row.kind != GitHubConnection.APP:
        return own
    others = rows.filter(kind=GitHubConnection.APP, base_url=row.base_url, app_id=row.app_id)
    return own + list(others.exclude(pk=row.pk).order_by("-hook_secret_at")[:SIBLINGS])


def _decrypted(row: GitHubConnection) -> str:
    """ "" where it cannot be read."""
    try:
        return secrets.decrypt(row.hook_secret)
    except Refused as refused:
        log.warning("%s: the secret of its webhook cannot be read: %s", row, refused)
        return ""
