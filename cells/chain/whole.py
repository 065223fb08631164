"""Whether a chain is whole: every link continues the one before, and holds what was sealed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cells.chain.links import START, Broken, Head, Link, hash_of
from cells.sentences import Sentence, sentence

SIZE = 32  # bytes of a hash


@dataclass(slots=True)
class Chain:
    """What checking a chain leaves behind: enough to answer for any commit and any head somebody kept."""

    head: Head = START
    last_at: str = ""
    # Of each repository: patch to the commit that landed it, and the link that says so.
    landings: dict[str, dict[str, tuple[str, int]]] = field(default_factory=dict)
    # Commits that GitHub made of landings: a person who merges there writes no trailers.
    merged: set[str] = field(default_factory=set)
    hashes: bytearray = field(default_factory=bytearray)

    def hash_at(self, seq: int) -> str:
        """The hash of a link, or ""."""
        return self.hashes[SIZE * (seq - 1) : SIZE * seq].hex() if 1 <= seq <= self.head.seq else ""

    def holds(self, kept: str) -> bool:
        """Whether one of its links has a hash that begins so."""
        hashes = (self.hash_at(seq) for seq in range(self.head.seq, 0, -1))
        return any(one.startswith(kept) for one in hashes)


def whole(links: Iterable[Link]) -> Chain:
    """The chain, checked from its first link. Raises Broken at the first link that is not right."""
    chain = Chain()
    for link in links:
        event = _checked(link, chain.head)
        chain.head = Head(link.seq, link.hash)
        chain.hashes += bytes.fromhex(link.hash)
        chain.last_at = event["at"]
        if event["subject_type"] == "patch":
            _landing(chain.landings.setdefault(event["repository"], {}), event, link.seq)
            if event["verb"] == "land" and event["after"].get("push_state") == "pushed":
                chain.merged.add(str(event["after"].get("commit", "")))
    return chain


def _checked(link: Link, head: Head) -> dict[str, Any]:
    """The event of the link that has to follow `head`."""
    if link.seq == head.seq + 1 and link.event and link.previous == head.hash and _is_right(link, link.event):
        return link.event
    raise Broken(_fault(link, head))


def _fault(link: Link, head: Head) -> Sentence:
    """What is wrong with the link that has to follow `head`."""
    seq = head.seq + 1
    if link.seq != seq:
        return sentence(
            "Link %(seq)s is missing: after link %(before)s comes link %(next)s; look for it in an earlier export or backup.",
            seq=seq, before=head.seq, next=link.seq,
        )  # fmt: skip
    if link.event is None:
        return sentence(
            "Link %(seq)s: its event is gone or cannot be read any more; look for it in an earlier export or backup.",
            seq=seq,
        )
    if link.previous != head.hash:
        return sentence(
            "Link %(seq)s (event %(event)s) does not continue link %(before)s: links were swapped or made anew; compare with an earlier export or backup.",
            seq=seq, event=link.event["id"], before=head.seq,
        )  # fmt: skip
    return sentence(
        "Link %(seq)s (event %(event)s: %(what)s) is not what was sealed: it was changed afterwards; compare with an earlier export or backup.",
        seq=seq, event=link.event["id"],
        what=" ".join(str(link.event[name])[:80] for name in ("actor", "verb", "subject_type", "subject")),
    )  # fmt: skip


def _is_right(link: Link, event: dict[str, Any]) -> bool:
    try:
        return hash_of(event, link.seq, link.previous) == link.hash
    except (ValueError, TypeError):  # nothing that a chain ever held
        return False


def _landing(landings: dict[str, tuple[str, int]], event: dict[str, Any], seq: int) -> None:
    """Where a patch stands on its branch, by the events so far."""
    if event["verb"] in ("land", "replay"):
        landings[event["subject"]] = str(event["after"].get("commit", "")), seq
    elif event["verb"] == "displace":
        landings.pop(event["subject"], None)
