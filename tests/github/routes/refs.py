"""/branches, /git/refs and /commits: git, seen through the API."""

from __future__ import annotations

from typing import Any

import pygit2

from tests.github import acts, bodies, git_bodies, pull_bodies
from tests.github.calls import Answer, Call, Page, route
from tests.github.refusals import Refused, not_found
from tests.github.routes.repos import REPO


@route("GET", REPO + "/branches", "contents:read")
def branches(call: Call) -> Any:
    found = sorted(call.repo.git.branches().items())
    return Page(found, lambda one: git_bodies.branch(call.at, call.repo, *one))


@route("GET", REPO + "/branches/{branch}", "contents:read")
def branch(call: Call) -> Any:
    name = call.args["branch"]
    if not (sha := call.repo.git.ref(f"refs/heads/{name}")):
        raise Refused(404, "Branch not found")
    return git_bodies.full_branch(call.at, call.repo, name, commit_of(call, sha))


@route("GET", REPO + "/git/ref/{ref}", "contents:read")
def ref(call: Call) -> Any:
    return _shown(call, _name(call))


@route("GET", REPO + "/git/matching-refs/{ref}", "contents:read")
def matching(call: Call) -> Any:
    found = sorted(name for name in call.repo.git.refs() if name.startswith(_name(call)))
    return [_shown(call, name) for name in found]


@route("POST", REPO + "/git/refs", "contents:write")
def new_ref(call: Call) -> Any:
    name, git = call.data["ref"], call.repo.git
    if not name.startswith("refs/") or name.count("/") < 2:
        raise Refused(422, "Reference name must start with 'refs/' and have at least two slashes")
    if git.ref(name):
        raise Refused(422, "Reference already exists")
    _known(call, call.data["sha"])
    acts.set_ref(call.world, call.repo, name, call.data["sha"], call.by)
    return Answer(201, _shown(call, name))


@route("PATCH", REPO + "/git/refs/{ref}", "contents:write")
def update_ref(call: Call) -> Any:
    name, git = _name(call), call.repo.git
    if not git.ref(name):
        raise Refused(422, "Reference does not exist")
    _unprotected(call, name)
    _known(call, call.data["sha"])
    if not call.data.get("force") and not git.holds(call.data["sha"], git.ref(name)):
        raise Refused(422, "Update is not a fast forward")
    acts.set_ref(call.world, call.repo, name, call.data["sha"], call.by)
    return _shown(call, name)


@route("DELETE", REPO + "/git/refs/{ref}", "contents:write")
def delete_ref(call: Call) -> Any:
    if not call.repo.git.ref(_name(call)):
        raise Refused(422, "Reference does not exist")
    _unprotected(call, _name(call))
    acts.set_ref(call.world, call.repo, _name(call), "", call.by)


@route("GET", REPO + "/commits", "contents:read")
def commits(call: Call) -> Any:
    start = commit_of(call, call.query.get("sha", call.repo.default_branch))
    walk = list(call.repo.git.repo.walk(start.id, pygit2.enums.SortMode.TOPOLOGICAL))
    return Page(walk, lambda one: git_bodies.commit(call.at, call.repo, one))


@route("GET", REPO + "/commits/{ref}", "contents:read")
def commit(call: Call) -> Any:
    made = commit_of(call, call.args["ref"])
    parent = str(made.parent_ids[0]) if made.parent_ids else ""
    files = call.repo.git.files(parent, str(made.id)) if parent else []
    figures = {
        "additions": sum(one.additions for one in files),
        "deletions": sum(one.deletions for one in files),
    }
    shown = [pull_bodies.file(call.at, call.repo, str(made.id), one) for one in files]
    stats = figures | {"total": sum(figures.values())}
    return git_bodies.commit(call.at, call.repo, made) | {"stats": stats, "files": shown}


@route("GET", REPO + "/commits/{commit_sha}/pulls", "pull_requests:read")
def pulls_of(call: Call) -> Any:
    sha = str(commit_of(call, call.args["commit_sha"]).id)
    named = [one for one in call.repo.pulls if sha in (one.head_sha, one.merge_sha)]
    return Page(named, lambda one: pull_bodies.pull(call.at, call.repo, one))


def commit_of(call: Call, name: str) -> pygit2.Commit:
    if found := call.repo.git.commit_of(name):
        return found
    raise Refused(422, f"No commit found for SHA: {name}")


def _name(call: Call) -> str:
    return "refs/" + call.args["ref"]


def _shown(call: Call, name: str) -> bodies.Body:
    if sha := call.repo.git.ref(name):
        return git_bodies.ref(call.at, call.repo, name, sha)
    raise not_found()


def _known(call: Call, sha: str) -> None:
    if len(sha) != 40 or sha not in call.repo.git.repo:
        raise Refused(422, "Object does not exist")


def _unprotected(call: Call, name: str) -> None:
    if name.removeprefix("refs/heads/") in call.repo.required:
        raise Refused(422, "Changes must be made through a pull request.")
