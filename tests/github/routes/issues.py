"""/issues, their comments, and labels."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from tests.github import acts, pull_bodies, remarks
from tests.github.calls import Answer, Call, Page, route
from tests.github.refusals import Refused, invalid, not_found
from tests.github.routes.repos import REPO
from tests.github.state import Comment, Issue, Label

ONE = REPO + "/issues/{issue_number}"
SAID = REPO + "/issues/comments/{comment_id}"
READ, WRITE = "issues:read|pull_requests:read", "issues:write|pull_requests:write"


@route("GET", REPO + "/issues", "issues:read")
def issues(call: Call) -> Any:
    """Pull requests are issues, and stand among them."""
    query, found = call.query, _since(call, call.repo.issues.values())
    state, moment = query.get("state", "open"), query.get("sort", "created")
    wanted = [name.casefold() for name in query.get("labels", "").split(",") if name]
    found = [
        one
        for one in found
        if state in ("all", one.state) and {name.casefold() for name in one.labels}.issuperset(wanted)
    ]
    down = query.get("direction", "desc") == "desc"
    found.sort(key=lambda one: (getattr(one, moment), one.number), reverse=down)
    return Page(found, lambda one: pull_bodies.issue(call.at, call.repo, one))


@route("POST", REPO + "/issues", "issues:write", level="read")
def new_issue(call: Call) -> Any:
    if not str(call.data["title"]).strip():
        raise invalid("Issue", "title", "missing_field")
    made = acts.open_issue(call.world, call.repo, call.by, call.data)
    return Answer(201, pull_bodies.issue(call.at, call.repo, made))


@route("GET", ONE, READ)
def issue(call: Call) -> Any:
    return pull_bodies.issue(call.at, call.repo, _issue(call))


@route("PATCH", ONE, WRITE)
def update(call: Call) -> Any:
    one, asked = _issue(call), call.data
    one.title, one.body = asked.get("title", one.title), asked.get("body", one.body)
    one.updated = call.world.now()
    if "labels" in asked:
        remarks.set_labels(call.world, call.repo, one, call.by, asked["labels"])
    if asked.get("state") == "closed" and one.state == "open":
        acts.close(call.world, call.repo, one, call.by)
    return pull_bodies.issue(call.at, call.repo, one)


@route("GET", ONE + "/comments", READ)
def comments(call: Call) -> Any:
    found = _since(call, pull_bodies.comments_of(call.repo, _issue(call).number))
    return Page(found, lambda one: _comment_body(call, one))


@route("GET", REPO + "/issues/comments", READ)
def all_comments(call: Call) -> Any:
    found = _since(call, call.repo.comments.values())
    moment = call.query.get("sort", "created")
    found.sort(key=lambda one: (getattr(one, moment), one.id), reverse=call.query.get("direction") == "desc")
    return Page(found, lambda one: _comment_body(call, one))


@route("POST", ONE + "/comments", WRITE, level="read")
def new_comment(call: Call) -> Any:
    if not call.data["body"]:
        raise invalid("IssueComment", "body", "missing_field")
    made = remarks.comment(call.world, call.repo, _issue(call), call.by, call.data["body"])
    return Answer(201, _comment_body(call, made))


@route("GET", SAID, READ)
def comment(call: Call) -> Any:
    return _comment_body(call, _comment(call))


@route("PATCH", SAID, WRITE, level="read")
def edit_comment(call: Call) -> Any:
    made = _own(call)
    remarks.edit_comment(call.world, call.repo, made, call.by, call.data["body"])
    return _comment_body(call, made)


@route("DELETE", SAID, WRITE, level="read")
def delete_comment(call: Call) -> Any:
    remarks.delete_comment(call.world, call.repo, _own(call), call.by)


@route("GET", REPO + "/labels", READ)
def known_labels(call: Call) -> Any:
    return Page(list(call.repo.labels.values()), lambda one: pull_bodies.label(call.at, call.repo, one))


@route("POST", REPO + "/labels", WRITE)
def new_label(call: Call) -> Any:
    asked = call.data
    if asked["name"].casefold() in call.repo.labels:
        raise invalid("Label", "name", "already_exists")
    words = (asked["name"], asked.get("color", "ededed"), asked.get("description"))
    made = Label(call.world.new_id(), *words)
    call.repo.labels[made.name.casefold()] = made
    return Answer(201, pull_bodies.label(call.at, call.repo, made))


@route("GET", REPO + "/labels/{name}", READ)
def label(call: Call) -> Any:
    if found := call.repo.labels.get(call.args["name"].casefold()):
        return pull_bodies.label(call.at, call.repo, found)
    raise not_found()


@route("GET", ONE + "/labels", READ)
def labels(call: Call) -> Any:
    return Page(_issue(call).labels, lambda name: pull_bodies.labels(call.at, call.repo, [name])[0])


@route("POST", ONE + "/labels", WRITE, level="triage")
def add_labels(call: Call) -> Any:
    return _labelled(call, [*_issue(call).labels, *_names(call)])


@route("PUT", ONE + "/labels", WRITE, level="triage")
def set_labels(call: Call) -> Any:
    return _labelled(call, _names(call))


@route("DELETE", ONE + "/labels", WRITE, level="triage")
def remove_labels(call: Call) -> Any:
    _labelled(call, [])


@route("DELETE", ONE + "/labels/{name}", WRITE, level="triage")
def remove_label(call: Call) -> Any:
    gone, had = unquote(call.args["name"]).casefold(), _issue(call).labels
    kept = [name for name in had if name.casefold() != gone]
    if len(kept) == len(had):
        raise Refused(404, "Label does not exist")
    return _labelled(call, kept)


def _labelled(call: Call, names: list[str]) -> list[Any]:
    one = _issue(call)
    remarks.set_labels(call.world, call.repo, one, call.by, names)
    return pull_bodies.labels(call.at, call.repo, one.labels)


def _names(call: Call) -> list[str]:
    """GitHub takes a list and an object with a list."""
    names: list[str] = call.data["labels"] if isinstance(call.data, dict) else call.data
    return names


def _since(call: Call, found: Iterable[Any]) -> list[Any]:
    """Inclusive, as GitHub's is."""
    if "since" not in call.query:
        return list(found)
    moment = datetime.fromisoformat(call.query["since"].replace("Z", "+00:00"))
    return [one for one in found if one.updated >= moment]


def _issue(call: Call) -> Issue:
    return remarks.issue_of(call.repo, call.number("issue_number"))


def _comment(call: Call) -> Comment:
    if found := call.repo.comments.get(call.number("comment_id")):
        return found
    raise not_found()


def _own(call: Call) -> Comment:
    """One's own, or anybody's for those who may write."""
    found = _comment(call)
    writes = call.repo.people.get(call.by.login) in ("write", "maintain", "admin")
    if found.by is not call.by and not writes:
        raise Refused(403, "Resource not accessible by personal access token")
    return found


def _comment_body(call: Call, one: Comment) -> Any:
    return pull_bodies.comment(call.at, call.repo, one)
