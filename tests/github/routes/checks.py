"""Check runs, check suites and statuses of a commit."""

from __future__ import annotations

from typing import Any

from tests.github import check_bodies, remarks
from tests.github.calls import Answer, Call, Page, route
from tests.github.refusals import Refused, not_found
from tests.github.routes.refs import commit_of
from tests.github.routes.repos import REPO
from tests.github.state import Check

ONE = REPO + "/check-runs/{check_run_id}"


@route("GET", REPO + "/commits/{ref}/check-runs", "checks:read")
def check_runs(call: Call) -> Any:
    """The latest of each name, unless all are asked for."""
    sha = str(commit_of(call, call.args["ref"]).id)
    found = [one for one in call.repo.checks.values() if one.suite.sha == sha]
    if call.query.get("filter", "latest") == "latest":
        found = list({(one.suite.id, one.name): one for one in found}.values())
    for key, read in (("check_name", "name"), ("status", "status")):
        if key in call.query:
            found = [one for one in found if getattr(one, read) == call.query[key]]
    return Page(found, lambda one: check_bodies.check(call.at, call.repo, one), wrapped="check_runs")


@route("GET", REPO + "/commits/{ref}/check-suites", "checks:read")
def check_suites(call: Call) -> Any:
    sha = str(commit_of(call, call.args["ref"]).id)
    found = [one for one in call.repo.suites if one.sha == sha]
    return Page(found, lambda one: check_bodies.full_suite(call.at, call.repo, one), wrapped="check_suites")


@route("POST", REPO + "/check-runs", "checks:write")
def new_check(call: Call) -> Any:
    if call.token is None or call.token.installation is None:
        raise Refused(403, "You must authenticate via a GitHub App.")
    made = remarks.check(call.world, call.repo, call.token.installation.app, call.data)
    return Answer(201, check_bodies.check(call.at, call.repo, made))


@route("GET", ONE, "checks:read")
def check_run(call: Call) -> Any:
    return check_bodies.check(call.at, call.repo, _check(call))


@route("PATCH", ONE, "checks:write")
def update_check(call: Call) -> Any:
    made = _check(call)
    if (
        call.token is None
        or call.token.installation is None
        or call.token.installation.app is not made.suite.app
    ):
        raise Refused(
            403, "Invalid app_id `1` - check run can only be modified by the GitHub App that created it."
        )
    remarks.update_check(call.world, call.repo, made, call.data)
    return check_bodies.check(call.at, call.repo, made)


@route("GET", REPO + "/commits/{ref}/status", "statuses:read")
def combined(call: Call) -> Any:
    return check_bodies.combined(call.at, call.repo, str(commit_of(call, call.args["ref"]).id))


@route("GET", REPO + "/commits/{ref}/statuses", "statuses:read")
def statuses(call: Call) -> Any:
    sha = str(commit_of(call, call.args["ref"]).id)
    found = [one for one in reversed(call.repo.statuses) if one.sha == sha]
    return Page(found, lambda one: check_bodies.full_status(call.at, call.repo, one))


@route("POST", REPO + "/statuses/{sha}", "statuses:write")
def new_status(call: Call) -> Any:
    made = remarks.status(call.world, call.repo, call.by, call.args["sha"], call.data)
    return Answer(201, check_bodies.full_status(call.at, call.repo, made))


def _check(call: Call) -> Check:
    if found := call.repo.checks.get(call.number("check_run_id")):
        return found
    raise not_found()
