"""What people and programs say on issues, pull requests and commits, and whom it is told to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.github import check_bodies, git_bodies, pull_bodies
from tests.github.acts import tell
from tests.github.refusals import Refused, invalid, not_found
from tests.github.state import App, Check, Comment, Issue, Person, Pull, Release, Repo, Review, Status, Suite
from tests.github.world import World

REVIEWED = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def comment(world: World, it: Repo, one: Issue, by: Person, text: str, via: App | None = None) -> Comment:
    now = world.now()
    made = Comment(world.new_id(), one.number, by, text, now, now, via)
    it.comments[made.id] = made
    one.updated = now
    tell_comment(world, it, made, "created", by)
    return made


def edit_comment(world: World, it: Repo, made: Comment, by: Person, text: str) -> None:
    before, made.body = made.body, text
    made.updated = it.issues[made.issue].updated = world.now()
    tell_comment(world, it, made, "edited", by, {"changes": {"body": {"from": before}}})


def delete_comment(world: World, it: Repo, made: Comment, by: Person) -> None:
    tell_comment(world, it, made, "deleted", by)
    del it.comments[made.id]


def tell_comment(
    world: World, it: Repo, made: Comment, action: str, by: Person, more: Mapping[str, Any] | None = None
) -> None:
    def payload() -> dict[str, Any]:
        told = pull_bodies.issue(world.at, it, it.issues[made.issue])
        return {"action": action, "issue": told, "comment": pull_bodies.comment(world.at, it, made)} | dict(
            more or {}
        )

    world.emit(it, "issue_comment", by, payload)


def set_labels(world: World, it: Repo, one: Issue, by: Person, names: Iterable[str]) -> None:
    """One event for each that came or went."""
    asked = {name.casefold(): world.label(it, name).name for name in names}
    had = {name.casefold(): name for name in one.labels}
    one.labels = list(asked.values())
    if asked.keys() != had.keys():
        one.updated = world.now()
    for action, keys in (("labeled", asked.keys() - had.keys()), ("unlabeled", had.keys() - asked.keys())):
        for key in sorted(keys):
            if isinstance(one, Pull):
                told = pull_bodies.label(world.at, it, it.labels[key])
                tell(world, it, one, action, by, {"label": told})


def review(world: World, it: Repo, pull: Pull, by: Person, event: str, text: str) -> Review:
    if by is pull.by and event != "COMMENT":
        word = "approve" if event == "APPROVE" else "request changes on"
        raise Refused(422, "Unprocessable Entity", errors=[f"Can not {word} your own pull request"])
    if event != "APPROVE" and not text:
        raise Refused(422, "Unprocessable Entity", errors=["Body can't be blank"])
    made = Review(world.new_id(), by, REVIEWED[event], text, pull.head_sha, world.now())
    pull.reviews.append(made)
    pull.updated = made.submitted
    if by in pull.asked:
        pull.asked.remove(by)

    def payload() -> dict[str, Any]:
        told = pull_bodies.review(world.at, it, pull, made)
        told["state"] = made.state.lower()
        shown = pull_bodies.pull(world.at, it, pull)
        return {"action": "submitted", "review": told, "pull_request": shown}

    world.emit(it, "pull_request_review", by, payload)
    return made


def check(world: World, it: Repo, app: App, asked: Mapping[str, Any]) -> Check:
    """As POST /check-runs has it; its suite is made with the first, and told when it is complete."""
    if it.git.commit_of(asked["head_sha"]) is None:
        raise invalid("CheckRun", "head_sha", message=f"No commit found for SHA: {asked['head_sha']}")
    made = Check(
        id=world.new_id(),
        suite=_suite(world, it, app, asked["head_sha"]),
        name=asked["name"],
        status="queued",
        conclusion=None,
        started=world.now(),
        completed=None,
    )
    it.checks[made.id] = made
    update_check(world, it, made, asked, "created")
    return made


def update_check(world: World, it: Repo, made: Check, asked: Mapping[str, Any], action: str = "") -> None:
    made.conclusion = asked.get("conclusion", made.conclusion)
    made.status = "completed" if made.conclusion else asked.get("status", made.status)
    made.completed = world.now() if made.conclusion else None
    made.output = dict(asked.get("output", made.output))
    made.details = asked.get("details_url", made.details)
    made.external = asked.get("external_id", made.external)
    by = made.suite.app.owner
    done = made.status == "completed"

    def told() -> dict[str, Any]:
        shown = check_bodies.check(world.at, it, made)
        shown["check_suite"] = check_bodies.suite(world.at, it, made.suite)
        return {"action": "completed" if done else action or "created", "check_run": shown}

    def suite_told() -> dict[str, Any]:
        return {"action": "completed", "check_suite": check_bodies.suite(world.at, it, made.suite)}

    world.emit(it, "check_run", by, told)
    if check_bodies.outcome(it, made.suite)[0] == "completed":
        world.emit(it, "check_suite", by, suite_told)


def _suite(world: World, it: Repo, app: App, sha: str) -> Suite:
    for suite in it.suites:
        if suite.sha == sha and suite.app is app:
            return suite
    heads = [name for name, tip in it.git.branches().items() if tip == sha]
    it.suites.append(Suite(world.new_id(), app, sha, heads[0] if heads else None, world.now()))
    return it.suites[-1]


def status(world: World, it: Repo, by: Person, sha: str, asked: Mapping[str, Any]) -> Status:
    commit = it.git.commit_of(sha)
    if commit is None:
        raise invalid("Status", message=f"No commit found for SHA: {sha}")
    context = asked.get("context", "default")
    described = (asked.get("description"), asked.get("target_url"))
    made = Status(world.new_id(), str(commit.id), context, asked["state"], *described, by, world.now())
    it.statuses.append(made)

    def payload() -> dict[str, Any]:
        shown = check_bodies.status(world.at, it, made)
        kept = ("id", "state", "context", "description", "target_url", "created_at", "updated_at")
        tips = [name for name, tip in it.git.branches().items() if tip == made.sha]
        return {name: shown[name] for name in kept} | {
            "sha": made.sha,
            "name": it.full_name,
            "commit": git_bodies.commit(world.at, it, commit),
            "branches": [git_bodies.branch(world.at, it, name, made.sha) for name in tips],
        }

    world.emit(it, "status", by, payload)
    return made


def release(world: World, it: Repo, by: Person, asked: Mapping[str, Any]) -> Release:
    """Publishing one makes its tag, where there is none."""
    tag, target = asked["tag_name"], asked.get("target_commitish") or it.default_branch
    commit = it.git.commit_of(target)
    if commit is None:
        raise invalid("Release", "target_commitish")
    if any(made.tag == tag for made in it.releases):
        raise invalid("Release", "tag_name", "already_exists")
    draft = bool(asked.get("draft"))
    if not draft and not it.git.ref(f"refs/tags/{tag}"):
        it.git.point(f"refs/tags/{tag}", str(commit.id))
    words = (asked.get("name") or tag, asked.get("body") or "")
    prerelease = bool(asked.get("prerelease"))
    made = Release(world.new_id(), tag, *words, by, world.now(), target, draft, prerelease)
    it.releases.insert(0, made)
    return made


def issue_of(it: Repo, number: int) -> Issue:
    if found := it.issues.get(number):
        return found
    raise not_found()


def pull_of(it: Repo, number: int) -> Pull:
    found = issue_of(it, number)
    if isinstance(found, Pull):
        return found
    raise not_found()
