"""Text of others in a mail and in a chat message: it stays one line, pings nobody and links nowhere. Pure."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 160
JOINT = "\u200b"  # of no width: takes apart what a chat would read as a command

_SPACES = re.compile(r"\s+")
_UNSEEN = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
_TURNING = set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")


def plain(text: str, longest: int = LONGEST) -> str:
    """One line without control characters and turned writing, cut; no address in it is one any more."""
    line = _SPACES.sub(" ", text).strip()
    line = "".join(c for c in line if unicodedata.category(c) not in _UNSEEN and c not in _TURNING)
    line = line if len(line) <= longest else f"{line[: longest - 1]}…"
    return line.replace("://", f":{JOINT}//")


def mrkdwn(text: str, longest: int = LONGEST) -> str:
    """The same for Slack and what takes after it (Mattermost, Discord): no mention, no link, no block of code."""
    line = plain(text, longest).replace("`", "'")
    for apart in ("@", "](", "||"):
        line = line.replace(apart, apart[0] + JOINT + apart[1:])
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(url: str, text: str) -> str:
    """A link of ours in mrkdwn; `url` is one we made."""
    return f"<{url}|{mrkdwn(text)}>"
