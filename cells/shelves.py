"""Shelves: cells whose last answer says that the evidence does not carry a change, until such evidence comes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from cells.asks import life
from cells.evidence.claims import standard_vantage
from cells.models import Ask, Evidence, EvidenceCell, Repository
from cells.sentences import Sentence

SHELVING = ("update_north_star",)  # modes whose plan-only answer says that evidence is missing


@dataclass(frozen=True, slots=True)
class Shelf:
    """An answer that waits for evidence; `again` when some of that kind came after it."""

    ask: Ask
    need: Sentence
    again: bool


def shelved(
    repository: Repository, until: datetime | None = None, standing: Collection[int] | None = None
) -> dict[int, Shelf]:
    """Cell id to the shelf it lies on: its last answered question ended plan-only and says what is missing.

    For a past moment: as answered `until` then, with the evidence (ids) that was `standing` in it.
    """
    ended = Ask.objects.filter(
        repository=repository,
        cell__isnull=False,
        mode__in=SHELVING,
        state__in=(life.ANSWERED, life.PLAN_ONLY),
    )
    ended = ended.filter(state_at__lte=until) if until else ended
    newest = ended.order_by().values("cell").annotate(last=Max("pk")).values("last")
    rows = Ask.objects.filter(pk__in=newest, state=life.PLAN_ONLY).only("cell_id", "needs", "state_at")
    waits = {ask.cell_id or 0: ask for ask in rows if _waited_for(ask)}
    come = _come(waits, standing)
    return {
        pk: Shelf(ask, _need(ask), any(_meets(row, need) for row in come[pk] for need in _waited_for(ask)))
        for pk, ask in waits.items()
    }


def _waited_for(ask: Ask) -> list[dict[str, Any]]:
    """What evidence can bring. A time that does not fit its run is a person's to correct: that stays a conflict."""
    return [need for need in ask.needs if need.get("predicate") != "ts"]


def _need(ask: Ask) -> Sentence:
    said = _waited_for(ask)[0]["sentence"]
    return (
        Sentence(said["text"], said["params"])
        if isinstance(said, dict)
        else Sentence(str(said).replace("%", "%%"))
    )


def _come(waits: dict[int, Ask], standing: Collection[int] | None) -> dict[int, list[Evidence]]:
    """Cell id to the repository's own evidence that was read after its answer; one query for all of them."""
    found: dict[int, list[Evidence]] = defaultdict(list)
    if not waits:
        return found
    since = min(ask.state_at for ask in waits.values())
    rows = EvidenceCell.objects.filter(
        cell__in=waits, evidence__read_at__gt=since, evidence__source=Evidence.SSOT
    )
    rows = rows if standing is not None else rows.filter(evidence__current=True)
    for row in rows.select_related("evidence").prefetch_related("evidence__claims").order_by("-pk")[:2000]:
        stands = standing is None or row.evidence_id in standing
        if stands and row.evidence.read_at > waits[row.cell_id].state_at:
            found[row.cell_id].append(row.evidence)
    return found


def _meets(row: Evidence, need: dict[str, Any]) -> bool:
    """A need that names a claim is met by such a claim, seen from there; one that names a kind by any of it."""
    wanted, point = need.get("predicate"), need.get("vantage")
    if wanted or point:
        return any(
            wanted in ("", None, claim.predicate) and (not point or standard_vantage(claim.vantage) == point)
            for claim in row.claims.all()
        )
    return need.get("kind") in ("", None, row.kind)
