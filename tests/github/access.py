"""Who is calling, and whether they may."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import jwt

from tests.github.bodies import LEVELS
from tests.github.calls import Call, Route
from tests.github.refusals import Refused, not_found
from tests.github.state import App, Repo, Token
from tests.github.world import World

EVERYTHING = dict.fromkeys(
    (
        "actions",
        "administration",
        "checks",
        "contents",
        "issues",
        "pull_requests",
        "repository_hooks",
        "statuses",
        "workflows",
    ),
    "write",
)


def identify(world: World, header: str) -> tuple[Token | None, App | None]:
    """From the header Authorization: a token, an app that signed for itself, or nobody."""
    text = header.partition(" ")[2].strip()
    if not text:
        return None, None
    if text.count(".") == 2:
        return None, _app_of(world, text)
    token = world.tokens.get(text)
    if token is None or (token.expires and token.expires < datetime.now(UTC) + world.ahead):
        raise Refused(401, "Bad credentials")
    return token, None


def _app_of(world: World, text: str) -> App:
    """RS256, issued by the app, for ten minutes at most."""
    try:
        issuer = jwt.decode(text, options={"verify_signature": False}).get("iss")
        app = world.apps[int(issuer)]
        wanted = {"require": ["exp", "iat", "iss"]}
        claims = jwt.decode(text, app.public_key, algorithms=["RS256"], options=wanted)  # type: ignore[arg-type]
    except jwt.ExpiredSignatureError:
        raise Refused(401, "'Expiration time' claim ('exp') must be a numeric value in the future") from None
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
        raise Refused(401, "A JSON web token could not be decoded") from None
    if claims["exp"] > (datetime.now(UTC) + timedelta(minutes=10)).timestamp():
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
    return app


def admit(call: Call, route: Route) -> None:
    """Refuse what this caller may not; what they may not even see is not there."""
    if route.as_app:
        if call.app is None:
            raise Refused(401, "A JSON web token could not be decoded")
        return
    if call.app is not None:
        raise Refused(401, "Bad credentials")
    if call.found is None:
        return
    if not sees(call.found, call.token):
        raise not_found()
    if call.token is None and route.method != "GET":
        raise Refused(401, "Requires authentication")
    if not may(call.found, call.token, route.permissions, route.level):
        kind = "integration" if call.token and call.token.installation else "personal access token"
        accepted = "; ".join(f"{name}={level}" for name, level in route.permissions)
        headers = {"X-Accepted-GitHub-Permissions": accepted}
        raise Refused(403, f"Resource not accessible by {kind}", headers=headers)


def sees(it: Repo, token: Token | None) -> bool:
    if not it.private:
        return True
    if token is None:
        return False
    names = [name.casefold() for name in token.repositories or [it.full_name]]
    return it.full_name.casefold() in names and _level(it, token) is not None


def may(it: Repo, token: Token | None, permissions: Iterable[tuple[str, str]], level: str = "write") -> bool:
    """One of the permissions is enough; anybody reads what is public."""
    reading = all(wanted == "read" for _, wanted in permissions)
    if reading and not it.private:
        return True
    if token is None:
        return False
    held = _level(it, token) or "read"
    if LEVELS.index(held) < LEVELS.index(level):
        return False
    held_by_all = {"metadata": "read"} | token.permissions
    grants = [(held_by_all.get(name), wanted) for name, wanted in permissions]
    return not grants or any(has == "write" or has == wanted for has, wanted in grants)


def _level(it: Repo, token: Token) -> str | None:
    """What the token's person is to the repository; an installation acts by its permissions alone."""
    if token.installation or token.person.login == it.owner.login:
        return "admin"
    return it.people.get(token.person.login)
