"""The double is a GitHub whose pull requests stand on real git."""

from __future__ import annotations

import pytest

from tests.github.asking import a_pull, ask, git
from tests.github.double import Double
from tests.github.repository import Repository


@pytest.mark.parametrize(
    ("method", "log"),
    [
        ("merge", ["Merge pull request #1 from acme/loaf", "On loaf", "Meanwhile", "Begin"]),
        ("squash", ["Loaf (#1)", "Meanwhile", "Begin"]),
        ("rebase", ["On loaf", "Meanwhile", "Begin"]),
    ],
)
def test_merging_is_a_commit_in_git(github: Double, bread: Repository, method: str, log: list[str]) -> None:
    number = a_pull(bread)
    bread.push("main", {"b.txt": "b"}, "Meanwhile")
    answer = ask(github, f"/repos/acme/bread/pulls/{number}/merge", "PUT", json={"merge_method": method})
    assert answer.json() == {
        "sha": bread.tip(),
        "merged": True,
        "message": "Pull Request successfully merged",
    }
    shown = git("log", "--format=%s", "main", at=bread.git.path).stdout.splitlines()
    assert sorted(shown) == sorted(log)
    assert shown[0] == log[0]
    assert bread.read("a.txt") == "a"


def test_a_head_that_moved_is_not_merged(github: Double, bread: Repository) -> None:
    number = a_pull(bread)
    seen = bread.tip("loaf")
    bread.push("loaf", {"a.txt": "something else"})
    refused = ask(github, f"/repos/acme/bread/pulls/{number}/merge", "PUT", json={"sha": seen})
    assert refused.status_code == 409
    assert bread.log() == ["Begin"]


def test_a_conflict_is_dirty_and_not_merged(github: Double, bread: Repository) -> None:
    number = a_pull(bread, **{"recipe.txt": "rye\n"})
    bread.push("main", {"recipe.txt": "spelt\n"})
    pull = ask(github, f"/repos/acme/bread/pulls/{number}").json()
    assert (pull["mergeable"], pull["mergeable_state"]) == (False, "dirty")
    assert ask(github, f"/repos/acme/bread/pulls/{number}/merge", "PUT").status_code == 405


def test_the_first_to_ask_whether_it_merges_hears_unknown(github: Double, bread: Repository) -> None:
    bread.reckons_late()
    number = a_pull(bread)
    answers = [ask(github, f"/repos/acme/bread/pulls/{number}").json() for _ in range(2)]
    assert [one["mergeable_state"] for one in answers] == ["unknown", "clean"]


def test_a_forced_push_changes_the_head_and_says_so(github: Double, bread: Repository) -> None:
    number = a_pull(bread)
    before = bread.tip("loaf")
    bread.hook(None, "secret")
    after = bread.force_push("loaf", {"a.txt": "another"}, "Again")
    assert bread.pull(number).head_sha == after
    assert bread.git.ref(f"refs/pull/{number}/head") == after
    pushed, synchronized = github.deliveries
    assert (pushed.event, pushed.payload["forced"], pushed.payload["before"]) == ("push", True, before)
    assert (synchronized.action, synchronized.payload["after"]) == ("synchronize", after)


def test_a_list_comes_in_pages_and_three_thousand_files_at_most(github: Double, bread: Repository) -> None:
    number = a_pull(bread, **{f"many/{n}.txt": f"{n}" for n in range(3001)})
    last = ask(github, f"/repos/acme/bread/pulls/{number}/files?per_page=100&page=30")
    assert len(last.json()) == 100
    assert set(last.links) == {"first", "prev"}
    assert ask(github, f"/repos/acme/bread/pulls/{number}/files?per_page=100&page=31").json() == []
    assert ask(github, f"/repos/acme/bread/pulls/{number}").json()["changed_files"] == 3001
    bread.push("other", {"b.txt": "b"})
    bread.open_pull("other", "Other")
    first = ask(github, "/repos/acme/bread/pulls?per_page=1&state=open")
    assert ask(github, first.links["next"]["url"]).json()[0]["number"] == number


def test_a_source_brings_its_branches(github: Double, bread: Repository) -> None:
    bread.push("loaf", {"a.txt": "a"})
    copy = github.repository("acme/copy", bread.git.path)
    assert copy.git.branches() == bread.git.branches()
