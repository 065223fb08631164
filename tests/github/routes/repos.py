"""/repos: the repository itself, who works on it, its releases and its hooks."""

from __future__ import annotations

from typing import Any

from tests.github import bodies, remarks
from tests.github.calls import Answer, Call, Page, route
from tests.github.refusals import not_found
from tests.github.state import Hook, Release

REPO = "/repos/{owner}/{repo}"


@route("GET", REPO, "metadata:read")
def repo(call: Call) -> Any:
    return bodies.full_repo(call.at, call.repo, call.token.person.login if call.token else "")


@route("GET", REPO + "/collaborators/{username}/permission", "metadata:read", level="write")
def permission(call: Call) -> Any:
    """admin, write, read or none; the role says maintain and triage, too."""
    login = call.args["username"]
    if login not in call.world.people:
        raise not_found()
    role = call.repo.people.get(login, "none" if call.repo.private else "read")
    role = "admin" if login == call.repo.owner.login else role
    old = {"maintain": "write", "triage": "read"}.get(role, role)
    shown = bodies.person(call.at, call.world.people[login]) | {"role_name": role}
    return {"permission": old, "role_name": role, "user": shown}


@route("GET", REPO + "/releases", "contents:read")
def releases(call: Call) -> Any:
    return Page(call.repo.releases, lambda one: bodies.release(call.at, call.repo, one))


@route("GET", REPO + "/releases/latest", "contents:read")
def latest_release(call: Call) -> Any:
    return _shown(call, next((one for one in call.repo.releases if not (one.draft or one.prerelease)), None))


@route("GET", REPO + "/releases/{release_id}", "contents:read")
def release(call: Call) -> Any:
    wanted = call.number("release_id")
    return _shown(call, next((one for one in call.repo.releases if one.id == wanted), None))


@route("GET", REPO + "/releases/tags/{tag}", "contents:read")
def tagged_release(call: Call) -> Any:
    return _shown(call, next((one for one in call.repo.releases if one.tag == call.args["tag"]), None))


@route("POST", REPO + "/releases", "contents:write")
def new_release(call: Call) -> Any:
    made = remarks.release(call.world, call.repo, call.by, call.data)
    return Answer(201, bodies.release(call.at, call.repo, made))


@route("GET", REPO + "/hooks", "repository_hooks:read", level="admin")
def hooks(call: Call) -> Any:
    return Page(call.repo.hooks, lambda one: _hook(call, one))


@route("POST", REPO + "/hooks", "repository_hooks:write", level="admin")
def new_hook(call: Call) -> Any:
    config = call.data["config"]
    made = Hook(
        call.world.new_id(), config["url"], config.get("secret", ""), call.data.get("events", ["push"])
    )
    call.repo.hooks.append(made)
    return Answer(201, _hook(call, made))


def _shown(call: Call, found: Release | None) -> Any:
    if found is None:
        raise not_found()
    return bodies.release(call.at, call.repo, found)


def _hook(call: Call, one: Hook) -> bodies.Body:
    api, since = f"{call.at.repo(call.repo)}/hooks/{one.id}", bodies.stamp(call.repo.created)
    config = {"url": one.url or call.at.web, "content_type": "json", "insecure_ssl": "0"}
    return {
        "type": "Repository",
        "id": one.id,
        "name": "web",
        "active": True,
        "events": one.events or ["*"],
        "config": config | ({"secret": "********"} if one.secret else {}),
        "url": api,
        "test_url": f"{api}/test",
        "ping_url": f"{api}/pings",
        "deliveries_url": f"{api}/deliveries",
        "last_response": {"code": None, "status": "unused", "message": None},
        "created_at": since,
        "updated_at": since,
    }
