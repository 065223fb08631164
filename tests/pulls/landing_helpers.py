"""A bakery whose source lies on the double of GitHub, for tests of landing and of errands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from cells import tasks
from cells.hosts.github import connecting
from cells.hosts.github.connecting import Wish
from cells.models import Errand, GitHubConnection, Patch, PullRequest, Repository
from cells.patches import life, reviews
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from cells.pulls import recording
from cells.refusals import say
from tests.factories import a_patch, a_repository, a_user, committed, sync
from tests.github.double import Double
from tests.github.repository import Repository as Remote

NAME = "acme/bakery"
There = tuple[Repository, Remote]  # as here, and as at GitHub


def a_bakery_at(github: Double, folder: Path, **permissions: str) -> tuple[Repository, Remote]:
    """The usual bakery, but its source is at GitHub and connected; and what people see of it there."""
    bakery = a_repository(folder)
    remote = github.repository(NAME, Path(bakery.source))
    for login in ("vpm", "rin"):
        remote.allows(login, "admin")
    bakery.source = remote.clone_url
    bakery.save(update_fields=["source"])
    wish = Wish(full_name=NAME, base_url=github.url, secret=github.token("vpm", **permissions))
    with override_settings(DEBUG=True):  # plain http, and only on this machine
        connecting.connect(repository=bakery, wish=wish, by="command line")
    return sync(bakery), remote


def connected(repository: Repository) -> GitHubConnection:
    return GitHubConnection.objects.select_related("repository").get(repository=repository)


def approve(patch: Patch, name: str = "reviewer") -> None:
    """By a reviewer, and everything that starts is done at its end."""
    with committed():
        reviews.approve(
            patch=patch, by=a_user(name, REVIEWER), digest=patch.digest, verdict=fingerprint(patch.verdict)
        )


def fresh(patch: Patch) -> Patch:
    return Patch.objects.select_related("repository__github", "pull").get(pk=patch.pk)


def beat() -> None:
    """The sweeper comes by when everything that waits is due."""
    past = timezone.now() - timedelta(seconds=1)
    PullRequest.objects.filter(look_at__isnull=False).update(look_at=past)
    Errand.objects.filter(state=Errand.WAITING).update(not_before=past, lease_until=None)
    Patch.objects.filter(lease_until__isnull=False).update(lease_until=past)
    Patch.objects.filter(state=life.APPROVED).update(state_at=past - timedelta(seconds=60))
    with committed():
        tasks.settle()


def waiting(there: There, branch: str = "ask/warmer-oven") -> Patch:
    """Approved, with a pull request that a required check keeps back."""
    bakery, remote = there
    remote.it.required["main"] = ["ci"]
    patch = a_patch(bakery, branch=branch)
    approve(patch)
    patch = fresh(patch)
    assert (patch.state, remote.pull(patch.pull.number).state) == (life.APPROVED, "open")
    return patch


def note(patch: Patch) -> str:
    return say(fresh(patch).state_note)


def message(remote: Remote, sha: str) -> str:
    return str(remote.git.repo[sha].message)


def said_on(remote: Remote, number: int) -> str:
    return "\n".join(one.body for one in remote.it.comments.values() if one.issue == number)


def post(headers: Mapping[str, str], body: bytes) -> int:
    """As GitHub sends it; what it starts is done at once."""
    own = {name: value for name, value in headers.items() if name != "Content-Type"}
    with committed():
        return Client().post("/hooks/github", body, content_type="application/json", headers=own).status_code


def killed_before_its_record(patch: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Approved and merged at GitHub; the worker died before it wrote that down."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as kill:
        kill.setattr(recording, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            approve(patch)
