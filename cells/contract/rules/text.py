"""Characters nobody sees, letters that pose as others, and what a page does not show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from cells.contract.escapes import without_entities
from cells.contract.rules import Finding
from cells.contract.seen import Seen, Text
from cells.sentences import Sentence, sentence

_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\ud800-\udfff\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Cyrillic and Greek letters that look like a Latin one (δ, Δ, λ, π, μ and Ω do not).
_POSING = (
    "\u0405\u0406\u0408\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0430\u0435\u043e\u043f"
    "\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u0474\u0475\u04ae\u04af\u04bb\u04c0\u04cf\u0501\u050c\u051b\u051d"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03b9\u03bd\u03bf\u03c1\u03c5"
)
_ODD = "\u2c60-\u2c7f\u0251\u0261\uab00-\uab6f\U0001d400-\U0001d7ff"
_SUSPECT = re.compile(f"[{_POSING}{_ODD}]")
_LOOK_ALIKE = re.compile(f"[A-Za-z][{_POSING}]|[{_POSING}][A-Za-z]|[{_ODD}]")
# Markdown's own comment is a link to nowhere: `[//]: # (words)`.
_UNSHOWN = re.compile(
    r"""(?P<comment><!--|<!\[CDATA|<[?!][a-z]|^[ \t>]{0,20}\[[^\[\]\n]{1,200}\]:[ \t]{0,20}(?:\#|<\#?>)(?=\s|\Z))
    | (?P<script><(?:script|iframe|object|embed)\b
        | <[a-z][^<>]{0,400}?\s(?:on[a-z]{3,20}[ \t]{0,3}=|(?:href|src)[ \t]{0,3}=[ \t"']{0,3}(?:javascript:|vbscript:|data:text))
        | \]\([ \t<]{0,3}(?:javascript:|vbscript:|data:text))
    | (?P<hidden><(?:style|template)\b|<[a-z][^<>]{0,400}?(?:\shidden\b|display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden
        |opacity\s{0,3}:\s{0,3}0|font-size\s{0,3}:\s{0,3}0|color\s{0,3}:\s{0,3}(?:transparent|white|\#fff)))""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_KANJI_VARIANT = re.compile("[\ufe00-\ufe0d\U000e0100-\U000e01ef]")


def invisible(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for place, joined, text in spoken(seen):
        for found in _HIDDEN.finditer(joined):
            if not _harmless(joined, found.start()):
                yield (
                    text.place(found.start(), joined) if text else place,
                    sentence(
                        "The character U+%(code)s changes the direction of the text; remove it.",
                        code=f"{ord(found[0]):04X}",
                    )
                    if _BIDI.match(found[0])
                    else sentence(
                        "The character U+%(code)s cannot be seen; remove it.", code=f"{ord(found[0]):04X}"
                    ),
                )


def spoken(seen: Seen) -> Iterator[tuple[str, str, Text | None]]:
    """All words the proposal brings, as a reader gets them: (place, text, file), title and rationale first."""
    for words in (seen.case.title, seen.case.rationale):
        if words:
            yield "", without_entities(words[:100_000]), None
    for text in seen.texts:
        if text.added:
            yield text.path, text.said, text


def _harmless(text: str, at: int) -> bool:
    """One variation selector after an emoji or a kanji, and a joiner between emoji, are how those are written."""
    before = text[at - 1] if at else ""
    if text[at] in "\ufe0e\ufe0f":
        return before in "0123456789#*" or (before > "\u00a0" and not _HIDDEN.match(before))
    if _KANJI_VARIANT.match(text[at]):
        return unicodedata.category(before or " ") == "Lo"
    if text[at] == "\u200d":
        after = text[at + 1 : at + 2]
        return bool(after) and unicodedata.category(after) == "So" and (before == "\ufe0f" or _emoji(before))
    return False


def _emoji(char: str) -> bool:
    return bool(char) and unicodedata.category(char) in ("So", "Sk")


def look_alikes(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    named: list[tuple[str, str, Text | None]] = [(path, path, None) for path in seen.paths]
    for place, joined, text in chain(named, spoken(seen)):
        if not joined.isascii() and _SUSPECT.search(joined):
            for found in _LOOK_ALIKE.finditer(joined):
                yield (
                    text.place(found.start(), joined) if text else place,
                    sentence(
                        "“%(letters)s” mixes letters that only look alike; write the word in one script.",
                        letters=found[0],
                    ),
                )


def html_comments(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for text in seen.texts:
        if text.markdown:
            joined = text.added_text
            for found in _UNSHOWN.finditer(joined):
                yield text.place(found.start(), joined), _unshown(found)


def _unshown(found: re.Match[str]) -> Sentence:
    match found.lastgroup:
        case "comment":
            return sentence("This comment is not shown on the page; remove it, or write it as text.")
        case "script":
            return sentence("This would run in the page of whoever reads it; remove it, or write it as text.")
    return sentence("This part is hidden on the page; remove it, or show it.")
