"""Connecting a repository to GitHub, looking whether it works, and letting go again."""

from __future__ import annotations

import re
import secrets as random
from dataclasses import dataclass, replace
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from cells import audit
from cells.hosts.github import client, permissions, places, secrets
from cells.models import GitHubConnection, Repository
from cells.models.github import GITHUB
from cells.permissions import OPERATOR, require
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.stored import as_stored

ALREADY = sentence("Another repository here is connected to this one at GitHub.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody entered. Either `secret` or `env`."""

    full_name: str
    kind: str = GitHubConnection.TOKEN
    base_url: str = GITHUB
    app_id: str = ""
    installation_id: str = ""
    secret: str = ""
    env: str = ""

    def __repr__(self) -> str:
        return f"Wish({self.full_name!r})"  # the secret stays out of every traceback


@dataclass(frozen=True, slots=True)
class Seen:
    """What GitHub told. `notes` are worth saying and not wrong."""

    full_name: str
    number: int
    permissions: dict[str, str]
    notes: tuple[Sentence, ...] = ()


def of(repository: Repository) -> GitHubConnection:
    """Raises Refused while it is not connected."""
    found = GitHubConnection.objects.select_related("repository").filter(repository=repository).first()
    if found is None:
        raise Refused(sentence("%(repository)s is not connected to GitHub.", repository=repository.key))
    return found


def connect(*, repository: Repository, wish: Wish, by: User | str) -> GitHubConnection:
    """Remember where it is and by what we speak for it; GitHub is not asked yet. Raises Refused."""
    _may(by)
    wish = checked(wish)
    before = GitHubConnection.objects.filter(repository=repository).first()
    row = before or GitHubConnection(repository=repository)
    told = _told(before) if before else {}
    elsewhere = (row.full_name.lower(), row.base_url) != (wish.full_name.lower(), wish.base_url)
    if elsewhere:
        row.hook_secret, row.hook_secret_at, row.number = "", None, None
        row.pulls_until = row.evidence_until = None
        row.comments_until = timezone.now()  # what was said before asks nobody
    row.full_name, row.base_url, row.kind, row.env = wish.full_name, wish.base_url, wish.kind, wish.env
    row.app_id, row.installation_id = wish.app_id, int(wish.installation_id or 0) or None
    row.secret = "" if wish.env else secrets.encrypt(wish.secret)
    row.secret_at = None if wish.env else timezone.now()
    row.checked_at, row.problem, row.permissions = None, None, {}
    row.speaks_as, row.rest_until, row.trouble = "", None, None
    try:
        with transaction.atomic():
            row.save()
            if elsewhere:  # these are another repository's
                row.pulls.all().delete()
                row.comments.all().delete()
                row.errands.all().delete()
            audit.record(
                actor=by, verb="connect_github", subject=repository, repository=repository.key,
                before=told, after=_told(row),
            )  # fmt: skip
    except IntegrityError:
        raise Refused(ALREADY) from None
    return row


def checked(wish: Wish) -> Wish:
    """The wish in its usual form. Raises Refused."""
    wish = replace(
        wish, full_name=places.full_name(wish.full_name), base_url=places.base_url(wish.base_url),
        secret=wish.secret.strip(), env=wish.env.strip(), app_id=wish.app_id.strip(), installation_id=wish.installation_id.strip(),
    )  # fmt: skip
    if wish.kind not in GitHubConnection.KINDS:
        raise Refused(sentence("Choose a token or a GitHub App."))
    if bool(wish.secret) == bool(wish.env):
        raise Refused(sentence("Enter the secret, or the name of the environment variable that holds it."))
    if wish.env and not secrets.VARIABLE.fullmatch(wish.env):
        raise Refused(
            sentence(
                "The name of the environment variable has to begin with GITHUB_ or VPM_GITHUB_: others are not for sending."
            )
        )
    if wish.kind == GitHubConnection.APP:
        _check_app(wish)
        return wish
    if wish.secret and not secrets.SAYABLE.fullmatch(wish.secret):
        raise Refused(sentence("This is no token: GitHub's tokens are one word of letters and digits."))
    return replace(wish, app_id="", installation_id="")


def _check_app(wish: Wish) -> None:
    if not re.fullmatch(r"[A-Za-z0-9.]{1,20}", wish.app_id) or not re.fullmatch(
        r"[1-9][0-9]{0,15}", wish.installation_id
    ):
        raise Refused(
            sentence(
                "An App needs its App ID and the installation ID: the number that the address of the installation's page ends with."
            )
        )
    try:
        good = not wish.secret or isinstance(
            load_pem_private_key(wish.secret.encode(), password=None), RSAPrivateKey
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        good = False
    if not good:
        raise Refused(
            sentence(
                "This is no private key as GitHub gives it: a file that begins with -----BEGIN RSA PRIVATE KEY-----."
            )
        )


def check(
    *, repository: Repository, by: User | str, patience: int = client.PATIENCE
) -> tuple[GitHubConnection, tuple[Sentence, ...]]:
    """Ask GitHub what we may do there, and remember the answer; what is wrong is in the row's `problem`."""
    _may(by)
    row = of(repository)
    before: dict[str, Any] = {"full_name": row.full_name}
    notes: tuple[Sentence, ...] = ()
    found: dict[str, Any]
    try:
        seen = look(row, patience)
    except Refused as refused:
        row.problem = refused.why.as_json()
        found = {"problem": row.problem}
    else:
        row.full_name, row.number, row.permissions = seen.full_name, seen.number, seen.permissions
        row.problem, notes = None, seen.notes
        found = {"missing": [f"{one.name}: {one.level}" for one in permissions.missing(row.permissions)]}
    row.checked_at = timezone.now()
    try:
        with transaction.atomic():
            row.save(update_fields=["full_name", "number", "permissions", "problem", "checked_at"])
            audit.record(
                actor=by, verb="check_github", subject=repository, repository=repository.key,
                before=before, after={"full_name": row.full_name} | found,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(ALREADY) from None
    return row, notes


def look(row: GitHubConnection, patience: int) -> Seen:
    """Ask GitHub; nothing is remembered. Raises Refused."""
    granted: dict[str, Any] = {}
    if row.kind == GitHubConnection.APP:
        with client.speaking_as_app(row, patience) as (app, installation):
            granted = app.get_app_installation(installation).permissions or {}
    with client.speaking(row, patience) as spoken:
        remote = spoken.get_repo(row.full_name)
        name = places.full_name(remote.full_name)
        found = as_stored(granted) if granted else permissions.of_token(spoken, remote)
        archived, number = bool(remote.archived), int(remote.id)
    notes = []
    if name.lower() != row.full_name.lower():
        renamed = sentence(
            "GitHub calls %(before)s %(now)s now; the new name is remembered.", before=row.full_name, now=name
        )
        notes.append(renamed)
    if archived:
        notes.append(sentence("The repository is archived at GitHub: it can be read and not written."))
    return Seen(name, number, found, tuple(notes))


def land_by(*, repository: Repository, by: User | str, pull: bool) -> None:
    """What is approved lands as a pull request, or as a commit that is pushed. Raises Refused."""
    _may(by)
    row = of(repository)
    words = {True: "pull", False: "push"}
    with transaction.atomic():
        if GitHubConnection.objects.filter(pk=row.pk).exclude(by_pull=pull).update(by_pull=pull):
            audit.record(
                actor=by, verb="land_github", subject=repository, repository=repository.key,
                before={"by": words[not pull]}, after={"by": words[pull]},
            )  # fmt: skip


def make_hook_secret(*, repository: Repository, by: User | str) -> str:
    """A new one, shown once; deliveries signed with the one before are refused from now on. Raises Refused."""
    _may(by)
    row, made = of(repository), random.token_urlsafe(32)
    with transaction.atomic():
        rows = GitHubConnection.objects.filter(pk=row.pk)
        rows.update(hook_secret=secrets.encrypt(made), hook_secret_at=timezone.now())
        audit.record(
            actor=by, verb="make_hook_secret", subject=repository, repository=repository.key,
            after={"full_name": row.full_name},
        )  # fmt: skip
    return made


def disconnect(*, repository: Repository, by: User | str) -> None:
    """Forget the secrets and the deliveries. At GitHub nothing changes. Raises Refused."""
    _may(by)
    row = of(repository)
    with transaction.atomic():
        row.delete()
        audit.record(
            actor=by,
            verb="disconnect_github",
            subject=repository,
            repository=repository.key,
            before=_told(row),
        )


def _may(by: User | str) -> None:
    """A string is a command line: whoever has a shell here needs no right."""
    if isinstance(by, User):
        require(by, OPERATOR)


def _told(row: GitHubConnection) -> dict[str, Any]:
    """What the audit trail may hold: everything but the secrets."""
    return {
        "full_name": row.full_name, "base_url": row.base_url, "kind": row.kind, "app_id": row.app_id,
        "installation_id": row.installation_id, "secret": row.env or "kept here",
    }  # fmt: skip
