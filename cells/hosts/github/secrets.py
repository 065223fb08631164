"""Secrets at rest: encrypted with a key made of SECRET_KEY, or not kept at all and read from the environment."""

from __future__ import annotations

import base64
import os
import re

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

from cells.models import GitHubConnection
from cells.refusals import Refused
from cells.sentences import sentence

PURPOSE = b"vpm: secrets of GitHub connections"
# Anything else in the environment (the database's password, SECRET_KEY itself, by what people sign in) is not an operator's
# to send away.
VARIABLE = re.compile(r"(?!VPM_GITHUB_CLIENT_)(VPM_)?GITHUB_[A-Z0-9_]{1,80}")
SAYABLE = re.compile(r"[\x21-\x7e]{1,1000}")  # what an HTTP header can carry


def encrypt(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def decrypt(kept: str) -> str:
    """Raises Refused when it was encrypted with another SECRET_KEY, or is damaged."""
    try:
        return _box().decrypt(kept.encode()).decode()
    except InvalidToken:
        raise Refused(
            sentence(
                "This secret was kept under another SECRET_KEY and cannot be read any more; enter it again."
            )
        ) from None


def of(connection: GitHubConnection) -> str:
    """The token or private key. Raises Refused when it is not there or cannot be read."""
    if not connection.env:
        return decrypt(connection.secret)
    found = os.environ.get(connection.env, "").strip()
    if not found:
        raise Refused(
            sentence(
                "The environment variable %(name)s is empty here; set it for the web server and the worker.",
                name=connection.env,
            )
        )
    found = found.replace("\\n", "\n")  # how a private key often stands in an environment file
    if connection.kind == GitHubConnection.TOKEN and not SAYABLE.fullmatch(found):
        raise Refused(sentence("The environment variable %(name)s holds no token.", name=connection.env))
    return found


def _box() -> MultiFernet:
    """Encrypts with today's SECRET_KEY and reads what SECRET_KEY_FALLBACKS wrote, as Django's sessions do."""
    return MultiFernet([Fernet(_key(one)) for one in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(of_django: str | bytes) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(force_bytes(of_django))
    return base64.urlsafe_b64encode(derived)
