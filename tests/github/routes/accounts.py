"""/user, /users, /app, installations and their tokens."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from tests.github import bodies
from tests.github.calls import Answer, Call, Page, route
from tests.github.refusals import Refused, not_found
from tests.github.state import App, Installation, Token


@route("GET", "/user")
def me(call: Call) -> Any:
    if call.by.kind == "Bot":
        raise Refused(403, "Resource not accessible by integration")
    return bodies.profile(call.at, call.by, call.world.now())


@route("GET", "/users/{username}")
def user(call: Call) -> Any:
    asked = call.args["username"].casefold()
    for found in call.world.people.values():
        if found.login.casefold() == asked:
            return bodies.profile(call.at, found, call.world.now())
    raise not_found()


@route("GET", "/app", as_app=True)
def app(call: Call) -> Any:
    return bodies.app(call.at, _app(call), call.world.now())


@route("GET", "/app/installations", as_app=True)
def installations(call: Call) -> Any:
    mine = [one for one in call.world.installations.values() if one.app is _app(call)]
    return Page(mine, lambda one: bodies.installation(call.at, one, call.world.now()))


@route("GET", "/app/installations/{installation_id}", as_app=True)
def installation(call: Call) -> Any:
    return bodies.installation(call.at, _installation(call), call.world.now())


@route("GET", "/repos/{owner}/{repo}/installation", as_app=True)
def installation_of(call: Call) -> Any:
    held = call.world.installation_of(call.repo)
    if held is None or held.app is not _app(call):
        raise not_found()
    return bodies.installation(call.at, held, call.world.now())


@route("POST", "/app/installations/{installation_id}/access_tokens", as_app=True)
def access_token(call: Call) -> Any:
    """For an hour; with fewer repositories and permissions, where asked."""
    held, asked = _installation(call), call.data or {}
    granted = asked.get("permissions") or held.app.permissions
    names = [f"{held.account.login}/{name}" for name in asked.get("repositories", [])] or held.repositories
    if not set(names) <= set(held.repositories) or not granted.keys() <= held.app.permissions.keys():
        raise Refused(422, "The permissions requested are not granted to this installation.")
    expires = call.world.now() + timedelta(hours=1)
    bot = call.world.person(f"{held.app.slug}[bot]", "Bot")
    made = Token(f"ghs_{secrets.token_hex(18)}", bot, dict(granted), names, held, expires)
    call.world.tokens[made.text] = made
    body = {"token": made.text, "expires_at": bodies.stamp(expires), "repository_selection": "selected"}
    return Answer(201, body | {"permissions": {"metadata": "read"} | made.permissions})


@route("GET", "/installation/repositories")
def repositories(call: Call) -> Any:
    if call.token is None or call.token.installation is None:
        raise Refused(
            403, "You must authenticate with an installation access token in order to list repositories."
        )
    mine = [call.world.repo(name) for name in call.token.repositories or []]
    return Page(mine, lambda one: bodies.repo(call.at, one), wrapped="repositories")


def _app(call: Call) -> App:
    assert call.app is not None
    return call.app


def _installation(call: Call) -> Installation:
    held = call.world.installations.get(call.number("installation_id"))
    if held is None or held.app is not _app(call):
        raise not_found()
    return held
