"""JSON of issues, pull requests and what people say on them."""

from __future__ import annotations

from tests.github.bodies import Address, Body, app, association, node, person, repo, stamp
from tests.github.git import File
from tests.github.state import Comment, Issue, Label, Pull, Repo, Review


def label(at: Address, it: Repo, one: Label) -> Body:
    return {
        "id": one.id,
        "node_id": node("Label", one.id),
        "url": f"{at.repo(it)}/labels/{one.name}",
        "name": one.name,
        "color": one.color,
        "default": False,
        "description": one.description,
    }


def labels(at: Address, it: Repo, names: list[str]) -> list[Body]:
    return [label(at, it, it.labels[name.casefold()]) for name in names]


def comments_of(it: Repo, number: int) -> list[Comment]:
    return [comment for comment in it.comments.values() if comment.issue == number]


def issue(at: Address, it: Repo, one: Issue) -> Body:
    api, web = f"{at.repo(it)}/issues/{one.number}", at.page(it)
    made = _common(at, it, one) | {
        "url": api,
        "repository_url": at.repo(it),
        "labels_url": f"{api}/labels{{/name}}",
        "comments_url": f"{api}/comments",
        "events_url": f"{api}/events",
        "html_url": f"{web}/issues/{one.number}",
        "comments": len(comments_of(it, one.number)),
        "state_reason": "completed" if one.state == "closed" else None,
        "closed_by": person(at, one.closed_by) if one.closed_by else None,
        "performed_via_github_app": None,
        "reactions": reactions(api),
    }
    if isinstance(one, Pull):
        made |= {
            "html_url": f"{web}/pull/{one.number}",
            "draft": one.draft,
            "pull_request": _pull_of(at, it, one),
        }
    return made


def pull(at: Address, it: Repo, one: Pull) -> Body:
    """As a list of pull requests shows it."""
    api, web = f"{at.repo(it)}/pulls/{one.number}", f"{at.page(it)}/pull/{one.number}"
    as_issue = f"{at.repo(it)}/issues/{one.number}"
    links = {
        "self": api,
        "html": web,
        "issue": as_issue,
        "comments": f"{as_issue}/comments",
        "review_comments": f"{api}/comments",
        "review_comment": f"{at.repo(it)}/pulls/comments{{/number}}",
        "commits": f"{api}/commits",
        "statuses": f"{at.repo(it)}/statuses/{one.head_sha}",
    }
    named = {f"{name}_url": links[name] for name in links if name not in ("self",)}
    return (
        _common(at, it, one)
        | named
        | {
            "url": api,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            "draft": one.draft,
            "merged_at": stamp(one.merged),
            "merge_commit_sha": one.merge_sha,
            "requested_reviewers": [person(at, who) for who in one.asked],
            "requested_teams": [],
            "auto_merge": None,
            "head": _side(at, one.head_repo, one.head_owner, one.head_ref, one.head_sha),
            "base": _side(at, it, it.owner.login, one.base_ref, one.base_sha),
            "_links": {name: {"href": url} for name, url in links.items()},
        }
    )


def full_pull(at: Address, it: Repo, one: Pull, mergeable: bool | None, state: str) -> Body:
    """As it is shown alone: with its figures, and whether it can be merged."""
    base = one.base_sha
    files = it.git.files(base, one.head_sha)
    return pull(at, it, one) | {
        "merged": one.merged is not None,
        "merged_by": person(at, one.merged_by) if one.merged_by else None,
        "mergeable": mergeable,
        "mergeable_state": state,
        "rebaseable": mergeable,
        "comments": len(comments_of(it, one.number)),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(it.git.commits(base, one.head_sha)),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
    }


def mention(at: Address, it: Repo, one: Pull) -> Body:
    """As a check names the pull requests of its commit."""

    def side(of: Repo, name: str, sha: str) -> Body:
        return {"ref": name, "sha": sha, "repo": {"id": of.id, "url": at.repo(of), "name": of.name}}

    return {
        "id": one.id,
        "number": one.number,
        "url": f"{at.repo(it)}/pulls/{one.number}",
        "head": side(one.head_repo or it, one.head_ref, one.head_sha),
        "base": side(it, one.base_ref, one.base_sha),
    }


def file(at: Address, it: Repo, sha: str, one: File) -> Body:
    made: Body = {
        "sha": one.blob,
        "filename": one.path,
        "status": one.status,
        "additions": one.additions,
        "deletions": one.deletions,
        "changes": one.additions + one.deletions,
        "blob_url": f"{at.page(it)}/blob/{sha}/{one.path}",
        "raw_url": f"{at.page(it)}/raw/{sha}/{one.path}",
        "contents_url": f"{at.repo(it)}/contents/{one.path}?ref={sha}",
    }
    if one.patch:
        made["patch"] = one.patch
    if one.status == "renamed":
        made["previous_filename"] = one.before
    return made


def comment(at: Address, it: Repo, one: Comment) -> Body:
    api = f"{at.repo(it)}/issues/comments/{one.id}"
    kind = "pull" if isinstance(it.issues[one.issue], Pull) else "issues"
    return {
        "id": one.id,
        "node_id": node("IssueComment", one.id),
        "url": api,
        "html_url": f"{at.page(it)}/{kind}/{one.issue}#issuecomment-{one.id}",
        "issue_url": f"{at.repo(it)}/issues/{one.issue}",
        "body": one.body,
        "user": person(at, one.by),
        "author_association": association(it, one.by),
        "performed_via_github_app": app(at, one.via, it.created) if one.via else None,
        "reactions": reactions(api),
        "created_at": stamp(one.created),
        "updated_at": stamp(one.updated),
    }


def review(at: Address, it: Repo, one: Pull, made: Review) -> Body:
    api, web = f"{at.repo(it)}/pulls/{one.number}", f"{at.page(it)}/pull/{one.number}"
    html = f"{web}#pullrequestreview-{made.id}"
    return {
        "id": made.id,
        "node_id": node("PullRequestReview", made.id),
        "user": person(at, made.by),
        "body": made.body,
        "state": made.state,
        "commit_id": made.sha,
        "submitted_at": stamp(made.submitted),
        "html_url": html,
        "pull_request_url": api,
        "author_association": association(it, made.by),
        "_links": {"html": {"href": html}, "pull_request": {"href": api}},
    }


def reactions(of: str) -> Body:
    kinds = ("total_count", "+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")
    return {"url": f"{of}/reactions"} | dict.fromkeys(kinds, 0)


def _common(at: Address, it: Repo, one: Issue) -> Body:
    return {
        "id": one.id,
        "node_id": node("Issue", one.id),
        "number": one.number,
        "state": one.state,
        "title": one.title,
        "body": one.body,
        "user": person(at, one.by),
        "labels": labels(at, it, one.labels),
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "author_association": association(it, one.by),
        "created_at": stamp(one.created),
        "updated_at": stamp(one.updated),
        "closed_at": stamp(one.closed),
    }


def _pull_of(at: Address, it: Repo, one: Pull) -> Body:
    web = f"{at.page(it)}/pull/{one.number}"
    return {
        "url": f"{at.repo(it)}/pulls/{one.number}",
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "merged_at": stamp(one.merged),
    }


def _side(at: Address, of: Repo | None, owner: str, name: str, sha: str) -> Body:
    return {
        "label": f"{owner}:{name}",
        "ref": name,
        "sha": sha,
        "user": person(at, of.owner) if of else None,
        "repo": repo(at, of) if of else None,
    }
