"""JSON as GitHub writes it, of what stands in the state: people, repositories, releases, apps."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tests.github.state import App, Installation, Person, Release, Repo

Body = dict[str, Any]
LEVELS = ("read", "triage", "write", "maintain", "admin")
FLAGS = {"pull": "read", "triage": "triage", "push": "write", "maintain": "maintain", "admin": "admin"}
PERSON_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
REPO_LINKS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


@dataclass(frozen=True)
class Address:
    """Where the double is reached."""

    web: str
    api: str

    def repo(self, repo: Repo) -> str:
        return f"{self.api}/repos/{repo.full_name}"

    def page(self, repo: Repo) -> str:
        return f"{self.web}/{repo.full_name}"


def stamp(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def node(kind: str, key: object) -> str:
    return b64encode(f"{kind}:{key}".encode()).decode()


def person(at: Address, who: Person) -> Body:
    api, web = f"{at.api}/users/{quote(who.login)}", f"{at.web}/{quote(who.login)}"
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node("User", who.id),
        "avatar_url": f"{at.web}/avatars/u/{who.id}",
        "gravatar_id": "",
        "url": api,
        "html_url": web,
        "type": who.kind,
        "site_admin": False,
    } | {name: api + tail for name, tail in PERSON_LINKS.items()}


def profile(at: Address, who: Person, since: datetime) -> Body:
    known = ("name", "company", "location", "email", "hireable", "bio")
    return (
        person(at, who)
        | dict.fromkeys(known)
        | {
            "blog": "",
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": stamp(since),
            "updated_at": stamp(since),
        }
    )


def association(repo: Repo, who: Person) -> str:
    if who.login == repo.owner.login:
        return "OWNER"
    return "COLLABORATOR" if who.login in repo.people else "NONE"


def repo(at: Address, it: Repo, viewer: str | None = None) -> Body:
    """With `permissions` of the viewer, where there is one."""
    api, web = at.repo(it), at.page(it)
    opened = sum(issue.state == "open" for issue in it.issues.values())
    made: Body = {
        "id": it.id,
        "node_id": node("Repository", it.id),
        "name": it.name,
        "full_name": it.full_name,
        "private": it.private,
        "visibility": "private" if it.private else "public",
        "owner": person(at, it.owner),
        "url": api,
        "html_url": web,
        "clone_url": f"{web}.git",
        "git_url": f"git://{web.split('//')[1]}.git",
        "ssh_url": f"git@{at.web.split('//')[1].split(':')[0]}:{it.full_name}.git",
        "svn_url": web,
        "default_branch": it.default_branch,
        "fork": it.parent is not None,
        "open_issues": opened,
        "open_issues_count": opened,
        "size": 1,
        "topics": [],
        "created_at": stamp(it.created),
        "updated_at": stamp(it.updated),
        "pushed_at": stamp(it.updated),
    }
    made |= {name: api + tail for name, tail in REPO_LINKS.items()}
    made |= dict.fromkeys(("description", "homepage", "language", "license", "mirror_url"))
    made |= dict.fromkeys(("archived", "disabled", "has_pages", "has_discussions", "has_downloads"), False)
    made |= dict.fromkeys(("has_issues", "has_projects", "has_wiki"), True)
    made |= dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers", "watchers_count"), 0)
    if viewer is not None:
        level = LEVELS.index(it.people.get(viewer, "read"))
        made["permissions"] = {flag: LEVELS.index(needed) <= level for flag, needed in FLAGS.items()}
    return made


def full_repo(at: Address, it: Repo, viewer: str) -> Body:
    return repo(at, it, viewer) | {
        "network_count": 0,
        "subscribers_count": 0,
        "allow_merge_commit": "merge" in it.methods,
        "allow_squash_merge": "squash" in it.methods,
        "allow_rebase_merge": "rebase" in it.methods,
        "delete_branch_on_merge": False,
    }


def release(at: Address, it: Repo, made: Release) -> Body:
    api, web = f"{at.repo(it)}/releases/{made.id}", at.page(it)
    return {
        "id": made.id,
        "node_id": node("Release", made.id),
        "url": api,
        "html_url": f"{web}/releases/tag/{made.tag}",
        "assets_url": f"{api}/assets",
        "upload_url": f"{api}/assets{{?name,label}}",
        "tarball_url": f"{at.repo(it)}/tarball/{made.tag}",
        "zipball_url": f"{at.repo(it)}/zipball/{made.tag}",
        "tag_name": made.tag,
        "target_commitish": made.target,
        "name": made.name,
        "body": made.body,
        "draft": made.draft,
        "prerelease": made.prerelease,
        "author": person(at, made.by),
        "assets": [],
        "created_at": stamp(made.created),
        "published_at": None if made.draft else stamp(made.created),
    }


def app(at: Address, it: App, since: datetime) -> Body:
    return {
        "id": it.id,
        "slug": it.slug,
        "node_id": node("App", it.id),
        "owner": person(at, it.owner),
        "name": it.slug,
        "description": None,
        "external_url": f"{at.web}/apps/{it.slug}",
        "html_url": f"{at.web}/apps/{it.slug}",
        "permissions": {"metadata": "read"} | it.permissions,
        "events": [],
        "created_at": stamp(since),
        "updated_at": stamp(since),
    }


def installation(at: Address, it: Installation, since: datetime) -> Body:
    api = f"{at.api}/app/installations/{it.id}"
    return {
        "id": it.id,
        "account": person(at, it.account),
        "app_id": it.app.id,
        "app_slug": it.app.slug,
        "target_id": it.account.id,
        "target_type": it.account.kind,
        "permissions": {"metadata": "read"} | it.app.permissions,
        "events": [],
        "repository_selection": "selected",
        "single_file_name": None,
        "access_tokens_url": f"{api}/access_tokens",
        "repositories_url": f"{at.api}/installation/repositories",
        "html_url": f"{at.web}/organizations/{it.account.login}/settings/installations/{it.id}",
        "suspended_at": None,
        "suspended_by": None,
        "created_at": stamp(since),
        "updated_at": stamp(since),
    }
