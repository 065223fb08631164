"""Who calls: a bearer token, or the session of a signed-in person. Nobody else gets further."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth

from cells import accounts, permissions
from cells.models import ApiToken
from cells.permissions import REVIEWER, RIGHTS, VIEWER
from cells.refusals import Forbidden
from cells.sentences import Sentence, sentence

NEVER = sentence(
    "This is an agent's token: it can propose, and never decides, whatever its user may. Decide on the page, or with a "
    "token of another scope."
)


@dataclass(frozen=True, slots=True)
class Caller:
    """A person; through a token also its scope and its name. What a call may do is what both allow."""

    user: User
    scope: str = RIGHTS[-1]
    token: str = ""

    @property
    def agent(self) -> bool:
        """A program that proposes and never decides."""
        return self.scope == ApiToken.AGENT

    def require(self, right: str) -> None:
        """Raises Forbidden unless the token's scope and the user's rights include `right`."""
        if self.agent and right != VIEWER:
            raise Forbidden(NEVER)
        if not self.agent and RIGHTS.index(right) > RIGHTS.index(self.scope):
            raise Forbidden(_narrow(self.scope, right))
        permissions.require(self.user, right)

    def require_proposing(self) -> None:
        """Raises Forbidden unless this is an agent whose user may see, or somebody who may decide too."""
        if self.agent:
            return permissions.require(self.user, VIEWER)
        if self.scope == VIEWER:
            raise Forbidden(_narrow(self.scope, ApiToken.AGENT))
        return self.require(REVIEWER)


def _narrow(scope: str, needed: str) -> Sentence:
    return sentence(
        "This token has the scope “%(scope)s”; this needs one with “%(right)s”.", scope=scope, right=needed
    )


class Request(HttpRequest):
    """A request after authentication."""

    auth: Caller


class Bearer(HttpBearer):
    """`Authorization: Bearer vpm_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        found = accounts.bearer(token)
        return _seeing(Caller(found.user, found.scope, found.name)) if found else None


class Session(SessionAuth):
    """The cookie of a signed-in person; a POST needs the CSRF token too.

    A request that shows a token is judged by the token alone.
    """

    def __call__(self, request: HttpRequest) -> Caller | None:
        if "Authorization" in request.headers or not request.user.is_authenticated:
            return None
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        return _seeing(Caller(request.user)) if isinstance(request.user, User) else None


def _seeing(caller: Caller) -> Caller:
    """Deny by default: no endpoint answers someone who may not see."""
    caller.require(VIEWER)
    return caller
