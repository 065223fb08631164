"""The double over git's own protocol: clone, fetch, push, and who may."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.github.asking import a_pull, ask, cloned, git, with_token
from tests.github.double import Double
from tests.github.refusals import Refused
from tests.github.repository import Repository


def test_what_is_pushed_over_http_is_what_github_knows(
    github: Double, bread: Repository, tmp_path: Path
) -> None:
    number, token = a_pull(bread), github.token("codex", contents="write")
    bread.hook(None, "secret")
    clone = cloned(bread, token, tmp_path / "clone")
    git("checkout", "--quiet", "loaf", at=clone)
    git("commit", "--quiet", "--allow-empty", "-m", "By hand", at=clone)
    pushed = git("push", "--quiet", "origin", "loaf", "HEAD:refs/heads/vpm/patch-1", at=clone)
    assert pushed.returncode == 0, pushed.stderr
    assert bread.log("vpm/patch-1")[0] == "By hand"
    assert bread.pull(number).head_sha == bread.tip("loaf") == bread.tip("vpm/patch-1")
    assert [(one.event, one.action) for one in github.deliveries] == [
        ("push", None),
        ("pull_request", "synchronize"),
        ("push", None),
    ]


@pytest.mark.parametrize(
    ("permissions", "says"),
    [({"contents": "read"}, "403"), ({"issues": "write"}, "403")],
)
def test_a_token_that_may_not_write_does_not_push(
    github: Double, bread: Repository, tmp_path: Path, permissions: dict[str, str], says: str
) -> None:
    clone = cloned(bread, github.token("rin"), tmp_path / "clone")
    url = with_token(bread, github.token("codex", **permissions))
    refused = git("push", url, "HEAD:refs/heads/mine", at=clone)
    assert refused.returncode != 0
    assert says in refused.stderr
    assert bread.tip("mine") == ""


def test_nobody_clones_what_is_private(github: Double, bread: Repository, tmp_path: Path) -> None:
    assert git("clone", bread.clone_url, str(tmp_path / "a")).returncode != 0
    stranger = with_token(bread, github.token("stranger"))
    assert git("clone", stranger, str(tmp_path / "b")).returncode != 0


def test_a_protected_branch_refuses_a_push_in_gits_words(
    github: Double, bread: Repository, tmp_path: Path
) -> None:
    bread.protect("main")
    clone = cloned(bread, github.token("rin"), tmp_path / "clone")
    git("commit", "--quiet", "--allow-empty", "-m", "By hand", at=clone)
    refused = git("push", "origin", "main", at=clone)
    assert "GH006: Protected branch update failed for refs/heads/main." in refused.stderr
    assert bread.log() == ["Begin"]


def test_a_workflow_needs_a_permission_of_its_own(github: Double, bread: Repository, tmp_path: Path) -> None:
    clone = cloned(bread, github.token("rin"), tmp_path / "clone")
    (clone / ".github" / "workflows").mkdir(parents=True)
    (clone / ".github" / "workflows" / "ci.yml").write_text("on: push\n")
    git("add", ".", at=clone)
    git("commit", "--quiet", "-m", "Check", at=clone)
    without = with_token(bread, github.token("codex", contents="write"))
    refused = git("push", without, "HEAD:refs/heads/ci", at=clone)
    assert "without `workflows` permission" in refused.stderr
    assert bread.tip("ci") == ""
    allowed = with_token(bread, github.token("codex", contents="write", workflows="write"))
    assert git("push", allowed, "HEAD:refs/heads/ci", at=clone).returncode == 0


def test_a_pull_request_ends_with_its_branch_and_with_a_merge_by_hand(
    github: Double, bread: Repository, tmp_path: Path
) -> None:
    gone, merged = a_pull(bread, "gone"), a_pull(bread, "merged", **{"b.txt": "b"})
    bread.delete_branch("gone")
    clone = cloned(bread, github.token("rin"), tmp_path / "clone")
    git("merge", "--quiet", "--no-ff", "-m", "By hand", "origin/merged", at=clone)
    assert git("push", "origin", "main", at=clone).returncode == 0
    assert (bread.pull(gone).state, bread.pull(gone).merged) == ("closed", None)
    assert bread.pull(merged).merge_sha == bread.tip()
    assert bread.pull(merged).merged is not None
    with pytest.raises(Refused):
        bread.reopen(gone)


def test_a_pull_request_from_a_fork_brings_its_commits(
    github: Double, bread: Repository, tmp_path: Path
) -> None:
    sha = bread.push_to_fork("loaf", {"a.txt": "a"}, by="stranger")
    number = bread.open_pull("loaf", "Loaf", by="stranger", from_fork=True)
    pull = ask(github, f"/repos/acme/bread/pulls/{number}").json()
    assert (pull["head"]["label"], pull["head"]["repo"]["fork"]) == ("stranger:loaf", True)
    clone = cloned(bread, github.token("rin"), tmp_path / "clone")
    assert git("fetch", "origin", f"refs/pull/{number}/head", at=clone).returncode == 0
    assert git("rev-parse", "FETCH_HEAD", at=clone).stdout.strip() == sha
    bread.push_to_fork("loaf", {"a.txt": "b"}, by="stranger")
    assert bread.pull(number).head_sha != sha
    bread.merge(number)
    assert bread.read("a.txt") == "b"
