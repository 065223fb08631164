"""Checks: whether what was tested is green, told by whoever runs the tests. Nobody's word means unknown."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from cells import audit
from cells.clock import wake
from cells.models import AuditEvent, Patch
from cells.patches import life, verdicts
from cells.permissions import OPERATOR, require
from cells.refusals import Refused
from cells.sentences import sentence
from cells.ssot.mirror import Mirror

OPEN = (life.PROPOSED, life.APPROVED, life.FAILED)  # whatever may still land
STATES = ("green", "red", "unknown")
TOO_LATE = sentence("This patch does not wait for a decision any more; its checks change nothing.")
GITHUB = "github"  # the actor of what no person reported


def report(*, patch: Patch, state: str, by: User, tip: str) -> None:
    """Record the checks of exactly the commit `tip`, and judge again. Raises Refused."""
    require(by, OPERATOR)
    if state not in STATES:
        raise Refused(sentence("Checks are green, red or unknown, not %(state)s.", state=state[:40]))
    if patch.state not in OPEN:
        raise Refused(TOO_LATE)
    if tip != patch.tip:
        raise Refused(
            sentence(
                "The checks ran on another commit than the one that waits; run them on %(tip)s.",
                tip=patch.tip,
            )
        )
    if not _record(patch, state, tip, by):
        raise Refused(TOO_LATE)


def heard(*, patch: Patch, state: str, tip: str, at: datetime) -> bool:
    """GitHub tells the checks of exactly the commit `tip`, as they stood at `at`; True when that changes something.

    No person asked, so nothing is refused: what is about another commit, or older than what a person said, is not
    taken. Whoever calls answers for the word being GitHub's.
    """
    if patch.tip != tip or patch.state not in OPEN or patch.checks == state or state not in STATES:
        return False
    if patch.checks_by_id and _said_at(patch) >= at:
        return False
    return _record(patch, state, tip, None)


def _said_at(patch: Patch) -> datetime:
    """When a person last told the checks of this patch."""
    said = AuditEvent.objects.filter(verb="checks", subject_type="patch", subject=str(patch.pk))
    last = said.exclude(actor=GITHUB).order_by("-pk").first()
    return last.at if last else patch.proposed_at


def _record(patch: Patch, state: str, tip: str, by: User | None) -> bool:
    """By a person, or None: by GitHub. The commit is looked at again in the same step that writes."""
    with transaction.atomic():
        rows = Patch.objects.filter(pk=patch.pk, tip=tip, state__in=OPEN)
        if not rows.update(checks=state, checks_by=by):
            return False
        audit.record(
            actor=by or GITHUB, verb="checks", subject=patch, repository=patch.repository.key,
            before={"checks": patch.checks}, after={"checks": state, "tip": tip},
        )  # fmt: skip
    patch.checks, patch.checks_by = state, by
    verdicts.judge_waiting(patch.repository, Mirror(patch.repository.mirror), [patch])
    wake("cells.auto_merge", repository_id=patch.repository_id)
    return True
