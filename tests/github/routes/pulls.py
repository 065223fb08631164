"""/pulls: lists, one of them, its files, commits and reviews, and merging it."""

from __future__ import annotations

from typing import Any

from tests.github import acts, bodies, git_bodies, pull_bodies, remarks
from tests.github.calls import Answer, Call, Page, route
from tests.github.git import COMMITS_SHOWN, FILES_SHOWN
from tests.github.refusals import Refused, invalid
from tests.github.routes.repos import REPO
from tests.github.state import Pull

ONE = REPO + "/pulls/{pull_number}"
READ, WRITE = "pull_requests:read", "pull_requests:write"


@route("GET", REPO + "/pulls", READ)
def pulls(call: Call) -> Any:
    query, found = call.query, call.repo.pulls
    state, sort = query.get("state", "open"), query.get("sort", "created")
    if state != "all":
        found = [pull for pull in found if pull.state == state]
    if "base" in query:
        found = [pull for pull in found if pull.base_ref == query["base"]]
    if "head" in query:
        found = [pull for pull in found if f"{pull.head_owner}:{pull.head_ref}" == query["head"]]
    down = query.get("direction", "desc" if sort == "created" else "asc") == "desc"
    moment = "updated" if sort == "updated" else "created"
    found.sort(key=lambda pull: (getattr(pull, moment), pull.number), reverse=down)
    return Page(found, lambda pull: pull_bodies.pull(call.at, call.repo, pull))


@route("POST", REPO + "/pulls", WRITE)
def new_pull(call: Call) -> Any:
    made = acts.open_pull(call.world, call.repo, call.by, call.data)
    return Answer(201, _full(call, made))


@route("GET", ONE, READ)
def pull(call: Call) -> Any:
    return _full(call, _pull(call))


@route("PATCH", ONE, WRITE)
def update(call: Call) -> Any:
    one, asked = _pull(call), call.data
    one.title, one.body = asked.get("title", one.title), asked.get("body", one.body)
    one.updated = call.world.now()
    if "base" in asked:
        if not call.repo.git.ref(f"refs/heads/{asked['base']}"):
            raise invalid("PullRequest", "base")
        one.base_ref = asked["base"]
    if asked.get("state", one.state) != one.state:
        change = acts.close if asked["state"] == "closed" else acts.reopen
        change(call.world, call.repo, one, call.by)
    return _full(call, one)


@route("GET", ONE + "/merge", READ)
def is_merged(call: Call) -> Any:
    return Answer(204) if _pull(call).merged else Answer(404)


@route("PUT", ONE + "/merge", "contents:write")
def merge(call: Call) -> Any:
    sha = acts.merge(call.world, call.repo, _pull(call), call.by, call.data or {})
    return {"sha": sha, "merged": True, "message": "Pull Request successfully merged"}


@route("GET", ONE + "/files", READ)
def files(call: Call) -> Any:
    one = _pull(call)
    found = call.repo.git.files(one.base_sha, one.head_sha)[:FILES_SHOWN]
    return Page(found, lambda file: pull_bodies.file(call.at, call.repo, one.head_sha, file))


@route("GET", ONE + "/commits", READ)
def commits(call: Call) -> Any:
    one = _pull(call)
    found = list(reversed(call.repo.git.commits(one.base_sha, one.head_sha)))[:COMMITS_SHOWN]
    return Page(found, lambda commit: git_bodies.commit(call.at, call.repo, commit))


@route("GET", ONE + "/reviews", READ)
def reviews(call: Call) -> Any:
    one = _pull(call)
    return Page(one.reviews, lambda made: pull_bodies.review(call.at, call.repo, one, made))


@route("POST", ONE + "/reviews", WRITE, level="read")
def review(call: Call) -> Any:
    """A review without an event would stay pending; nobody here needs that."""
    one, asked = _pull(call), call.data or {}
    if asked.get("event") not in remarks.REVIEWED:
        raise Refused(
            422, "Unprocessable Entity", errors=["the double keeps no pending reviews: say an event"]
        )
    if (
        asked.get("commit_id", one.head_sha) != one.head_sha
        and call.repo.git.commit_of(asked["commit_id"]) is None
    ):
        raise Refused(422, "Unprocessable Entity", errors=["Commit is not part of the pull request"])
    made = remarks.review(call.world, call.repo, one, call.by, asked["event"], asked.get("body", ""))
    made.sha = asked.get("commit_id", made.sha)
    return pull_bodies.review(call.at, call.repo, one, made)


@route("GET", ONE + "/requested_reviewers", READ)
def asked(call: Call) -> Any:
    return {"users": [bodies.person(call.at, who) for who in _pull(call).asked], "teams": []}


@route("POST", ONE + "/requested_reviewers", WRITE)
def ask(call: Call) -> Any:
    one = _pull(call)
    wanted = [call.world.person(login) for login in call.data.get("reviewers", [])]
    if one.by in wanted:
        raise Refused(422, "Review cannot be requested from pull request author.", errors=[])
    if any(who.login not in call.repo.people for who in wanted):
        text = "Reviews may only be requested from collaborators."
        raise Refused(422, text, errors=[])
    one.asked += [who for who in wanted if who not in one.asked]
    return Answer(201, pull_bodies.pull(call.at, call.repo, one))


@route("DELETE", ONE + "/requested_reviewers", WRITE)
def unask(call: Call) -> Any:
    one = _pull(call)
    one.asked = [who for who in one.asked if who.login not in call.data["reviewers"]]
    return pull_bodies.pull(call.at, call.repo, one)


def _pull(call: Call) -> Pull:
    return remarks.pull_of(call.repo, call.number("pull_number"))


def _full(call: Call, one: Pull) -> bodies.Body:
    return pull_bodies.full_pull(call.at, call.repo, one, *acts.mergeability(call.repo, one))
