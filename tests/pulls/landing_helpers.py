"""A bakery whose source lies on the double of GitHub, for tests of landing and of errands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.test import override_settings
from django.utils import timezone

from cells import tasks
from cells.hosts.github import connecting
from cells.hosts.github.connecting import Wish
from cells.models import Errand, GitHubConnection, Patch, PullRequest, Repository
from cells.patches import life, reviews
from cells.patches.verdicts import fingerprint
from cells.permissions import REVIEWER
from tests.factories import a_repository, a_user, committed, sync
from tests.github.double import Double
from tests.github.repository import Repository as Remote

NAME = "acme/bakery"


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
