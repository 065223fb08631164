"""Passwords, tokens and keys. What is found is never repeated, only where it stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from math import log2
from typing import Any

from cells.contract.rules import Finding
from cells.contract.rules.text import spoken
from cells.contract.seen import Seen
from cells.sentences import Sentence, sentence

_TOKEN = re.compile(
    r"""(?=[Aegsx])(?<![A-Za-z0-9_-])(?:
        (?P<AWS>(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9]))
      | (?P<GitHub>gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255})
      | (?P<GitLab>glpat-[A-Za-z0-9_-]{20,255})
      | (?P<OpenAI>sk-[A-Za-z0-9_-]{20,255})
      | (?P<Slack>xox[abeoprs]-[A-Za-z0-9-]{10,255})
      | (?P<Google>AIza[A-Za-z0-9_-]{35})
      | (?P<JWT>eyJ[A-Za-z0-9_-]{10,1000}\.eyJ[A-Za-z0-9_-]{10,1000}\.)
    )""",
    re.VERBOSE,
)
_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY")
_PASSWORD = re.compile(
    r"""(?=[acpstパ暗])(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|credentials?|パスワード|暗証)[A-Za-z_]{0,20}
        ["'`]?[ \t]{0,3}[:=：＝][ \t]{0,3}["'`]?(?P<value>[^\s"'`,;<>(){}\[\]$]{8,200})""",
    re.VERBOSE | re.IGNORECASE,
)
_URL = re.compile(r"://(?<=[a-z]{2}://)[^\s/:@]{1,64}:(?P<value>[^\s/:@]{4,128})@")
_BITS = 3.2


def secrets(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for place, joined, text in spoken(seen):
        for at, why in _found(joined):
            yield (text.place(at, joined) if text else place), why


def _found(text: str) -> Iterator[tuple[int, Sentence]]:
    for token in _TOKEN.finditer(text):
        yield (
            token.start(),
            sentence(
                "This looks like a %(service)s key or token; remove it and revoke it.",
                service=token.lastgroup,
            ),
        )
    for key in _KEY.finditer(text):
        yield key.start(), sentence("This is a private key; remove it and replace it.")
    for named in (*_PASSWORD.finditer(text), *_URL.finditer(text)):
        if _random(named["value"]):
            yield named.start(), sentence("This looks like a password; remove it and change it.")


def _random(value: str) -> bool:
    """Letters and digits mixed as no word or number is; a longer plain word is an example or a name."""
    if not (any(map(str.isdigit, value)) and any(map(str.isalpha, value))):
        return False
    counts = Counter(value).values()
    return -sum(n / len(value) * log2(n / len(value)) for n in counts) >= min(_BITS, log2(len(value)) - 0.5)
