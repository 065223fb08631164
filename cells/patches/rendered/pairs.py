"""Which blocks of two documents belong together: those that look the same, then those that say nearly the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cells.patches.rendered.tree import Node
from cells.patches.rendered.words import ALIKE, Room, alike, steps

Pair = tuple[Node | None, Node | None]

ALIGNED_UP_TO = 2500  # pairs of blocks of one replaced stretch whose words are compared


def pairs(old: Sequence[Node], new: Sequence[Node], room: Room) -> Iterator[Pair]:
    """Both sides in one order: (None, block) came, (block, None) went, (block, block) stayed or changed."""
    for kind, a, b, c, d in steps([one.seen for one in old], [one.seen for one in new], room):
        if kind == "equal":
            yield from zip(old[a:b], new[c:d], strict=True)
        else:
            yield from _matched(old[a:b], new[c:d])


def _matched(old: Sequence[Node], new: Sequence[Node]) -> Iterator[Pair]:
    """A replaced stretch: matched blocks in order, and before each what went and then what came."""
    i = j = 0
    for a, b in _partners(old, new):
        yield from ((one, None) for one in old[i:a])
        yield from ((None, one) for one in new[j:b])
        yield old[a], new[b]
        i, j = a + 1, b + 1
    yield from ((one, None) for one in old[i:])
    yield from ((None, one) for one in new[j:])


def _partners(old: Sequence[Node], new: Sequence[Node]) -> list[tuple[int, int]]:
    if _cells(old) and _cells(new) and len(old) == len(new):
        return [(one, one) for one in range(len(old))]
    if len(old) * len(new) > ALIGNED_UP_TO:
        both = zip(old, new, strict=False)
        return [(at, at) for at, (one, other) in enumerate(both) if _likeness(one, other)]
    return _best([[_likeness(one, other) for other in new] for one in old])


def _cells(nodes: Sequence[Node]) -> bool:
    return all(one.type in ("th", "td") for one in nodes)


def _likeness(old: Node, new: Node) -> float:
    """0 for two that are no pair. The halves of a table are one always, however their rows changed."""
    if old.type != new.type:
        return 0
    if old.type in ("thead", "tbody"):
        return 1
    found = alike(old.says, new.says)
    return found if found >= ALIKE else 0


def _best(scores: list[list[float]]) -> list[tuple[int, int]]:
    """The pairs, in order on both sides, that are most alike together."""
    width = len(scores[0]) if scores else 0
    best = [[0.0] * (width + 1) for _ in range(len(scores) + 1)]
    for i in range(len(scores) - 1, -1, -1):
        for j in range(width - 1, -1, -1):
            both = scores[i][j] + best[i + 1][j + 1] if scores[i][j] else 0.0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    found, i, j = [], 0, 0
    while i < len(scores) and j < width:
        if scores[i][j] and best[i][j] == scores[i][j] + best[i + 1][j + 1]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found
