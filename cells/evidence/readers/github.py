"""What GitHub told: a pull request was merged, checks are green or red, something was released.

Not among the readers of the repository's files: a file that only looks like this claims nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator

from cells.evidence.readers.base import Claim, Document
from cells.evidence.told import facts_in

VANTAGE = "GitHub"
COLOURS = frozenset({"green", "red"})
SHORT = 10  # characters of a commit


def read(document: Document) -> Iterator[Claim]:
    """`merged`, `checks` and `released`, about what the document is told of."""
    found = list(facts_in(document.lines))
    first: dict[str, str] = {}
    for _, key, value in found:
        first.setdefault(key, value)
    for line, key, value in found:
        if key == "merged":
            yield Claim(document.named, "merged", f"true ({value})", "", VANTAGE, line)
        elif key == "checks" and value in COLOURS:
            of = first.get("merged") or first.get("branch", "")
            commit = first.get("head") or first.get("commit", "")
            yield Claim(document.named, "checks", f"{value} ({of}, {commit[:SHORT]})", "", VANTAGE, line)
        elif key == "released":
            yield Claim(document.named, "released", value, "", VANTAGE, line)
