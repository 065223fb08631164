"""The verification itself can fail: on a question, an answer and an event that GitHub's description does not allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.github import bodies, pull_bodies
from tests.github.asking import ask
from tests.github.calls import ROUTES
from tests.github.double import Double
from tests.github.openapi import Judge
from tests.github.repository import Repository


def taken(judge: Judge) -> list[str]:
    """The complaints, so that the fixture finds none."""
    found, judge.complaints[:] = list(judge.complaints), []
    return found


def without(name: str, made: Callable[..., bodies.Body]) -> Callable[..., bodies.Body]:
    def wrong(*given: Any) -> bodies.Body:
        body = made(*given)
        del body[name]
        return body

    return wrong


def test_an_answer_without_what_it_must_have_is_a_complaint(
    github: Double, bread: Repository, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "full_repo", without("default_branch", bodies.full_repo))
    ask(github, "/repos/acme/bread")
    [complaint] = taken(judge)
    assert complaint.startswith("answered GET /repos/{owner}/{repo} with 200: ")
    assert "default_branch" in complaint


def test_an_answer_of_another_type_deep_inside_a_list_is_a_complaint(
    github: Double, bread: Repository, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    bread.comment(bread.open_issue("Why?"), "Because")
    right = bodies.person
    monkeypatch.setattr(pull_bodies, "person", lambda at, who: right(at, who) | {"id": "seven"})
    ask(github, "/repos/acme/bread/issues/1/comments")
    assert taken(judge) != []


@pytest.mark.parametrize(
    ("method", "path", "data", "said"),
    [
        ("GET", "/repos/acme/bread/pulls?state=merged", None, "?state=merged"),
        ("GET", "/repos/acme/bread/pulls?author=rin", None, "?author= is not a parameter"),
        ("GET", "/repos/acme/bread/nothing", None, "no such operation"),
        ("POST", "/repos/acme/bread/issues", {"title": ["a"]}, "asked POST"),
        ("POST", "/repos/acme/bread/labels", {"name": "a", "colour": "ff0000"}, "colour is not described"),
        ("POST", "/repos/acme/bread/issues/1/comments", {}, "body"),
    ],
)
def test_a_question_that_github_does_not_know_is_a_complaint(
    github: Double, bread: Repository, judge: Judge, method: str, path: str, data: Any, said: str
) -> None:
    ask(github, path, method, json=data)
    assert said in "\n".join(taken(judge))


def test_an_event_that_github_would_not_send_is_a_complaint(
    github: Double, bread: Repository, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    bread.hook(None, "secret")
    monkeypatch.setattr(pull_bodies, "comment", without("user", pull_bodies.comment))
    bread.comment(bread.open_issue("Why?"), "Because")
    [complaint] = taken(judge)
    assert complaint.startswith("hook issue_comment created: ")
    judge.hook("issue_comment", {"action": "shouted"})
    assert taken(judge) == ["hook issue_comment shouted: no such event"]


def test_what_was_judged_is_known(github: Double, bread: Repository, judge: Judge) -> None:
    ask(github, "/repos/acme/bread")
    ask(github, "/repos/acme/cake")
    assert judge.judged == {"GET /repos/{owner}/{repo} 200", "GET /repos/{owner}/{repo} 404"}


def test_every_endpoint_of_the_double_is_one_of_github(judge: Judge) -> None:
    paths = judge.description.document["paths"]
    assert [one for one in ROUTES if one.method.lower() not in paths.get(one.template, {})] == []
