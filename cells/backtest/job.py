"""The back-test as a job of the page: a row that is queued, claimed, kept alive by its progress, and finished once."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cells import audit
from cells.backtest import history as histories
from cells.backtest.replay import replay
from cells.clock import lease, wake
from cells.contract.policy import ContractBroken, parse
from cells.models import Backtest, Repository
from cells.patches.governing import contract_of
from cells.permissions import OPERATOR, require
from cells.refusals import Refused
from cells.sentences import Sentence, sentence
from cells.ssot.mirror import Mirror

log = logging.getLogger(__name__)

KEPT = 20  # rows per repository


def start(
    *, repository: Repository, by: User, contract: str = "", history: str = "", assume_green: bool = False
) -> Backtest:
    """Queue a replay; `contract` is the text of another one to compare with, `history` that of a history file.

    Raises Refused.
    """
    require(by, OPERATOR)
    if not repository.head:
        raise Refused(sentence("The repository was not read yet; sync it first."))
    try:
        parse(contract)
    except ContractBroken as broken:
        raise Refused(broken.sentence) from broken
    with transaction.atomic():
        row = Backtest.objects.create(
            repository=repository,
            contract=contract,
            history=history,
            assume_green=assume_green,
            asked_by=by,
            state_at=timezone.now(),
        )
        audit.record(actor=by, verb="backtest", subject=row, repository=repository.key)
        wake("cells.backtest", backtest_id=row.pk)
    return row


def execute(row: Backtest) -> None:
    """Do a queued replay; called twice it is done once."""
    rows = Backtest.objects.filter(pk=row.pk)
    if not rows.filter(state=Backtest.QUEUED).update(
        state=Backtest.RUNNING, lease_until=lease(), state_at=timezone.now()
    ):
        return
    running, last = rows.filter(state=Backtest.RUNNING), 0.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        if done == total or time.monotonic() - last > 0.25:
            last = time.monotonic()
            running.update(done=done, total=total, lease_until=lease())

    try:
        mirror = Mirror(row.repository.mirror)
        told = histories.parse(row.history.splitlines())
        in_force = contract_of(mirror, row.repository.head)
        other = parse(row.contract) if row.contract else None
        result = replay(
            mirror, f"refs/heads/{row.repository.branch}", other or in_force, told, assume_green=row.assume_green,
            against=in_force if other else None, progress=progress,
        )  # fmt: skip
        running.update(state=Backtest.DONE, result=result, lease_until=None, state_at=timezone.now())
    except Exception as error:
        log.exception("%s failed", row)
        _fail(row, sentence("The replay stopped by a fault of ours (%(error)s).", error=repr(error)[:300]))
    old = Backtest.objects.filter(repository=row.repository).values_list("pk", flat=True)[KEPT:]
    Backtest.objects.filter(pk__in=list(old)).delete()


def settle() -> int:
    """Replays whose worker died end with a sentence; queued ones nobody took are woken."""
    now = timezone.now()
    for row in Backtest.objects.filter(state=Backtest.RUNNING, lease_until__lt=now):
        _fail(row, sentence("The worker stopped in the middle. Start it again."))
    late = Backtest.objects.filter(state=Backtest.QUEUED, state_at__lt=now - timedelta(seconds=5))
    for row in late:
        wake("cells.backtest", backtest_id=row.pk)
    return len(late)


def _fail(row: Backtest, why: Sentence) -> None:
    Backtest.objects.filter(pk=row.pk, state=Backtest.RUNNING).update(
        state=Backtest.FAILED, error=why.as_json(), lease_until=None, state_at=timezone.now()
    )
