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

# A metric may be called `vpm_…_seconds`; a token of ours has capital letters.
_TOKEN = re.compile(
    r"""(?=[Aeghrsvx])(?<![A-Za-z0-9_-])(?:
        (?P<AWS>(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9]))
      | (?P<GitHub>gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{22,255})
      | (?P<GitLab>glpat-[A-Za-z0-9_-]{20,255})
      | (?P<Stripe>[rs]k_(?:live|test)_[A-Za-z0-9]{16,255})
      | (?P<VPM>vpm_(?=[a-z0-9_-]{0,60}[A-Z])[A-Za-z0-9_-]{30,255})
      | (?P<HuggingFace>hf_[A-Za-z0-9]{30,255})
      | (?P<OpenAI>sk-[A-Za-z0-9_-]{20,255})
      | (?P<Slack>(?:xox[abceoprs]|xapp)-[A-Za-z0-9-]{10,255})
      | (?P<Google>AIza[A-Za-z0-9_-]{35})
      | (?P<JWT>eyJ[A-Za-z0-9_-]{10,1000}\.eyJ[A-Za-z0-9_-]{10,1000}\.)
    )""",
    re.VERBOSE,
)
_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY")
_HEADER = re.compile(
    r"\b(?=b)(?:bearer|basic)[ \t]{1,3}(?P<value>[A-Za-z0-9._~+/=-]{16,1000})", re.IGNORECASE
)
# Its value may stand behind a colon, in the next cell of a table, or on the next line.
_PASSWORD = re.compile(
    r"""(?=[acpstパ暗])(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|credentials?|パスワード|暗証(?:番号)?)[A-Za-z_]{0,20}
        ["'`*」』]{0,3}[ \t]{0,3}[:=：＝は|][ \t]{0,3}[:=>|*]{0,3}\s{0,12}(?:-[ \t])?["'`「『*]{0,3}(?P<value>[^\s"'`,;<>(){}\[\]$]{8,200})""",
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
    for header in _HEADER.finditer(text):
        if _random(header["value"]):
            yield (
                header.start(),
                sentence("This header carries a token or password; remove it and revoke it."),
            )
    for named in (*_PASSWORD.finditer(text), *_URL.finditer(text)):
        if _random(named["value"]):
            yield named.start(), sentence("This looks like a password; remove it and change it.")


def _random(value: str) -> bool:
    """Letters and digits mixed as no word or number is; a longer plain word is an example or a name."""
    if not (any(map(str.isdigit, value)) and any(map(str.isalpha, value))):
        return False
    counts = Counter(value).values()
    return -sum(n / len(value) * log2(n / len(value)) for n in counts) >= min(_BITS, log2(len(value)) - 0.5)
