"""JSON files that stop parsing or lose keys."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from typing import Any

from cells.contract.rules import Finding
from cells.contract.seen import NotJson, Seen
from cells.sentences import Sentence, sentence

# More than a person's file ever holds; a damaged one must not cost more.
_MOST_VALUES = 200_000


def json_broken(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for text in seen.texts:
        if isinstance(text.new_json, NotJson):
            yield f"{text.path}:{text.new_json.line}", _broken(text.new_json)
        if text.new_json is not None and (text.file.new or b"").startswith(BOM_UTF8):
            yield (
                f"{text.path}:1",
                sentence("A byte order mark stands before the JSON; save the file without it."),
            )


def _broken(value: NotJson) -> Sentence:
    match value.why:
        case "twice":
            return sentence(
                "A key stands twice in one object, and only one can count; take the other one out."
            )
        case "number":
            return sentence(
                "JSON has no NaN, no Infinity and no number this large; write null, or the words as text."
            )
    return sentence("It is named as JSON but does not parse; correct it, or give it another name.")


def json_keys_lost(seen: Seen, params: Mapping[str, Any]) -> Iterator[Finding]:
    for text in seen.texts:
        if not any(side is None or isinstance(side, NotJson) for side in (text.old_json, text.new_json)):
            for pointer in _lost(text.old_json, text.new_json):
                yield (
                    text.path,
                    sentence(
                        "The key %(key)s would be gone; check that nobody reads it any more.",
                        key=pointer[:200],
                    ),
                )


def _lost(old: Any, new: Any) -> Iterator[str]:
    """JSON pointers of keys that only the old value has; a lost key's own keys are not told again."""
    waiting = [("", old, new)]
    for _ in range(_MOST_VALUES):
        if not waiting:
            return
        pointer, before, after = waiting.pop()
        if isinstance(before, dict):
            kept = after if isinstance(after, dict) else {}
            for key, value in before.items():
                if key not in kept:
                    yield f"{pointer}/{key}"
                else:
                    waiting.append((f"{pointer}/{key}"[:400], value, kept[key]))
        elif isinstance(before, list) and isinstance(after, list):
            pairs = zip(before, after, strict=False)
            waiting += [(f"{pointer}/{n}", left, right) for n, (left, right) in enumerate(pairs)]
