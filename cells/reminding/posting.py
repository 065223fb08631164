"""Posting to a webhook that a person typed in: never to our own network, never anywhere it points on to.

The name is looked up once, every address of it is checked, and the connection goes to the address that was checked: a
name that answers otherwise the second time gains nothing.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from cells.refusals import Refused
from cells.reminding.unsent import Unsent
from cells.sentences import Sentence, sentence

TIMEOUT = 10  # seconds for each step: connecting, sending, the answer
LOCAL = {"localhost", "127.0.0.1", "::1"}
TRANSLATED = [
    ipaddress.ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
]
BUSY = {429, 502, 503, 504}  # it says itself that it has not taken it

PLAIN = re.compile(r"[\x21-\x7e]+")
FORM = sentence("A webhook's address is an https:// URL without a user name, as Slack shows it.")
PRIVATE = sentence(
    "This webhook leads into a private network. An operator can allow its host by VPM_WEBHOOK_HOSTS."
)


@dataclass(frozen=True, slots=True)
class Target:
    host: str
    port: int
    secure: bool
    path: str

    @property
    def name(self) -> str:
        """As the header Host has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def target(url: str) -> Target:
    """Where a webhook's URL leads. Raises Refused when it is none we would use."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise Refused(FORM) from error
    secure = parts.scheme == "https"
    if not PLAIN.fullmatch(url) or not host or "@" in parts.netloc or not (secure or _at_home(parts)):
        raise Refused(FORM)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(host, port or (443 if secure else 80), secure, path)


def post(url: str, text: str) -> None:
    """Send {"text": …}. Raises Unsent with a sentence; nothing it says holds more of the URL than its host."""
    try:
        to = target(url)
    except Refused as refused:
        raise Unsent(refused.why) from refused
    line = _connected(to, _checked(to))
    try:
        status = _sent(to, line, json.dumps({"text": text}).encode())
    except (OSError, http.client.HTTPException) as error:
        # It may have arrived: sending it again could say it twice.
        raise Unsent(
            sentence("%(host)s did not answer in time. It may have arrived all the same.", host=to.host)
        ) from error
    finally:
        line.close()
    if not 200 <= status < 300:
        raise Unsent(_answered(to, status), again=status in BUSY)


def _at_home(parts: SplitResult) -> bool:
    """While developing, a webhook on this machine needs no certificate."""
    return bool(settings.DEBUG and parts.scheme == "http" and parts.hostname in LOCAL)


def _checked(to: Target) -> str:
    """One address of the host, after all were looked at."""
    try:
        found = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unsent(sentence("There is no host %(host)s.", host=to.host), again=True) from error
    addresses = [str(one[4][0]) for one in found]
    allowed = to.host.lower() in settings.VPM_WEBHOOK_HOSTS or (settings.DEBUG and to.host in LOCAL)
    if not addresses or (not allowed and not all(public(one) for one in addresses)):
        raise Unsent(PRIVATE)
    return addresses[0]


def public(address: str) -> bool:
    """Whether an address is somewhere on the internet, whatever it is wrapped in."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return public(str(found.ipv4_mapped))
        if any(found in network for network in TRANSLATED):
            return False
    return found.is_global and not found.is_multicast


def _connected(to: Target, address: str) -> socket.socket:
    try:
        line = socket.create_connection((address, to.port), timeout=TIMEOUT)
        return _wrapped(line, to.host) if to.secure else line
    except OSError as error:  # ssl.SSLError too
        why = sentence("%(host)s cannot be reached (%(error)s).", host=to.host, error=type(error).__name__)
        raise Unsent(why, again=True) from error


def _wrapped(line: socket.socket, host: str) -> socket.socket:
    try:
        return ssl.create_default_context().wrap_socket(line, server_hostname=host)
    except OSError:
        line.close()
        raise


def _sent(to: Target, line: socket.socket, body: bytes) -> int:
    """The status of the answer; its text is not read."""
    connection = http.client.HTTPConnection(to.host, to.port, timeout=TIMEOUT)
    connection.sock = line
    headers = {
        "Host": to.name,
        "Content-Type": "application/json",
        "User-Agent": "VPM",
        "Connection": "close",
    }
    connection.request("POST", to.path, body, headers)
    return connection.getresponse().status


def _answered(to: Target, status: int) -> Sentence:
    if 300 <= status < 400:
        return sentence("%(host)s points to another address; enter that one itself.", host=to.host)
    if status in {401, 403, 404, 410}:
        return sentence(
            "%(host)s does not know this webhook (it answered %(status)s); make a new one there.",
            host=to.host, status=status,
        )  # fmt: skip
    return sentence("%(host)s did not take it (it answered %(status)s).", host=to.host, status=status)
