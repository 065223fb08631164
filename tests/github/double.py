"""GitHub on loopback, with real git behind it, for tests.

    def test_…(github: Double) -> None:                    # the fixture: verified where VPM_OPENAPI is set
        bread = github.repository("acme/bread", source)    # a bare repository, or none for an empty one
        token = github.token("rin", pull_requests="read")  # no permissions named: all of them
        client = Github(base_url=github.url, auth=Auth.Token(token))
        sha = bread.push("loaf", {"a.txt": "more"})        # a commit on a branch, begun from main if new
        number = bread.open_pull("loaf", "More", by="codex")   # push_to_fork and from_fork=True: a fork
        bread.merge(number, by="rin"); bread.comment(number, "/ask", by="rin"); bread.check(sha, "ci", "success")
        bread.hook("http://127.0.0.1:…/hooks/github", "secret")   # sent at once; github.settle() waits for it
        bread.hook(None, "secret"); github.deliver(post)          # kept until the test hands it over
        github.fails_next(502, path="/merge$"); github.fails_next(lost=True); github.passes(seconds=3600)

Every act tells the hooks what GitHub would tell them. `github.calls` is what was asked of the API.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.github import access
from tests.github.faults import SECONDARY, Fault, Rate
from tests.github.hooks import Delivery
from tests.github.oauth import Web
from tests.github.openapi import Judge
from tests.github.repository import Repository
from tests.github.server import Api, Seen, Server
from tests.github.state import App, Installation, Token
from tests.github.world import World


class Double:
    def __init__(self, folder: Path) -> None:
        self._server = Server()
        self.world = World(folder, self._server.web)
        self.api = Api(self.world)
        self.judge: Judge | None = None  # where the description is there
        self._server.serve(self.api)

    def stop(self) -> None:
        self._server.stop()
        self.world.sender.stop()

    @property
    def url(self) -> str:
        """The base URL, as of a GitHub Enterprise."""
        return self.world.at.api

    @property
    def web(self) -> Web:
        """Its pages, where people sign in."""
        return self.api.web

    @property
    def calls(self) -> list[Seen]:
        return self.api.seen

    @property
    def rate(self) -> Rate:
        return self.api.rate

    @property
    def deliveries(self) -> list[Delivery]:
        return self.world.sender.deliveries

    def repository(
        self, name: str, source: Path | None = None, *, branch: str = "main", private: bool = True
    ) -> Repository:
        with self.world.lock:
            return Repository(self.world, self.world.make(name, source, branch=branch, private=private))

    def token(
        self, login: str, repositories: list[str] | None = None, *, all_of: bool = True, **permissions: str
    ) -> str:
        """A fine-grained token of a person; `all_of=False` and no permission named: none at all."""
        granted = permissions or (access.EVERYTHING if all_of else {})
        made = Token(
            f"github_pat_{secrets.token_hex(16)}", self.world.person(login), dict(granted), repositories
        )
        self.world.tokens[made.text] = made
        return made.text

    def revoke(self, token: str) -> None:
        del self.world.tokens[token]

    def app(self, slug: str, public_key: str, **permissions: str) -> int:
        """The id of a GitHub App that signs with the other half of this key."""
        made = App(self.world.new_id(), slug, public_key, permissions, self.world.person("octo-owner"))
        self.world.apps[made.id] = made
        return made.id

    def install(self, app: int, *repositories: str) -> int:
        account = self.world.repo(repositories[0]).owner
        made = Installation(self.world.new_id(), self.world.apps[app], account, list(repositories))
        self.world.installations[made.id] = made
        return made.id

    def passes(self, **time: float) -> None:
        """Time passes for GitHub."""
        self.world.ahead += timedelta(**time)

    def fails_next(self, status: int = 502, *, times: int = 1, **more: Any) -> None:
        """The next call that fits `method` and `path` fails; with `lost=True` it is done, and not answered."""
        self.api.faults.waiting.append(Fault(status, times, **more))

    def slows_next(self, seconds: int = 1, **more: Any) -> None:
        """The secondary limit."""
        headers = {"Retry-After": str(seconds)}
        self.fails_next(403, message=SECONDARY, headers=headers, **more)

    def deliver(self, to: Callable[[Mapping[str, str], bytes], int]) -> list[Delivery]:
        return self.world.sender.hand_over(to)

    def settle(self) -> None:
        self.world.sender.settle()
