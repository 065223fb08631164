"""Escapes and entities written out, so that a word cannot hide from a rule by its spelling.

A line stays a line, so that positions in the result have the line numbers of the text.
"""

from __future__ import annotations

import re
from html import unescape

# JSON's escapes and those that YAML has beside them; two halves of one character belong together.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|U[0-9a-fA-F]{8}|.)"
)
_LETTERS = {"b": "\b", "f": "\f", "n": " ", "r": " ", "t": " ", "0": "\0"}
_ENTITY = re.compile(r"&#?[0-9A-Za-z]{1,40};?")


def unescaped(text: str) -> str:
    """The text with JSON's and YAML's backslash escapes as the characters they mean; an escaped line break is a space."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(found: re.Match[str]) -> str:
    escape = found[0]
    if len(escape) == 2:
        return _LETTERS.get(escape[1], escape[1])
    if len(escape) == 12:
        pair = bytes.fromhex(escape[2:6] + escape[8:])
        return pair.decode("utf-16-be")
    code = int(escape[2:], 16)
    return _on_its_line(chr(code)) if code <= 0x10FFFF else escape


def without_entities(text: str) -> str:
    """The text with HTML's entities as the characters they mean."""
    return _ENTITY.sub(lambda found: _on_its_line(unescape(found[0])), text) if "&" in text else text


def _on_its_line(text: str) -> str:
    return text.replace("\n", " ").replace("\r", " ")
