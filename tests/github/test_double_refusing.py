"""What the double refuses: limits, permissions, old names; and its bad days."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from tests.github.asking import a_pull, ask, git, with_token
from tests.github.double import Double
from tests.github.repository import Repository


def test_what_is_known_costs_nothing(github: Double, bread: Repository) -> None:
    first = ask(github, "/repos/acme/bread/pulls")
    left = first.headers["X-RateLimit-Remaining"]
    again = ask(github, "/repos/acme/bread/pulls", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["X-RateLimit-Remaining"]) == (304, b"", left)
    a_pull(bread)
    changed = ask(github, "/repos/acme/bread/pulls", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_the_limit_refuses_until_its_hour_is_over(github: Double, bread: Repository) -> None:
    ask(github, "/repos/acme/bread")
    github.rate.used = github.rate.limit
    refused = ask(github, "/repos/acme/bread")
    assert (refused.status_code, refused.headers["X-RateLimit-Remaining"]) == (403, "0")
    assert ask(github, "/rate_limit").json()["rate"]["remaining"] == 0
    github.passes(hours=1)
    assert ask(github, "/repos/acme/bread").status_code == 200


def test_too_much_content_a_minute_meets_the_secondary_limit(github: Double, bread: Repository) -> None:
    number = a_pull(bread)
    github.rate.writes_a_minute = 2
    path = f"/repos/acme/bread/issues/{number}/comments"
    said = [ask(github, path, "POST", json={"body": "Hello"}) for _ in range(3)]
    assert [one.status_code for one in said] == [201, 201, 403]
    assert said[2].headers["Retry-After"] == "60"
    assert "secondary rate limit" in said[2].json()["message"]
    github.passes(minutes=1)
    assert ask(github, path, "POST", json={"body": "Hello"}).status_code == 201


def test_bad_days_come_when_asked_for(github: Double, bread: Repository) -> None:
    number = a_pull(bread)
    github.fails_next(502, times=2, path="/pulls")
    github.slows_next(30, path="/pulls")
    answers = [ask(github, "/repos/acme/bread/pulls") for _ in range(4)]
    assert [one.status_code for one in answers] == [502, 502, 403, 200]
    assert answers[2].headers["Retry-After"] == "30"
    github.fails_next(lost=True, method="PUT")
    with pytest.raises(requests.ConnectionError):
        ask(github, f"/repos/acme/bread/pulls/{number}/merge", "PUT")
    assert bread.pull(number).merged is not None


def test_a_token_may_what_it_was_given(github: Double, bread: Repository) -> None:
    number = a_pull(bread)
    github.token("codex", pull_requests="read")
    path = f"/repos/acme/bread/issues/{number}/comments"
    refused = ask(github, path, "POST", by="codex", json={"body": "Hello"})
    assert refused.status_code == 403
    assert refused.json()["message"] == "Resource not accessible by personal access token"
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "issues=write; pull_requests=write"
    assert ask(github, path, by="codex").status_code == 200
    assert ask(github, path, by="stranger").status_code == 404
    for token in list(github.world.tokens):
        github.revoke(token)
    assert ask(github, path, headers={"Authorization": "Bearer gone"}).status_code == 401


def test_a_renamed_repository_leaves_its_address_behind(
    github: Double, bread: Repository, tmp_path: Path
) -> None:
    old = with_token(bread, github.token("rin"))
    bread.rename("loaves")
    assert ask(github, "/repos/acme/bread", allow_redirects=False).status_code == 301
    posted = ask(github, "/repos/acme/bread/issues", "POST", json={"title": "Why?"}, allow_redirects=False)
    assert posted.status_code == 307
    assert ask(github, "/repos/acme/bread/pulls").json() == []
    assert git("clone", "--quiet", old, str(tmp_path / "clone")).returncode == 0


def test_an_issue_needs_a_title(github: Double, bread: Repository) -> None:
    blank = ask(github, "/repos/acme/bread/issues", "POST", json={"title": " "})
    assert (blank.status_code, blank.json()["errors"][0]["field"], bread.it.issues) == (422, "title", {})
