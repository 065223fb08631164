"""What happens to branches and pull requests, and whom it is told to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.github import check_bodies, pull_bodies, pushes
from tests.github.git import Conflict
from tests.github.refusals import Refused, invalid
from tests.github.state import Issue, Person, Pull, Repo
from tests.github.world import World

ENDED = ("success", "neutral", "skipped")


def moved(world: World, it: Repo, name: str, before: str, by: Person) -> None:
    """A ref stands elsewhere than before: say so, and let the pull requests follow."""
    after = it.git.ref(name)
    it.updated = world.now()
    world.emit(it, "push", by, lambda: pushes.told(world, it, name, before, after, by))
    branch = name.removeprefix("refs/heads/")
    if branch == name:
        return
    brought = {str(commit.id) for commit in it.git.commits(before, after)} if before and after else set()
    for home in filter(None, (it, it.parent)):
        for pull in [pull for pull in home.pulls if pull.state == "open"]:
            if pull.head_repo is it and pull.head_ref == branch:
                _follow(world, home, pull, after, by)
            elif home is it and pull.base_ref == branch and (not after or pull.head_sha in brought):
                _base_ended(world, home, pull, after, by)


def set_ref(world: World, it: Repo, name: str, sha: str, by: Person) -> None:
    before = it.git.ref(name)
    if before != sha:
        it.git.point(name, sha)
        moved(world, it, name, before, by)


def _follow(world: World, home: Repo, pull: Pull, after: str, by: Person) -> None:
    if not after:
        close(world, home, pull, by)
        return
    before, pull.head_sha = pull.head_sha, after
    pull.base_sha, pull.updated = home.git.ref(f"refs/heads/{pull.base_ref}"), world.now()
    home.git.point(f"refs/pull/{pull.number}/head", after)
    tell(world, home, pull, "synchronize", by, {"before": before, "after": after})


def _base_ended(world: World, home: Repo, pull: Pull, after: str, by: Person) -> None:
    """Somebody merged it by hand, or deleted what it goes to."""
    _ended(world, pull, by)
    if after:
        pull.merged, pull.merged_by, pull.merge_sha = pull.closed, by, after
    tell(world, home, pull, "closed", by)


def tell(
    world: World, it: Repo, pull: Pull, action: str, by: Person, more: Mapping[str, Any] | None = None
) -> None:
    """The event `pull_request`."""

    def payload() -> dict[str, Any]:
        told = pull_bodies.full_pull(world.at, it, pull, None, "unknown")
        return {"action": action, "number": pull.number, "pull_request": told} | dict(more or {})

    world.emit(it, "pull_request", by, payload)


def open_pull(world: World, it: Repo, by: Person, asked: Mapping[str, Any]) -> Pull:
    """As POST /pulls has it: `head` is a branch, or `owner:branch` of a fork."""
    owner, _, branch = str(asked["head"]).rpartition(":")
    home = it if owner in ("", it.owner.login) else world.repos.get(f"{owner}/{it.name}".casefold())
    head = home.git.ref(f"refs/heads/{branch}") if home else ""
    base = it.git.ref(f"refs/heads/{asked['base']}")
    if home is None or not head:
        raise invalid("PullRequest", "head")
    if not base:
        raise invalid("PullRequest", "base")
    if not it.git.commits(base, head):
        raise invalid("PullRequest", message=f"No commits between {asked['base']} and {branch}")
    twins = [pull for pull in it.pulls if pull.head_repo is home and pull.head_ref == branch]
    if any(pull.state == "open" and pull.base_ref == asked["base"] for pull in twins):
        text = f"A pull request already exists for {home.owner.login}:{branch}."
        raise invalid("PullRequest", message=text)
    number = len(it.issues) + 1
    pull = Pull(
        **begun(world, number, by, asked),
        head_repo=home,
        head_ref=branch,
        head_owner=home.owner.login,
        head_sha=head,
        base_ref=str(asked["base"]),
        base_sha=base,
        draft=bool(asked.get("draft")),
    )
    it.issues[number] = pull
    it.git.point(f"refs/pull/{number}/head", head)
    tell(world, it, pull, "opened", by)
    return pull


def begun(world: World, number: int, by: Person, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What an issue and a pull request have in common."""
    now = world.now()
    common = {"id": world.new_id(), "number": number, "by": by, "created": now, "updated": now}
    return common | {"title": asked["title"], "body": asked.get("body")}


def open_issue(world: World, it: Repo, by: Person, asked: Mapping[str, Any]) -> Issue:
    number = len(it.issues) + 1
    it.issues[number] = Issue(**begun(world, number, by, asked))
    return it.issues[number]


def close(world: World, it: Repo, one: Issue, by: Person) -> None:
    _ended(world, one, by)
    if isinstance(one, Pull):
        tell(world, it, one, "closed", by)


def reopen(world: World, it: Repo, pull: Pull, by: Person) -> None:
    head = pull.head_repo.git.ref(f"refs/heads/{pull.head_ref}") if pull.head_repo else ""
    if pull.merged or not head:
        raise invalid(
            "PullRequest", "state", message=f"state cannot be changed. The {pull.head_ref} branch is gone."
        )
    if not it.git.holds(head, pull.head_sha):
        text = f"state cannot be changed. The {pull.head_ref} branch was force-pushed or recreated."
        raise invalid("PullRequest", "state", message=text)
    pull.state, pull.closed, pull.closed_by, pull.head_sha = "open", None, None, head
    pull.updated = world.now()
    tell(world, it, pull, "reopened", by)


def _ended(world: World, one: Issue, by: Person) -> None:
    one.state, one.closed, one.closed_by = "closed", world.now(), by
    one.updated = one.closed


def missing_checks(it: Repo, pull: Pull) -> list[str]:
    """Required, and not green on the head."""
    green = {one.context for one in check_bodies.latest(it, pull.head_sha) if one.state == "success"}
    last = {check.name: check for check in it.checks.values() if check.suite.sha == pull.head_sha}
    green |= {name for name, check in last.items() if check.conclusion in ENDED}
    return [name for name in it.required.get(pull.base_ref, []) if name not in green]


def mergeability(it: Repo, pull: Pull) -> tuple[bool | None, str]:
    """`mergeable` and `mergeable_state`; GitHub reckons in the background, so the first to ask may not learn it."""
    base = it.git.ref(f"refs/heads/{pull.base_ref}")
    if pull.state != "open":
        return None, "unknown"
    asked, pull.reckoned = pull.reckoned, (pull.head_sha, base)
    if it.late and asked != pull.reckoned:
        return None, "unknown"
    if not it.git.merges(base, pull.head_sha):
        return False, "dirty"
    if pull.draft:
        return True, "draft"
    if _behind(it, pull):
        return True, "behind"
    if missing_checks(it, pull):
        return True, "blocked"
    return True, "clean" if _all_green(it, pull) else "unstable"


def _behind(it: Repo, pull: Pull) -> bool:
    """The branch it leads to went on, and its rules want that in."""
    return it.strict and not it.git.holds(pull.head_sha, it.git.ref(f"refs/heads/{pull.base_ref}"))


def _all_green(it: Repo, pull: Pull) -> bool:
    statuses = all(one.state == "success" for one in check_bodies.latest(it, pull.head_sha))
    last = {check.name: check for check in it.checks.values() if check.suite.sha == pull.head_sha}
    return statuses and all(check.conclusion in ENDED for check in last.values())


def merge(world: World, it: Repo, pull: Pull, by: Person, asked: Mapping[str, Any]) -> str:
    """As PUT /merge has it: `sha`, `merge_method`, `commit_title`, `commit_message`."""
    method = str(asked.get("merge_method", "merge"))
    may_merge(it, pull, asked.get("sha"), method)
    base = it.git.ref(f"refs/heads/{pull.base_ref}")
    default = f"Merge pull request #{pull.number} from {pull.head_owner}/{pull.head_ref}"
    title = asked.get("commit_title") or (default if method == "merge" else f"{pull.title} (#{pull.number})")
    text = f"{title}\n\n{asked.get('commit_message') or pull.title}"
    who = world.signature(by)
    try:
        made = _made(it, method, base, pull.head_sha, text, who)
    except Conflict:
        raise Refused(405, "Pull Request is not mergeable") from None
    _ended(world, pull, by)
    pull.merged, pull.merged_by, pull.merge_sha = pull.closed, by, made
    tell(world, it, pull, "closed", by)
    set_ref(world, it, f"refs/heads/{pull.base_ref}", made, by)
    return made


def _made(it: Repo, method: str, base: str, head: str, text: str, who: Any) -> str:
    if method == "rebase":
        return it.git.rebase(base, head, who)
    return it.git.merge(base, head, text, who) if method == "merge" else it.git.squash(base, head, text, who)


def may_merge(it: Repo, pull: Pull, sha: str | None, method: str) -> None:
    if pull.state != "open":
        raise Refused(405, "Pull Request is not mergeable")
    if sha and sha != pull.head_sha:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    if pull.draft:
        raise Refused(405, "Pull Request is still a draft")
    if method not in it.methods:
        words = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}
        raise Refused(405, f"{words[method]} are not allowed on this repository.")
    if _behind(it, pull):
        raise Refused(405, "Head branch is not up to date with the base branch")
    if missing := missing_checks(it, pull):
        expected = " and ".join(f'"{name}"' for name in missing)
        raise Refused(405, f"Required status check {expected} is expected.")
