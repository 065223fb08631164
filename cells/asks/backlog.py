"""What waits in a repository, as the question that sorts it is told: facts of the row, of git and of its pull request.

All of it in few words comes before some of it in many: an item that is left out is one that nobody sorts.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from cells.hosts.github.payloads import RED
from cells.models import Ask, Patch, PullRequest, Repository
from cells.patches import life
from cells.patches.paths import Meeting, meetings
from cells.refusals import say

MODE = "pr_groomer"
MOST = 200  # proposals sorted at once
OURS = (
    "groomer:"  # what a label begins with that sorting put there; an answer is no news to the next question
)
SEEN = 16  # characters of the digest that say which version was sorted

_TRIAL = re.compile(r"\b(experiment(al)?|trial|poc|spike|sandbox|scratch)\b|実験|お試し", re.IGNORECASE)
_SHORT = (
    "number", "patch", "digest", "draft", "labels", "has_conflicts", "is_experiment_hint", "checks", "failed_checks",
    "collides_with",
)  # fmt: skip


def waiting(repository: Repository) -> tuple[list[dict[str, Any]], int]:
    """The newest that wait, and how many more there are. What earlier sorting proposes is not among them."""
    records = Ask.objects.filter(repository=repository, mode=MODE, patch__isnull=False).values("patch")
    rows = Patch.objects.filter(repository=repository, state=life.PROPOSED).exclude(pk__in=records)
    found = list(rows.select_related("pull")[:MOST])
    met = meetings(found)
    names = {row.pk: _name(row) for row in found}
    items = [_item(row, repository.branch) for row in found]
    for row, item in zip(found, items, strict=True):
        collisions = met.get(row.pk, Meeting()).collisions[:3]
        item["collides_with"] = [names.get(pk, f"patch {pk}") for pk in collisions]
    return items, rows.count() - len(found) if len(found) == MOST else 0


def _name(row: Patch) -> str:
    return f"#{row.pull.number}" if row.pull else f"patch {row.pk}"


def _item(row: Patch, base: str) -> dict[str, Any]:
    pull = row.pull
    return {
        "number": pull.number if pull else None, "patch": row.pk, "digest": row.digest[:SEEN], "title": row.title,
        "state": pull.state if pull else PullRequest.OPEN, "draft": bool(pull and pull.draft),
        "labels": _labels(pull), "head_ref": row.branch, "base_ref": pull.base_ref if pull else base,
        "author": pull.author if pull else row.author_name,
        "created_at": stamp(pull.created_there if pull else row.authored_at),
        "updated_at": stamp(pull.updated_there if pull else row.authored_at),
        "mergeable": pull.mergeable if pull else "",
        "has_conflicts": not row.applies or bool(pull and pull.mergeable == "dirty"),
        "is_experiment_hint": bool(_TRIAL.search(" ".join([row.title, *_labels(pull)]).replace("_", " "))),
        "checks": row.checks, "failed_checks": _failed(pull), "kind": row.kind,
        "files": [file["path"] for file in row.files[:20]], "verdict": _ruling(row), "trust": "proposal",
    }  # fmt: skip


def _labels(pull: PullRequest | None) -> list[str]:
    names = [str(name)[:50] for name in pull.labels] if pull else []
    return [name for name in names if not name.startswith(OURS)][:20]


def _failed(pull: PullRequest | None) -> list[str]:
    return [str(one.get("name"))[:80] for one in pull.checks if one.get("state") == RED][:5] if pull else []


def _ruling(row: Patch) -> dict[str, Any] | None:
    """Its verdict with what decides: `held_by` names the rules for which it wants a person, `reasons` are theirs."""
    ruling = verdict(row)
    if ruling is None or row.verdict is None:
        return None
    held = [one for one in row.verdict["reasons"] if one["decision"] != "AUTO_MERGE_OK"]
    held.sort(key=lambda one: bool(one["decision"] != "ARCHIVE_CANDIDATE"))
    reasons = [say(one) for one in held] or ruling["reasons"]
    return ruling | {"held_by": sorted({one["rule"] for one in held}), "reasons": reasons}


def short(item: dict[str, Any]) -> dict[str, Any]:
    """The same in few words: what is not said is the usual."""
    said = {name: item[name] for name in _SHORT if item[name]}
    said |= {"title": item["title"][:80], "files": item["files"][:2]}
    if ruling := item["verdict"]:
        said["verdict"] = ruling | {"reasons": [reason[:80] for reason in ruling["reasons"][:1]]}
    return said


def verdict(patch: Patch) -> dict[str, Any] | None:
    """What the contract says of a patch, in words."""
    if not patch.verdict:
        return None
    reasons = [say(reason) for reason in patch.verdict["reasons"]]
    return {"decision": patch.decision, "category": patch.verdict["category"], "reasons": reasons}


def stamp(at: datetime) -> str:
    """ISO 8601, UTC, whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
