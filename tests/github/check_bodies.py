"""JSON of checks and statuses."""

from __future__ import annotations

from tests.github import bodies, git_bodies, pull_bodies
from tests.github.bodies import Address, Body, node, stamp
from tests.github.state import Check, Repo, Status, Suite

# The combined answer is the worst of its parts.
WORST = ("failure", "pending", "success")
BAD = ("failure", "cancelled", "timed_out", "action_required", "startup_failure", "stale")


def checks_of(it: Repo, suite: Suite) -> list[Check]:
    return [check for check in it.checks.values() if check.suite is suite]


def outcome(it: Repo, suite: Suite) -> tuple[str, str | None]:
    """Status and conclusion of a suite, from its checks; of one that ran again the last run counts."""
    checks = list({check.name: check for check in checks_of(it, suite)}.values())
    if not checks:
        return "queued", None
    if any(check.status != "completed" for check in checks):
        return "in_progress", None
    bad = [check.conclusion for check in checks if check.conclusion in BAD]
    return "completed", bad[0] if bad else "success"


def check(at: Address, it: Repo, one: Check) -> Body:
    api = f"{at.repo(it)}/check-runs/{one.id}"
    page = f"{at.page(it)}/runs/{one.id}"
    empty = {"title": None, "summary": None, "text": None}
    figures = {"annotations_count": 0, "annotations_url": f"{api}/annotations"}
    return {
        "id": one.id,
        "node_id": node("CheckRun", one.id),
        "head_sha": one.suite.sha,
        "name": one.name,
        "url": api,
        "html_url": page,
        "details_url": one.details or page,
        "status": one.status,
        "conclusion": one.conclusion,
        "started_at": stamp(one.started),
        "completed_at": stamp(one.completed),
        "external_id": one.external,
        "check_suite": {"id": one.suite.id},
        "output": empty | one.output | figures,
        "app": bodies.app(at, one.suite.app, it.created),
        "pull_requests": _pulls(at, it, one.suite),
    }


def suite(at: Address, it: Repo, one: Suite) -> Body:
    status, conclusion = outcome(it, one)
    api = f"{at.repo(it)}/check-suites/{one.id}"
    tip = it.git.commit_of(one.sha)
    assert tip is not None
    return {
        "id": one.id,
        "node_id": node("CheckSuite", one.id),
        "head_branch": one.branch,
        "head_sha": one.sha,
        "status": status,
        "conclusion": conclusion,
        "url": api,
        "before": None,
        "after": one.sha,
        "pull_requests": _pulls(at, it, one),
        "app": bodies.app(at, one.app, it.created),
        "created_at": stamp(one.created),
        "updated_at": stamp(one.created),
        "latest_check_runs_count": len(checks_of(it, one)),
        "check_runs_url": f"{api}/check-runs",
        "head_commit": git_bodies.short_commit(tip),
    }


def full_suite(at: Address, it: Repo, one: Suite) -> Body:
    return suite(at, it, one) | {"repository": bodies.repo(at, it)}


def status(at: Address, it: Repo, one: Status) -> Body:
    """Without its creator, as the combined status has it."""
    return {
        "id": one.id,
        "node_id": node("StatusContext", one.id),
        "url": f"{at.repo(it)}/statuses/{one.sha}",
        "avatar_url": f"{at.web}/avatars/u/{one.by.id}",
        "state": one.state,
        "context": one.context,
        "description": one.description,
        "target_url": one.target,
        "created_at": stamp(one.created),
        "updated_at": stamp(one.created),
    }


def full_status(at: Address, it: Repo, one: Status) -> Body:
    return status(at, it, one) | {"creator": bodies.person(at, one.by)}


def latest(it: Repo, sha: str) -> list[Status]:
    """The last status of each context."""
    return list({one.context: one for one in it.statuses if one.sha == sha}.values())


def combined(at: Address, it: Repo, sha: str) -> Body:
    parts = latest(it, sha)
    states = {"failure" if one.state == "error" else one.state for one in parts} or {"pending"}
    api = at.repo(it)
    return {
        "state": next(state for state in WORST if state in states),
        "sha": sha,
        "total_count": len(parts),
        "statuses": [status(at, it, one) for one in parts],
        "repository": bodies.repo(at, it),
        "commit_url": f"{api}/commits/{sha}",
        "url": f"{api}/commits/{sha}/status",
    }


def _pulls(at: Address, it: Repo, of: Suite) -> list[Body]:
    """GitHub names no pull request that comes from a fork."""
    mine = [pull for pull in it.pulls if pull.head_sha == of.sha and pull.head_repo is it]
    return [pull_bodies.mention(at, it, pull) for pull in mine if pull.state == "open"]
