"""An export of the chain: one link a line, and a last line that counts them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from cells.chain.links import FIELDS, START, Broken, Head, Link, canonical, written
from cells.sentences import sentence

SHAPE = dict.fromkeys(FIELDS, str) | {
    "id": int, "before": dict, "after": dict, "seq": int, "previous": str, "hash": str,
}  # fmt: skip


def exported(links: Iterable[Link]) -> Iterator[str]:
    """The lines of an export; the last one says how many there are, so that a cut is seen."""
    head = START
    for link in links:
        yield (
            canonical({**(link.event or {}), "seq": link.seq, "previous": link.previous, "hash": link.hash})
            + "\n"
        )
        head = Head(link.seq, link.hash)
    yield canonical({"events": head.seq, "head": head.hash}) + "\n"


def read(lines: Iterable[bytes]) -> Iterator[Link]:
    """The links of an export. Raises Broken at the first line that no export has."""
    head, last, number = START, None, 0
    for number, line in enumerate(lines, 1):
        if last is not None:
            raise Broken(
                sentence("Line %(line)s: something was added to the export after its last line.", line=number)
            )
        link, last = _one(number, line)
        if link:
            head = Head(link.seq, link.hash)
            yield link
    _check_last(head, last, number)


def _check_last(head: Head, last: dict[str, Any] | None, number: int) -> None:
    """The last line is there, and counts what came before it."""
    if last is None:
        raise Broken(
            sentence(
                "The export is cut off after link %(seq)s (line %(line)s): its last line, which counts the events, is missing; export it again.",
                seq=head.seq,
                line=number,
            )
        )
    if last != {"events": head.seq, "head": head.hash}:
        raise Broken(
            sentence(
                "The export's last line says %(said)s events, but it ends with link %(seq)s: lines were taken out; export it again.",
                said=last["events"],
                seq=head.seq,
            )
        )


def _one(number: int, line: bytes) -> tuple[Link | None, dict[str, Any] | None]:
    """A link, or the last line. Only the bytes that an export writes are read: another spelling could hide a change."""
    try:
        row = json.loads(line)
        if canonical(row).encode() + b"\n" == line:
            if row.keys() == {"events", "head"}:
                return None, row
            if {name: type(value) for name, value in row.items()} == SHAPE and _is_moment(row["at"]):
                event = {name: row[name] for name in FIELDS}
                return Link(row["seq"], row["previous"], row["hash"], event), None
    except (ValueError, AttributeError, RecursionError):
        pass  # not JSON, not an object, not to an end
    raise Broken(
        sentence(
            "Line %(line)s of the export is not as an export writes it: it was changed or cut off; compare it with another export.",
            line=number,
        )
    )


def _is_moment(text: str) -> bool:
    return written(datetime.fromisoformat(text)) == text
