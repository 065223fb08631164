"""Text that gets lost: files that shrink, headings that go, and documents that stop in the middle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cells.contract.rules import Finding
from cells.contract.seen import Seen
from cells.sentences import Sentence, sentence
from cells.ssot.state_lines import Outline

_NUMBER = re.compile(r"^[\d.．)）、\s]+")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])\s")
# Tables, quotes, tags, fences and rules; a list item is told apart first.
_SHAPED = re.compile(r"\s*(?:[|>#<`~=]|--|\[[^\]]{1,200}\]:)")
# How a finished line ends. Quotes and emphasis may follow the full stop.
_ENDED = tuple(".!?:;。．！？：；…」』）)】]}>`\"'*_~|/0123456789✅")
# Nothing ends in a comma, an open bracket, a particle or an article.
_MIDWAY = re.compile(
    r"(?:[^\s|>][,、，(（「『【]|[^\W\d_][をはが]|\s(?:the|an|of|and|or|to|with|for|from|by))\s*$"
)
# A path, a time or a number with its unit stands at the end of a line as it is.
_REFERENCE = re.compile(r"[!-~]*[/=0-9][!-~]*")
# Shorter lines are labels and names; nobody puts a full stop there.
_SENTENCE = 25


def shrink(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for text in seen.texts:
        if text.old is None or text.new is None:
            continue
        before, after = _lines(text.old), _lines(text.new)
        if before < params["lines"]:
            continue
        if after < before * params["ratio"]:
            yield (
                text.path,
                sentence(
                    "It shrinks from %(before)s to %(after)s lines; check that nothing was lost.",
                    before=before,
                    after=after,
                ),
            )
        elif (letters := _letters(text.new)) < _letters(text.old) * params["ratio"]:
            yield (
                text.path,
                sentence(
                    "It shrinks from %(before)s to %(after)s characters; check that nothing was lost.",
                    before=_letters(text.old),
                    after=letters,
                ),
            )


def _lines(text: str) -> int:
    return sum(1 for line in text.split("\n") if line.strip())


def _letters(text: str) -> int:
    return sum(map(len, text.split()))


def headings_lost(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for text in seen.texts:
        if text.markdown and text.old and text.new is not None:
            kept = {_title(heading.title) for heading in text.new_outline.headings}
            for heading in text.old_outline.headings:
                if _title(heading.title) not in kept:
                    yield (
                        text.path,
                        sentence(
                            "The heading “%(title)s” would be gone; check where its text went.",
                            title=heading.title[:100],
                        ),
                    )


def _title(title: str) -> str:
    """A heading's words: renumbering is no loss."""
    return _NUMBER.sub("", title).casefold().strip()


def cut_off(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for text in seen.texts:
        if text.markdown and text.new and text.whole and text.added:
            # A document that grew may well end in a phrase; one that lost text and does so was probably cut.
            lost = bool(text.old) and _letters(text.new) < _letters(text.old or "")
            found = _ending(text.new_outline, lost)
            before = _ending(text.old_outline, lost) if found else None
            # What ended in the same way before is no news.
            if found and (before is None or found[1] != before[1]):
                yield f"{text.path}:{found[0]}", found[1]


def _ending(shape: Outline, lost: bool) -> tuple[int, Sentence] | None:
    """The line where a document stops in the middle, and why it looks so."""
    last = next((n for n in range(len(shape.lines), 0, -1) if shape.lines[n - 1].strip()), 0)
    if not last:
        return None
    if _open_fence(shape, last):
        return last, sentence("A code fence is never closed; the text was probably cut off.")
    if shape.headings and shape.headings[-1].last_line == last and (lost or len(shape.headings) > 1):
        return last, sentence("It ends with a heading and nothing under it; the text was probably cut off.")
    if shape.prose(last) and (
        _MIDWAY.search(shape.lines[last - 1][-40:]) or (lost and _dangles(shape, last))
    ):
        return last, sentence("It ends in the middle of a sentence; the text was probably cut off.")
    return None


def _open_fence(shape: Outline, last: int) -> bool:
    """In code up to the last line, and that line is not the fence that closes it."""
    if shape.code[last - 1] is None:
        return False
    bare = shape.lines[last - 1].strip()
    closes = len(bare) >= 3 and set(bare) in ({"`"}, {"~"}) and last > 1 and shape.code[last - 2] is not None
    return not closes


def _dangles(shape: Outline, last: int) -> bool:
    """A long last line without an end, where the other lines of its kind have one."""
    line = shape.lines[last - 1]
    if not _unended(line):
        return False
    item = bool(_ITEM.match(line))
    peers = [
        other
        for number, other in enumerate(shape.lines[: last - 1], start=1)
        if shape.prose(number) and bool(_ITEM.match(other)) == item and _long(other)
    ]
    return bool(peers) and sum(map(_unended, peers)) * 2 < len(peers)


def _long(line: str) -> bool:
    return len(line.strip()) >= _SENTENCE and not _SHAPED.match(line)


def _unended(line: str) -> bool:
    end = line.rstrip()
    return _long(line) and not end.endswith(_ENDED) and not _REFERENCE.fullmatch(end[-200:].split()[-1])
