"""Where each subject stands, kept up to date piece by piece: C from its evidence, G from its goal. Pure.

A subject is a cell, a lane, a project or the whole swarm. The evidence of a lane is that of its cells; the G of a
lane and of the swarm is the mean of their cells' G.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from egspace import geometry
from egspace.geometry import Array

Subject = tuple[str, str]  # kind, key


@dataclass(frozen=True, slots=True)
class Piece:
    """One version of a piece of evidence: when it was observed (Unix seconds), how far it is trusted (0…1), and
    the row of its vector, -1 where it has none."""

    path: str
    at: float
    trust: float
    row: int


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """`delta` is None where C or G is unknown. `pieces` counts the evidence C is the mean of, `held` all of it."""

    c: Array | None
    g: Array | None
    delta: float | None
    pieces: int
    held: int


class Ledger:
    """Which evidence and which goals stand; `vectors` (n, d) holds a unit vector a row."""

    def __init__(self, vectors: Array, half_life: float | None) -> None:
        self.vectors = vectors
        self.half_life = half_life
        self.pieces: dict[Subject, dict[str, Piece]] = defaultdict(dict)
        self.goals: dict[Subject, Array | None] = {}
        self.members: dict[Subject, list[Subject]] = {}

    def place(self, piece: Piece, trusts: Mapping[Subject, float]) -> None:
        """Put a piece under its subjects, in place of an earlier version; `trusts` says how sure each placing is."""
        for subject, trust in trusts.items():
            self.pieces[subject][piece.path] = Piece(piece.path, piece.at, piece.trust * trust, piece.row)

    def drop(self, path: str, subjects: Iterable[Subject]) -> None:
        for subject in subjects:
            self.pieces[subject].pop(path, None)

    def forget(self, subject: Subject) -> None:
        """A subject that the swarm no longer holds."""
        self.pieces.pop(subject, None)
        self.goals.pop(subject, None)
        self.members.pop(subject, None)

    def copy(self) -> Ledger:
        """Another ledger that can be changed without this one: for what a patch would leave."""
        other = Ledger(self.vectors, self.half_life)
        other.pieces = defaultdict(dict, {subject: dict(held) for subject, held in self.pieces.items()})
        other.goals, other.members = dict(self.goals), dict(self.members)
        return other

    def goal(self, subject: Subject) -> Array | None:
        """Its own, or the direction of its members' mean."""
        if subject not in self.members:
            return self.goals.get(subject)
        found = [g for member in self.members[subject] if (g := self.goals.get(member)) is not None]
        return geometry.centre(np.stack(found), np.full(len(found), 1 / len(found))) if found else None

    def placed(self, subject: Subject) -> list[Piece]:
        """The pieces that have a vector, by path: the order of a sum is part of its last digit."""
        held = self.pieces.get(subject, {})
        return [held[path] for path in sorted(held) if held[path].row >= 0]

    def stand(self, subject: Subject) -> Stand:
        pieces = self.placed(subject)
        c = None
        if pieces:
            shares = geometry.weights(
                np.array([piece.at for piece in pieces]),
                np.array([piece.trust for piece in pieces]),
                self.half_life,
            )
            c = geometry.centre(self.vectors[[piece.row for piece in pieces]], shares)
        g = self.goal(subject)
        return Stand(c, g, geometry.delta(c, g), len(pieces), len(self.pieces.get(subject, {})))
