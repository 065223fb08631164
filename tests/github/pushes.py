"""The event `push`, as GitHub tells it."""

from __future__ import annotations

from typing import Any

from tests.github.git import NOBODY
from tests.github.git_bodies import signature
from tests.github.state import Person, Repo
from tests.github.world import World


def told(world: World, it: Repo, name: str, before: str, after: str, by: Person) -> dict[str, Any]:
    fresh = _fresh(it, before, after)
    page = world.at.page(it)
    commits = [_pushed(page, commit) for commit in reversed(fresh)]
    return {
        "ref": name,
        "before": before or NOBODY,
        "after": after or NOBODY,
        "created": not before,
        "deleted": not after,
        "forced": bool(before and after and not it.git.holds(after, before)),
        "base_ref": None,
        "compare": f"{page}/compare/{before[:12] or NOBODY[:12]}...{after[:12] or NOBODY[:12]}",
        "commits": commits,
        "head_commit": commits[-1] if commits else None,
        "pusher": {"name": by.login, "email": world.signature(by).email},
    }


def _fresh(it: Repo, before: str, after: str) -> list[Any]:
    if not after:
        return []
    main = it.git.ref(f"refs/heads/{it.default_branch}")
    since = before or (main if main != after else "")
    return it.git.commits(since, after) if since else [it.git.commit_of(after)]


def _pushed(page: str, commit: Any) -> dict[str, Any]:
    author, committer = signature(commit.author), signature(commit.committer)
    return {
        "id": str(commit.id),
        "tree_id": str(commit.tree_id),
        "distinct": True,
        "message": commit.message.rstrip("\n"),
        "timestamp": committer["date"],
        "url": f"{page}/commit/{commit.id}",
        "author": author,
        "committer": committer,
    }
