"""Somebody with a browser before VPM and GitHub, and a server that knows that GitHub."""

from __future__ import annotations

from typing import Any

import requests
from django.test import Client

from cells.hosts.github import connecting
from cells.hosts.github.connecting import Wish
from cells.models import GitHubConnection, Repository
from tests.github.double import Double


def set_up(settings: Any, github: Double) -> None:
    """The OAuth App is entered; http is for tests alone."""
    settings.DEBUG = True
    settings.VPM_GITHUB_URL = github.world.at.web
    settings.VPM_GITHUB_CLIENT_ID, settings.VPM_GITHUB_CLIENT_SECRET = (
        github.web.client_id,
        github.web.client_secret,
    )


def connected(github: Double) -> GitHubConnection:
    """A repository that was never read, in whose name GitHub can be asked."""
    row = Repository.objects.create(key="bakery", source="https://example.org/bakery.git")
    wish = Wish(full_name="acme/bakery", base_url=github.url, secret=github.token("octo-owner"))
    return connecting.connect(repository=row, wish=wish, by="command line")


def to_github(browser: Client, then: str = "") -> str:
    """Press the button; where GitHub sends the browser back to."""
    return at_github(browser.post("/sign-in/github", {"next": then}))


def at_github(pressed: Any) -> str:
    """Follow the button's answer to GitHub; where that sends the browser back to."""
    assert pressed.status_code == 302, pressed.content.decode()
    there = requests.get(pressed["Location"], allow_redirects=False, timeout=5)
    assert there.status_code == 302, there.status_code
    return there.headers["Location"]


def sign_in(browser: Client, then: str = "") -> Any:
    """There and back."""
    return browser.get(to_github(browser, then))
