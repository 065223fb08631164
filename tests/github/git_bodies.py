"""JSON of commits, refs and branches."""

from __future__ import annotations

from datetime import UTC, datetime

import pygit2

from tests.github.bodies import Address, Body, node, stamp
from tests.github.state import Repo


def signature(who: pygit2.Signature) -> Body:
    return {"name": who.name, "email": who.email, "date": stamp(datetime.fromtimestamp(who.time, UTC))}


def commit(at: Address, it: Repo, made: pygit2.Commit) -> Body:
    api, web, sha = at.repo(it), at.page(it), str(made.id)
    parents = [
        {"sha": str(one), "url": f"{api}/commits/{one}", "html_url": f"{web}/commit/{one}"}
        for one in made.parent_ids
    ]
    unsigned = {
        "verified": False,
        "reason": "unsigned",
        "signature": None,
        "payload": None,
        "verified_at": None,
    }
    return {
        "sha": sha,
        "node_id": node("Commit", sha),
        "url": f"{api}/commits/{sha}",
        "html_url": f"{web}/commit/{sha}",
        "comments_url": f"{api}/commits/{sha}/comments",
        "author": None,
        "committer": None,
        "parents": parents,
        "commit": {
            "url": f"{api}/git/commits/{sha}",
            "message": made.message.rstrip("\n"),
            "author": signature(made.author),
            "committer": signature(made.committer),
            "tree": {"sha": str(made.tree_id), "url": f"{api}/git/trees/{made.tree_id}"},
            "comment_count": 0,
            "verification": unsigned,
        },
    }


def short_commit(made: pygit2.Commit) -> Body:
    """As check suites have it."""
    return {
        "id": str(made.id),
        "tree_id": str(made.tree_id),
        "message": made.message.rstrip("\n"),
        "timestamp": stamp(datetime.fromtimestamp(made.commit_time, UTC)),
        "author": {"name": made.author.name, "email": made.author.email},
        "committer": {"name": made.committer.name, "email": made.committer.email},
    }


def ref(at: Address, it: Repo, name: str, sha: str) -> Body:
    api = at.repo(it)
    target = {"type": "commit", "sha": sha, "url": f"{api}/git/commits/{sha}"}
    return {"ref": name, "node_id": node("Ref", name), "url": f"{api}/git/{name}", "object": target}


def branch(at: Address, it: Repo, name: str, sha: str) -> Body:
    target = {"sha": sha, "url": f"{at.repo(it)}/commits/{sha}"}
    return {"name": name, "commit": target, "protected": name in it.required}


def full_branch(at: Address, it: Repo, name: str, made: pygit2.Commit) -> Body:
    api = f"{at.repo(it)}/branches/{name}"
    checks = it.required.get(name, [])
    required = {"enforcement_level": "everyone" if checks else "off", "contexts": checks, "checks": []}
    return branch(at, it, name, str(made.id)) | {
        "commit": commit(at, it, made),
        "_links": {"self": api, "html": f"{at.page(it)}/tree/{name}"},
        "protection": {"enabled": name in it.required, "required_status_checks": required},
        "protection_url": f"{api}/protection",
    }
