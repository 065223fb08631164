"""Shelves: cells whose last answer says that the evidence does not carry a change, until such evidence comes."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Max

from cells.asks import life
from cells.evidence.claims import standard_vantage
from cells.models import Ask, Evidence, Repository
from cells.sentences import Sentence

SHELVING = ("update_north_star",)  # modes whose plan-only answer says that evidence is missing


@dataclass(frozen=True, slots=True)
class Shelf:
    """An answer that waits for evidence; `again` when some of that kind came after it."""

    ask: Ask
    need: Sentence
    again: bool


def shelved(repository: Repository) -> dict[int, Shelf]:
    """Cell id to the shelf it lies on: its last answered question ended plan-only and says what is missing."""
    ended = Ask.objects.filter(
        repository=repository,
        cell__isnull=False,
        mode__in=SHELVING,
        state__in=(life.ANSWERED, life.PLAN_ONLY),
    )
    newest = ended.order_by().values("cell").annotate(last=Max("pk")).values("last")
    rows = Ask.objects.filter(pk__in=newest, state=life.PLAN_ONLY).only("cell_id", "needs", "state_at")
    waits = {ask.cell_id or 0: ask for ask in rows if ask.needs}
    return {pk: Shelf(ask, _need(ask), _come(pk, ask)) for pk, ask in waits.items()}


def _need(ask: Ask) -> Sentence:
    said = ask.needs[0]["sentence"]
    return (
        Sentence(said["text"], said["params"])
        if isinstance(said, dict)
        else Sentence(str(said).replace("%", "%%"))
    )


def _come(cell: int, ask: Ask) -> bool:
    """Whether evidence of a kind that the answer waits for was read after it was given."""
    rows = Evidence.objects.filter(cells=cell, current=True, read_at__gt=ask.state_at).prefetch_related(
        "claims"
    )
    return any(_meets(row, need) for row in rows[:200] for need in ask.needs)


def _meets(row: Evidence, need: dict[str, str]) -> bool:
    """A need that names a claim is met by such a claim, seen from there; one that names a kind by any of it."""
    wanted, point = need.get("predicate"), need.get("vantage")
    if wanted or point:
        return any(
            wanted in ("", None, claim.predicate) and (not point or standard_vantage(claim.vantage) == point)
            for claim in row.claims.all()
        )
    return need.get("kind") in ("", None, row.kind)
