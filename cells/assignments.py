"""Assigning evidence to cells by hand; it holds for the path, also for its next versions."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from cells import audit
from cells.clock import wake
from cells.models import Cell, Evidence, EvidenceCell
from cells.permissions import OPERATOR, require
from cells.refusals import Refused
from cells.sentences import sentence


def assign(*, evidence: Evidence, cells: list[Cell], by: User) -> None:
    """These cells and no others, by a person's word. Raises Refused, Forbidden."""
    require(by, OPERATOR)
    if any(cell.repository_id != evidence.repository_id for cell in cells):
        raise Refused(sentence("This cell belongs to another repository."))
    with transaction.atomic():
        before = sorted(evidence.cells.values_list("key", flat=True))
        EvidenceCell.objects.filter(evidence=evidence).delete()
        EvidenceCell.objects.bulk_create(
            [EvidenceCell(evidence=evidence, cell=cell, why="person") for cell in cells]
        )
        evidence.lane = cells[0].lane if cells else evidence.lane
        evidence.placed_by_hand = True
        evidence.save(update_fields=["lane", "placed_by_hand"])
        audit.record(
            actor=by, verb="assign", subject=evidence, repository=evidence.repository.key,
            before={"cells": before}, after={"cells": sorted(cell.key for cell in cells), "path": evidence.path},
        )  # fmt: skip
        wake("cells.judge", repository_id=evidence.repository_id)
