"""Where every subject stands now, in numbers and with the evidence that pulls it: δ, velocity, tasks, contributions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from cells.health import TREND
from cells.models import Repository
from cells.sentences import Sentence, sentence
from egspace import geometry
from egspace.models import CELL, PROJECT, Standing
from egspace.reckoning.ledger import Piece, Stand, Subject
from egspace.reckoning.trails import Mark, Walk

WEEK = timedelta(weeks=1)
PULLS = 3


def store(repository: Repository, walk: Walk, marks: Iterable[Mark]) -> None:
    """Replace them all; call it in the transaction that replaces the map."""
    trails: dict[Subject, list[Mark]] = defaultdict(list)
    for mark in marks:
        trails[mark.subject].append(mark)
    cells = {cell.key: cell for cell in repository.cells.all()}
    now = repository.head_at or repository.created_at
    rows = []
    for subject in sorted(walk.subjects):
        kind, key = subject
        stand = walk.stands[subject]
        goal = walk.goals.get(subject)
        open_, all_ = goal.counted if goal else (0, 0)
        rows.append(
            Standing(
                repository=repository, kind=kind, key=key, cell=cells.get(key) if kind == CELL else None,
                delta=stand.delta, velocity=velocity(stand, trails[subject], now), open_tasks=open_, all_tasks=all_,
                icr=geometry.icr(geometry.tasks_from(goal.tasks)) if goal else None, pieces=stand.pieces,
                pulls=pulls(walk, subject, stand), goal=_sources(repository, walk, subject),
                unknown=said.as_json() if (said := unknown(kind, stand)) else None,
            )
        )  # fmt: skip
    Standing.objects.filter(repository=repository).delete()
    Standing.objects.bulk_create(rows, batch_size=500)


def velocity(stand: Stand, trail: list[Mark], now: datetime) -> float | None:
    """Per week, over the last four weeks or since the first position; None within the first week of a trail."""
    placed = sorted((mark for mark in trail if mark.stand.c is not None), key=lambda mark: mark.seq)
    if not placed:
        return None
    before = [mark for mark in placed if mark.at <= now - TREND]
    start, since = (before[-1], now - TREND) if before else (placed[0], placed[0].at)
    weeks = (now - since) / WEEK
    return geometry.velocity(start.stand.c, stand.c, stand.g, weeks) if weeks >= 1 else None


def pulls(walk: Walk, subject: Subject, stand: Stand) -> dict[str, list[dict]]:
    """The three pieces that lie nearest to the goal, and the three farthest: {evidence, path, title, value} each."""
    pieces = walk.ledger.placed(subject)
    values = geometry.contributions(
        walk.ledger.vectors[[piece.row for piece in pieces]], stand.c, stand.g
    ) if pieces else None  # fmt: skip
    if values is None:
        return {}
    closer, farther = geometry.extremes(values, PULLS)

    def told(piece: Piece, value: float) -> dict:
        row = walk.standing[piece.path]
        return {"evidence": row.pk, "path": row.path, "title": row.title, "value": round(value, 4)}

    return {
        "closer": [told(pieces[i], float(values[i])) for i in closer],
        "farther": [told(pieces[i], float(values[i])) for i in farther],
    }


def unknown(kind: str, stand: Stand) -> Sentence | None:
    """Why δ is unknown; None when it is known."""
    if stand.delta is not None:
        return None
    if stand.g is None and kind == CELL:
        return sentence(
            "Its goal is unknown: it has no North Star, no G in a STATE of its own, and no milestone says what it does."
        )
    if stand.g is None and kind == PROJECT:
        return sentence("Its goal is unknown: its STATE says no G.")
    if stand.g is None:
        return sentence("Its goal is unknown: none of its cells has one.")
    if not stand.held:
        return sentence("Where it is, is unknown: no evidence belongs to it.")
    if not stand.pieces:
        return sentence("Where it is, is unknown: its evidence holds no text that could be placed.")
    return sentence(
        "Where it is, is unknown: its pieces of evidence point in opposite directions and cancel out."
    )


def _sources(repository: Repository, walk: Walk, subject: Subject) -> list[dict]:
    """Where the goal stands; of a lane and the swarm, the cells it is the mean of are known by name."""
    goal = walk.goals.get(subject)
    if not goal:
        return []
    return [
        {
            "what": one.what,
            "text": one.text[:600],
            "path": one.path,
            "line": one.line,
            "commit": repository.head,
        }
        for one in goal.sources
    ]
