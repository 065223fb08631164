"""A bakery at GitHub in which people comment, for tests of /ask there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from cells import people, tasks
from cells.hosts.github import connecting
from cells.hosts.github.remarks import Remark
from cells.models import AskComment, Errand, GitHubConnection, Repository
from cells.permissions import OPERATOR
from cells.pulls import comments
from tests.factories import committed
from tests.github.double import Double
from tests.github.repository import Repository as Remote
from tests.github.state import Comment
from tests.pulls.landing_helpers import a_bakery_at, connected


@dataclass
class Place:
    """A bakery at GitHub with a webhook; Rin is an operator, everybody else a stranger."""

    github: Double
    remote: Remote
    bakery: Repository

    @property
    def connection(self) -> GitHubConnection:
        return connected(self.bakery)

    def delivers(self) -> None:
        """The webhook brings what happened."""
        self.github.deliver(post)

    def looks(self) -> None:
        """Without a webhook we look ourselves."""
        with committed():
            comments.bring(self.bakery)

    def ask(self, number: int, text: str, by: str = "rin") -> AskComment:
        """Write it, and let the webhook bring it."""
        made = self.remote.comment(number, text, by=by)
        self.delivers()
        return AskComment.objects.get(id_there=made)

    @property
    def ours(self) -> list[Comment]:
        """The comments we made."""
        return [one for one in self.remote.it.comments.values() if one.by.login == "vpm"]


@pytest.fixture
def place(github: Double, tmp_path: Path) -> Place:
    bakery, remote = a_bakery_at(github, tmp_path)
    secret = connecting.make_hook_secret(repository=bakery, by="command line")
    remote.hook(None, secret, ["issue_comment"])
    people.add(login="rin", right=OPERATOR, by="command line", base_url=github.url)
    return Place(github, remote, bakery)


def post(headers: Mapping[str, str], body: bytes) -> int:
    own = {name: value for name, value in headers.items() if name != "Content-Type"}
    with committed():
        sent = Client().post("/hooks/github", body, content_type="application/json", headers=own)
    return sent.status_code


def settles() -> None:
    """Some time passes, and the beat comes by."""
    earlier = timezone.now() - timedelta(minutes=1)
    AskComment.objects.filter(state=AskComment.TAKEN).update(taken_at=earlier)
    Errand.objects.filter(state=Errand.WAITING).update(not_before=earlier, made_at=earlier)
    with committed():
        tasks.settle()


def a_remark(place: Place, comment: int, number: int) -> Remark:
    """As a webhook would tell it."""
    rin, now = place.github.world.person("rin"), timezone.now().isoformat()
    return Remark(comment, number, False, "The oven", "rin", rin.id, "/ask update_north_star oven", now, now)
