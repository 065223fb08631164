"""Words of others that stand at GitHub outside of code, in titles and commit messages, without their effect there."""

from __future__ import annotations

import re

JOINER = "\u2060"  # not seen, and no reference goes on after it

# What GitHub links, and with "fixes" before it closes once a commit that says so is on main: @who, #1, acme/bread#1,
# GH-1, and the address of an issue. An address for mail is none of it. And what a commit says so that no workflow begins:
# then nothing would be tested, and with nothing required it would be merged so.
REFERENCE = re.compile(
    r"(?<![a-z0-9])@(?=\w)|#(?=\w)|(?<![a-z0-9])GH-(?=\d)"
    r"|(?:/[\w.-]{1,100}){2}/(?:issues|pulls?|discussions)/(?=\d)"
    r"|\[(?=(?:skip[ -]ci|ci[ -]skip|no[ -]ci|skip[ -]actions|actions[ -]skip)\])|skip-checks(?=:)",
    re.IGNORECASE,
)


def inert(text: str) -> str:
    """The same to read, but nobody is mentioned, nothing is linked or closed, and no check is skipped."""
    return REFERENCE.sub(lambda found: found[0] + JOINER, text)
