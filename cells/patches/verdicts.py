"""Verdicts: every waiting patch carries what the contract says of it now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from cells import audit
from cells.contract.case import Verdict
from cells.contract.judge import judge
from cells.models import Patch, Repository
from cells.patches import earlier, life, ranks
from cells.patches.cases import Builder, of_patch
from cells.patches.governing import contract_of
from cells.ssot.mirror import Mirror

# Another conflict, another flagged piece, checks that failed: these are news although the same rule spoke before.
NAMED = {"checks", "conflicts", "evidence-flags", "secrets", "injection", "citations-missing", "times"}
STRICTER = {"AUTO_MERGE_OK": 0, "REVIEW_REQUIRED": 1, "ARCHIVE_CANDIDATE": 2}
RISKS = {"LOW": 0, "MEDIUM": 1, "HIGH": 2}


def judge_waiting(repository: Repository, mirror: Mirror, patches: Iterable[Patch] | None = None) -> int:
    """Judge every waiting patch (or these) against main as it stands; returns how many verdicts changed."""
    main = mirror.tip(f"refs/heads/{repository.branch}")
    rows = Patch.objects.filter(repository=repository, state=life.PROPOSED) if patches is None else patches
    contract, builder, changed = contract_of(mirror, main), Builder(repository, mirror, main), 0
    for patch, case in builder.cases(rows):
        changed += record(patch, judge(case, contract))
    return changed


def judged(patch: Patch, mirror: Mirror, main: str) -> dict[str, Any]:
    """What the contract would say of the patch on this main, as a row holds it; nothing is recorded."""
    return as_json(judge(of_patch(patch, mirror, main), contract_of(mirror, main))) | words(patch)


def record(patch: Patch, verdict: Verdict) -> bool:
    """Store the verdict of a patch that still waits; True when it is another one than before."""
    said = as_json(verdict) | words(patch)
    if patch.verdict == said:
        return False
    rows = Patch.objects.filter(pk=patch.pk, state=life.PROPOSED, digest=patch.digest)
    before = patch.decision
    lane = patch.lane.key if patch.lane else ""
    now = {
        "verdict": said, "decision": verdict.decision, "earlier": earlier.kept(patch),
        "rank": ranks.rank(said, applies=patch.applies, came_back=patch.state_note is not None),
        "group": ranks.group(said, lane=lane, kind=patch.kind, applies=patch.applies),
    }  # fmt: skip
    with transaction.atomic():
        if not rows.update(**now):
            return False
        if before and before != verdict.decision:
            audit.record(
                actor="contract", verb="judge", subject=patch, repository=patch.repository.key,
                before={"decision": before}, after={"decision": verdict.decision, "contract": verdict.contract},
            )  # fmt: skip
    for name, value in now.items():
        setattr(patch, name, value)
    return True


def words(patch: Patch) -> dict[str, str]:
    """Names title and description where a pull request can change them without a new commit: they land too."""
    if patch.pull_id is None:
        return {}
    said = json.dumps([patch.title, patch.rationale])
    return {"words": hashlib.sha256(said.encode()).hexdigest()[:16]}


def as_json(verdict: Verdict) -> dict[str, Any]:
    """{decision, category, risk, contract, reasons: [{rule, place, decision, text, params}]}."""
    return {
        "decision": verdict.decision, "category": verdict.category, "risk": verdict.risk, "contract": verdict.contract,
        "reasons": [
            {"rule": r.rule, "place": r.place, "decision": r.decision, **r.sentence.as_json()}
            for r in sorted(verdict.reasons, key=lambda reason: reason.rule in ranks.EVERYWHERE)
        ],
    }  # fmt: skip


def stricter(now: dict[str, Any], then: dict[str, Any]) -> list[str]:
    """The rules for which today's verdict asks for more than the one that was approved; empty: it still holds.

    Milder and equal verdicts hold, whichever version of the contract gave them.
    """
    known = {_said(reason) for reason in then["reasons"]}
    new = [
        reason["rule"]
        for reason in now["reasons"]
        if _said(reason) not in known and reason["decision"] != "AUTO_MERGE_OK"
    ]
    worse = (
        STRICTER[now["decision"]] > STRICTER[then["decision"]]
        or RISKS[now["risk"]] > RISKS[then["risk"]]
        or NAMED & set(new)
    )
    return (sorted(set(new)) or [now["decision"]]) if worse else []


def only_checks(now: dict[str, Any], then: dict[str, Any]) -> bool:
    """Whether it is the checks alone for which today's verdict asks for more."""
    return stricter(now, then) == ["checks"] and RISKS[now["risk"]] <= RISKS[then["risk"]]


def _said(reason: dict[str, Any]) -> tuple[str, ...]:
    """What makes a reason the same one; numbers in it may change, what it names may not."""
    named = json.dumps([reason["params"], reason["place"]], sort_keys=True) if reason["rule"] in NAMED else ""
    return reason["rule"], reason["text"], named


def fingerprint(verdict: dict[str, Any] | None) -> str:
    """Names what a person saw of a verdict; "" before there is one."""
    if verdict is None:
        return ""
    seen = [verdict["decision"], verdict["risk"], sorted(map(_said, verdict["reasons"]))]
    seen += [verdict["words"]] if verdict.get("words") else []
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]
