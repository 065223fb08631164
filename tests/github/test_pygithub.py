"""PyGithub, as the product has it, walks the endpoints of the double; the fixture holds each call against GitHub's description."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github import Auth, Github, GithubException, GithubIntegration, UnknownObjectException

from tests.github.asking import ask
from tests.github.double import Double
from tests.github.repository import Repository


def connected(github: Double, auth: Auth.Auth | None = None) -> Github:
    given = auth or Auth.Token(github.token("rin"))
    return Github(
        base_url=github.url, auth=given, seconds_between_requests=0, seconds_between_writes=0, retry=None
    )


@pytest.fixture
def client(github: Double) -> Github:
    return connected(github)


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    """Private and public, as texts."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


def test_a_repository_says_what_the_token_may_and_where_its_branches_stand(
    client: Github, bread: Repository
) -> None:
    bread.push("loaf", {"a.txt": "a"})
    repo = client.get_repo("acme/bread")
    assert (repo.default_branch, repo.permissions.admin, repo.private) == ("main", True, True)
    assert [branch.name for branch in repo.get_branches()] == ["loaf", "main"]
    assert repo.get_branch("loaf").commit.sha == bread.tip("loaf")
    assert repo.get_commit("loaf").files[0].filename == "a.txt"
    assert [commit.commit.message for commit in repo.get_commits()] == ["Begin"]
    assert client.get_user().login == "rin"
    assert client.get_user("codex").login == "codex"
    assert repo.get_collaborator_permission("codex") == "write"
    assert repo.get_collaborator_role_name("rin") == "admin"
    assert client.get_rate_limit().rate.limit == 5000


def test_refs_are_made_moved_and_deleted(client: Github, bread: Repository) -> None:
    repo, old = client.get_repo("acme/bread"), bread.tip()
    new = bread.push("main", {"a.txt": "a"})
    made = repo.create_git_ref("refs/heads/vpm/patch-1", old)
    assert repo.get_git_ref("heads/vpm/patch-1").object.sha == old
    assert [ref.ref for ref in repo.get_git_matching_refs("heads/vpm")] == ["refs/heads/vpm/patch-1"]
    made.edit(new)
    with pytest.raises(GithubException, match="not a fast forward"):
        made.edit(old)
    made.edit(old, force=True)
    assert bread.tip("vpm/patch-1") == old
    made.delete()
    assert bread.tip("vpm/patch-1") == ""
    with pytest.raises(GithubException, match="already exists"):
        repo.create_git_ref("refs/heads/main", old)


def test_a_pull_request_is_opened_described_and_merged(client: Github, bread: Repository) -> None:
    sha = bread.push("loaf", {"recipe.txt": None, "dough.txt": "flour\nwater\nsalt\n"}, "Say dough")
    repo = client.get_repo("acme/bread")
    pull = repo.create_pull(base="main", head="loaf", title="Dough", body="It is dough.")
    assert (pull.mergeable, pull.mergeable_state, pull.head.sha) == (True, "clean", sha)
    assert (pull.commits, pull.changed_files, pull.additions) == (1, 1, 0)
    changed = pull.get_files()[0]
    assert (changed.status, changed.previous_filename) == ("renamed", "recipe.txt")
    assert [commit.sha for commit in pull.get_commits()] == [sha]
    pull.edit(title="Dough, at last")
    with pytest.raises(GithubException, match="Head branch was modified") as stale:
        pull.merge(sha=bread.tip())
    assert stale.value.status == 409
    merged = pull.merge(
        sha=sha, merge_method="squash", commit_title="Dough", commit_message="Approved by rin"
    )
    assert merged.merged
    assert bread.tip() == merged.sha
    assert bread.log() == ["Dough", "Begin"]
    pull.update()
    assert (pull.merged, pull.state, pull.merged_by.login) == (True, "closed", "rin")
    assert pull.is_merged()
    assert [one.number for one in repo.get_commit(merged.sha).get_pulls()] == [pull.number]


def test_pull_requests_are_listed_by_state_head_and_time_page_by_page(
    github: Double, client: Github, bread: Repository
) -> None:
    for number in range(1, 36):
        bread.push(f"b{number}", {f"{number}.txt": "x"})
        bread.open_pull(f"b{number}", f"Number {number}")
    bread.close(3)
    github.passes(minutes=1)
    bread.comment(7, "Look")
    repo = client.get_repo("acme/bread")
    assert [pull.number for pull in repo.get_pulls(state="all")] == list(range(35, 0, -1))
    assert len([call for call in github.calls if call.path.endswith("/pulls")]) == 2
    assert [pull.number for pull in repo.get_pulls(state="closed")] == [3]
    assert [pull.number for pull in repo.get_pulls(head="acme:b9")] == [9]
    assert repo.get_pulls(sort="updated", direction="desc")[0].number == 7
    assert repo.get_pulls().totalCount == 34
    assert [one.number for one in repo.get_issues(since=datetime.now(UTC) + timedelta(seconds=30))] == [7]


def test_reviews_and_reviewers(github: Double, client: Github, bread: Repository) -> None:
    bread.push("loaf", {"a.txt": "a"})
    number = bread.open_pull("loaf", "Loaf", by="codex")
    pull = client.get_repo("acme/bread").get_pull(number)
    pull.create_review_request(reviewers=["rin"])
    assert [user.login for user in pull.get_review_requests()[0]] == ["rin"]
    pull.create_review(body="Good", event="APPROVE")
    assert [(one.user.login, one.state) for one in pull.get_reviews()] == [("rin", "APPROVED")]
    assert list(pull.get_review_requests()[0]) == []
    own = connected(github, Auth.Token(github.token("codex"))).get_repo("acme/bread").get_pull(number)
    with pytest.raises(GithubException, match="Can not approve your own pull request"):
        own.create_review(event="APPROVE")
    pull.create_review_request(reviewers=["rin"])
    pull.delete_review_request(reviewers=["rin"])
    assert list(pull.get_review_requests()[0]) == []


def test_comments_and_labels(client: Github, bread: Repository) -> None:
    bread.push("loaf", {"a.txt": "a"})
    number = bread.open_pull("loaf", "Loaf")
    repo = client.get_repo("acme/bread")
    issue = repo.get_issue(number)
    assert issue.pull_request is not None
    said = issue.create_comment("/ask")
    said.edit("/ask, please")
    assert [one.body for one in repo.get_pull(number).get_issue_comments()] == ["/ask, please"]
    assert [one.body for one in repo.get_issues_comments()] == ["/ask, please"]
    assert repo.get_issue(number).get_comment(said.id).body == "/ask, please"
    said.delete()
    repo.create_label("u_contract:auto", "00ff00", "May land by itself")
    assert repo.get_label("u_contract:auto").color == "00ff00"
    issue.add_to_labels("u_contract:auto", "fresh")
    assert [label.name for label in issue.get_labels()] == ["u_contract:auto", "fresh"]
    issue.remove_from_labels("u_contract:auto")
    issue.set_labels("stale")
    assert [label.name for label in repo.get_pull(number).labels] == ["stale"]
    assert {label.name for label in repo.get_labels()} == {"u_contract:auto", "fresh", "stale"}
    issue.delete_labels()
    assert list(issue.get_labels()) == []
    issue.edit(state="closed")
    assert repo.get_pull(number).state == "closed"
    assert repo.create_issue("A question", "Why?").number == number + 1


def test_checks_and_statuses_decide_whether_it_may_be_merged(
    github: Double, client: Github, bread: Repository
) -> None:
    bread.protect("main", checks=["ci", "lint"])
    sha = bread.push("loaf", {"a.txt": "a"})
    number = bread.open_pull("loaf", "Loaf")
    repo = client.get_repo("acme/bread")
    assert repo.get_pull(number).mergeable_state == "blocked"
    with pytest.raises(GithubException, match='Required status check "ci" and "lint" is expected') as refused:
        repo.get_pull(number).merge()
    assert refused.value.status == 405
    bread.check(sha, "ci", "failure")
    bread.check(sha, "ci", "success")
    commit = repo.get_commit(sha)
    commit.create_status("success", context="lint", description="Fine")
    assert [(one.name, one.conclusion) for one in commit.get_check_runs()] == [("ci", "success")]
    assert [one.conclusion for one in commit.get_check_suites()] == ["success"]  # the last run counts
    assert commit.get_combined_status().state == "success"
    assert [one.context for one in commit.get_combined_status().statuses] == ["lint"]
    [status] = ask(github, f"/repos/acme/bread/commits/{sha}/statuses").json()
    assert (status["context"], status["creator"]["login"]) == ("lint", "rin")
    assert repo.get_pull(number).mergeable_state == "clean"
    assert repo.get_pull(number).merge(merge_method="rebase").merged


def test_releases_and_hooks(client: Github, bread: Repository) -> None:
    repo = client.get_repo("acme/bread")
    made = repo.create_git_release("v1", "First loaf", "Baked.")
    assert [one.name for one in repo.get_releases()] == ["First loaf"]
    assert (
        repo.get_latest_release().id == repo.get_release("v1").id == repo.get_release(made.id).id == made.id
    )
    assert repo.get_git_ref("tags/v1").object.sha == bread.tip()
    repo.create_hook("web", {"url": "http://127.0.0.1:9/hooks", "secret": "s"}, ["push"])
    assert [hook.events for hook in repo.get_hooks()] == [["push"]]


def test_an_app_signs_in_and_acts_as_its_installation(
    github: Double, bread: Repository, keys: tuple[str, str]
) -> None:
    app = github.app("vpm", keys[1], contents="write", pull_requests="write", checks="write", issues="read")
    github.install(app, "acme/bread")
    auth = Auth.AppAuth(app, keys[0])
    integration = GithubIntegration(
        auth=auth, base_url=github.url, seconds_between_requests=0, seconds_between_writes=0
    )
    assert integration.get_app().slug == "vpm"
    installation = integration.get_repo_installation("acme", "bread")
    assert [one.id for one in integration.get_installations()] == [installation.id]
    assert integration.get_app_installation(installation.id).app_slug == "vpm"
    assert [repo.full_name for repo in installation.get_repos()] == ["acme/bread"]
    client = connected(github, auth.get_installation_auth(installation.id))
    repo, sha = client.get_repo("acme/bread"), bread.push("loaf", {"a.txt": "a"})
    pull = repo.create_pull(base="main", head="loaf", title="Loaf", body="")
    assert pull.user.login == "vpm[bot]"
    check = repo.create_check_run("vpm", sha, status="in_progress")
    check.edit(conclusion="success", output={"title": "Fine", "summary": "All is well"})
    assert repo.get_check_run(check.id).output.title == "Fine"
    with pytest.raises(GithubException, match="Resource not accessible by integration"):
        repo.get_commit(sha).create_status("success")
    bread.rename("loaves")
    assert [repo.full_name for repo in installation.get_repos()] == ["acme/loaves"]


def test_an_app_that_signs_with_another_key_is_nobody(github: Double, keys: tuple[str, str]) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    public = other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    app = github.app("vpm", public.decode())
    integration = GithubIntegration(auth=Auth.AppAuth(app, keys[0]), base_url=github.url)
    with pytest.raises(GithubException, match="could not be decoded"):
        integration.get_app()


def test_a_repository_one_may_not_see_is_not_there(github: Double, bread: Repository) -> None:
    stranger = connected(github, Auth.Token(github.token("stranger")))
    with pytest.raises(UnknownObjectException):
        stranger.get_repo("acme/bread")
    with pytest.raises(UnknownObjectException):
        stranger.get_repo("acme/cake")


def test_a_renamed_repository_is_found_under_its_old_name(client: Github, bread: Repository) -> None:
    bread.rename("loaves")
    assert client.get_repo("acme/bread").full_name == "acme/loaves"
