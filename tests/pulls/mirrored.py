"""A bakery that lives at the double of GitHub: connected, read, and what becomes of its pull requests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cells.hosts.github import connecting
from cells.hosts.github.connecting import Wish
from cells.models import GitHubConnection, Patch, PullRequest, Repository
from cells.repositories import known_as
from tests.factories import FILES, a_source, sync
from tests.github.double import Double
from tests.github.double import Repository as Remote

NAME = "acme/bakery"
LOAF = {"reports/oven/loaf_20260303T0700Z.md": "# Loaf\n\nBrown at 230 degrees.\n"}


def at_github(github: Double, folder: Path, files: Any = FILES) -> Remote:
    """The repository there: Rin may do all, Codex may write."""
    made = github.repository(NAME, a_source(folder / "bakery-at-github.git", files, {}).path)
    made.allows("rin", "admin")
    made.allows("codex", "write")
    return made


def connected(remote: Remote, github: Double, settings: Any, **permissions: str) -> Repository:
    """Known here under its address there, and read once."""
    settings.DEBUG = True  # the double has no certificate
    made = known_as("bakery", remote.clone_url)
    wish = Wish(full_name=NAME, base_url=github.url, secret=github.token("rin", **permissions))
    connecting.connect(repository=made, wish=wish, by="command line")
    return sync(made)


def connection() -> GitHubConnection:
    return GitHubConnection.objects.get()


def row(number: int) -> PullRequest:
    return PullRequest.objects.get(number=number)


def patch_of(branch: str) -> Patch:
    """The newest version."""
    return Patch.objects.filter(branch=branch).order_by("-pk")[0]


def mirroring(github: Double, repository: Repository) -> list[str]:
    """What one reading asks about pull requests."""
    before = len(github.calls)
    sync(repository)
    # The list of what ended is asked for by the reading of evidence.
    asked = [seen.path for seen in github.calls[before:] if seen.query.get("state") != "closed"]
    return [
        path
        for path in asked
        if re.search(r"/pulls(/[0-9]+|/[0-9]+/reviews)?$|/commits/|/issues/[0-9]+$", path)
    ]
