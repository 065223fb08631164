"""Signing in at GitHub: the pages of the web address, beside the API.

Who sits before the browser is said by the test: `github.web.who = "rin"` agrees, `None` declines. As at GitHub a code works once, for
its client, its address and its verifier.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.github.state import Token
from tests.github.world import World

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
Sent = tuple[int, dict[str, str], bytes]


@dataclass
class Web:
    """/login/oauth/authorize and /login/oauth/access_token."""

    world: World
    client_id: str = "Iv1.double"
    client_secret: str = "a client secret"
    who: str | None = None
    lost: str = ""  # the path whose answer is lost, once
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def answer(self, method: str, url: str, body: bytes) -> Sent | None:
        """None: nothing is there."""
        parts = urlsplit(url)
        if self.lost and parts.path == self.lost:
            self.lost = ""
            return None
        if (method, parts.path) == ("GET", "/login/oauth/authorize"):
            return self._authorize({name: values[0] for name, values in parse_qs(parts.query).items()})
        if (method, parts.path) == ("POST", "/login/oauth/access_token"):
            return 200, FORM, urlencode(self._token(dict(parse_qsl(body.decode())))).encode()
        return 404, {}, b""

    def _authorize(self, asked: dict[str, str]) -> Sent:
        if asked.get("client_id") != self.client_id or asked.get("code_challenge_method") != "S256":
            return 404, {}, b""
        back = {"state": asked["state"]}
        if self.who is None:
            back |= {
                "error": "access_denied",
                "error_description": "The user has denied your application access.",
            }
        else:
            code = secrets.token_hex(10)
            self.codes[code] = asked | {"login": self.who}
            back["code"] = code
        return 302, {"Location": f"{asked['redirect_uri']}?{urlencode(back)}"}, b""

    def _token(self, sent: dict[str, str]) -> dict[str, str]:
        """GitHub answers 200 for errors too."""
        if (sent.get("client_id"), sent.get("client_secret")) != (self.client_id, self.client_secret):
            return {"error": "incorrect_client_credentials"}
        asked = self.codes.pop(sent.get("code", ""), None)
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            asked is None
            or proof != asked["code_challenge"]
            or sent.get("redirect_uri") != asked["redirect_uri"]
        ):
            return {"error": "bad_verification_code"}
        made = Token(f"gho_{secrets.token_hex(18)}", self.world.person(asked["login"]), {}, [])
        self.world.tokens[made.text] = made
        return {"access_token": made.text, "scope": asked.get("scope", ""), "token_type": "bearer"}
