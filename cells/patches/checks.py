"""Checks: whether what was tested is green, told by whoever runs the tests. Nobody's word means unknown."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from cells import audit
from cells.clock import wake
from cells.models import Patch
from cells.patches import life, verdicts
from cells.permissions import OPERATOR, require
from cells.refusals import Refused
from cells.sentences import sentence
from cells.ssot.mirror import Mirror

OPEN = (life.PROPOSED, life.APPROVED, life.FAILED)  # whatever may still land
STATES = ("green", "red", "unknown")


def report(*, patch: Patch, state: str, by: User, tip: str) -> None:
    """Record the checks of exactly the commit `tip`, and judge again. Raises Refused."""
    require(by, OPERATOR)
    if state not in STATES:
        raise Refused(sentence("Checks are green, red or unknown, not %(state)s.", state=state[:40]))
    if patch.state not in OPEN:
        raise Refused(
            sentence("This patch does not wait for a decision any more; its checks change nothing.")
        )
    if tip != patch.tip:
        raise Refused(
            sentence(
                "The checks ran on another commit than the one that waits; run them on %(tip)s.",
                tip=patch.tip,
            )
        )
    with transaction.atomic():
        Patch.objects.filter(pk=patch.pk).update(checks=state, checks_by=by)
        audit.record(
            actor=by, verb="checks", subject=patch, repository=patch.repository.key,
            before={"checks": patch.checks}, after={"checks": state, "tip": tip},
        )  # fmt: skip
    patch.checks, patch.checks_by = state, by
    verdicts.judge_waiting(patch.repository, Mirror(patch.repository.mirror), [patch])
    wake("cells.auto_merge", repository_id=patch.repository_id)
