"""A pull request on the pages and in the API, who may decide about it, and what of it is never trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from cells.hosts.github import connecting, pull_payloads
from cells.models import Delivery, GitHubConnection, GitHubPerson, PullRequest, Repository
from cells.patches import life, reviews
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER
from cells.pulls import mirror
from cells.refusals import Forbidden, Refused, say
from cells.ssot.mirror import Mirror
from tests.cells.callers import program
from tests.factories import a_user, committed, sync
from tests.github.double import Double
from tests.github.double import Repository as Remote
from tests.pulls.mirrored import LOAF, at_github, connected, connection, patch_of, row


@pytest.fixture
def remote(github: Double, tmp_path: Path) -> Remote:
    return at_github(github, tmp_path)


@pytest.fixture
def bakery(db: None, remote: Remote, github: Double, settings: Any) -> Repository:
    return connected(remote, github, settings)


@pytest.fixture
def reviewer(db: None) -> User:
    return a_user("reviewer", REVIEWER)


def browser(user: User) -> Client:
    made = Client()
    made.force_login(user)
    return made


def page(user: User, path: str) -> str:
    answer = browser(user).get(path, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_the_lists_and_the_api_name_the_pull_request(
    remote: Remote, bakery: Repository, reviewer: User, github: Double
) -> None:
    tip = remote.push("loaf", LOAF)
    number = remote.open_pull("loaf", "<b>Loaf</b>", body="<script>alert(1)</script>", draft=True)
    remote.label(number, "<i>bread</i>")
    remote.review(number, "REQUEST_CHANGES", "Paler.", by="rin")
    remote.check(tip, "crust", "failure")
    remote.status(tip, "oven", "pending")
    sync(bakery)
    patch = patch_of("loaf")
    shown = page(reviewer, f"/patches/{patch.pk}")
    assert f'href="{row(number).url}" rel="noopener noreferrer">#{number} at GitHub' in shown
    for said in (
        "by codex",
        "draft",
        "rin wants changes.",
        "A draft is not merged by GitHub.",
        "crust",
        "oven",
        "running",
    ):
        assert said in shown
    assert "<script>alert" not in shown
    assert "<i>bread" not in shown
    assert "<b>Loaf" not in shown
    for path in ("/inbox?repo=bakery", "/patches?repo=bakery"):
        assert f"PR #{number}" in page(reviewer, path)
    status, told = program(reviewer, "viewer").get(f"patches/{patch.pk}")
    assert (status, told["pull"]) == (200, {
        "number": number, "url": row(number).url, "state": "open", "draft": True, "fork": False, "author": "codex",
        "labels": ["<i>bread</i>"], "mergeable": "draft",
    })  # fmt: skip
    shown = page(a_user("op", OPERATOR), "/repositories/bakery/github")
    assert "1 open pull request is mirrored." in shown
    del next(iter(github.world.tokens.values())).permissions["pull_requests"]
    sync(bakery)
    for path in ("/repositories/bakery/github", "/repositories"):
        assert "GitHub does not allow this for acme/bakery" in page(a_user("op", OPERATOR), path)


def test_a_draft_is_not_approved_until_it_is_ready(
    remote: Remote, bakery: Repository, reviewer: User, github: Double
) -> None:
    remote.push("loaf", LOAF)
    number = remote.open_pull("loaf", "Loaf", draft=True)
    sync(bakery)
    patch = patch_of("loaf")
    assert patch.decision == "REVIEW_REQUIRED"
    with pytest.raises(Refused, match="draft at GitHub; mark it ready"):
        approve(patch, reviewer)
    github.passes(seconds=10)
    remote.pull(number).draft, remote.pull(number).updated = False, github.world.now()
    sync(bakery)
    approve(patch_of("loaf"), reviewer)
    assert patch_of("loaf").state != life.PROPOSED


def approve(patch: Any, by: User) -> None:
    reviews.approve(patch=patch, by=by, digest=patch.digest, verdict=fingerprint(patch.verdict))


def test_nobody_approves_the_pull_request_they_opened(
    remote: Remote, bakery: Repository, reviewer: User
) -> None:
    remote.push("loaf", LOAF, by="codex")
    number = remote.open_pull("loaf", "Loaf", by="rin")
    sync(bakery)
    author = row(number).author_number
    person = GitHubPerson.objects.create(
        base_url=connection().base_url, login="rin", number=author, right=REVIEWER, user=reviewer
    )
    with pytest.raises(Forbidden, match="You proposed this patch"):
        approve(patch_of("loaf"), reviewer)
    GitHubPerson.objects.filter(pk=person.pk).update(
        base_url="https://api.github.com"
    )  # that number is somebody else
    approve(patch_of("loaf"), reviewer)


def test_webhooks_bring_the_same_rows_as_the_beat(remote: Remote, bakery: Repository, github: Double) -> None:
    secret = connecting.make_hook_secret(repository=bakery, by="command line")
    remote.hook(None, secret)
    tip = remote.push("loaf", LOAF)
    number = remote.open_pull("loaf", "Loaf")
    remote.label(number, "bread")
    remote.review(number, "APPROVE", by="rin")
    remote.check(tip, "crust", "success")

    def post(headers: Any, body: bytes) -> int:
        own = {name: value for name, value in headers.items() if name != "Content-Type"}
        with committed():
            return Client().post("/hooks/github", body, headers["Content-Type"], headers=own).status_code

    github.deliver(post)
    assert {one.state for one in Delivery.objects.filter(event__startswith="pull_request")} == {Delivery.DONE}
    note = Delivery.objects.filter(event="pull_request_review").get().note
    assert say(note) == "A reading was asked for; it brings the pull request as it stands at GitHub."
    told = known(number)
    assert told["labels"] == ["bread"]
    assert patch_of("loaf").checks == "green"
    PullRequest.objects.all().delete()
    GitHubConnection.objects.update(pulls_until=None)
    sync(bakery)
    sync(bakery)
    assert known(number) == told


def known(number: int) -> dict[str, Any]:
    fields = vars(row(number))
    return {
        name: value for name, value in fields.items() if name not in ("_state", "id", "seen_at", "checks_at")
    }


def test_what_was_made_private_is_a_sentence_and_starts_nothing(
    remote: Remote, bakery: Repository, github: Double
) -> None:
    remote.push("loaf", LOAF)
    number = remote.open_pull("loaf", "Loaf")
    sync(bakery)
    next(iter(github.world.tokens.values())).repositories = ["acme/other"]
    remote.close(number)
    (why,) = mirror.bring(bakery, Mirror(bakery.mirror))
    assert "GitHub shows no acme/bakery to this token" in say(why)
    assert say(connection().trouble) == say(why)
    assert (patch_of("loaf").state, row(number).state) == (life.PROPOSED, "open")


def test_a_pull_request_of_three_thousand_files_is_shown_in_part(
    remote: Remote, bakery: Repository, reviewer: User
) -> None:
    remote.push("many", {f"reports/oven/many/{number:04}.md": f"# {number}\n" for number in range(3000)})
    number = remote.open_pull("many", "Many loaves")
    sync(bakery)
    patch = patch_of("many")
    assert (len(patch.files), patch.pull, patch.decision) == (3000, row(number), "REVIEW_REQUIRED")
    shown = page(reviewer, f"/patches/{patch.pk}")
    assert "Showing 200 of 3000 files." in shown
    assert len(shown) < 2_000_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TIME, SHA = "2026-03-04T05:06:07Z", "a" * 40
WORDS = [
    "title",
    "body",
    "html_url",
    "user",
    "labels",
    "state",
    "draft",
    "merged_at",
    "mergeable_state",
    "closed_at",
]


@given(
    changed=st.dictionaries(
        st.sampled_from([*WORDS, "number", "head", "base", "updated_at"]), JSON, max_size=5
    ),
    side=st.dictionaries(
        st.sampled_from(["ref", "sha", "repo"]), JSON | st.just({"id": 7, "full_name": "a/b"})
    ),
)
def test_whatever_github_says_of_a_pull_request_is_storable_or_nothing(
    changed: dict[str, Any], side: dict[str, Any]
) -> None:
    whole = {
        "number": 7,
        "created_at": TIME,
        "updated_at": TIME,
        "head": {"sha": SHA} | side,
        "base": {"ref": "main"},
    }
    found = pull_payloads.pull(whole | changed)
    if found is None:
        return
    assert 0 < found.number < 2**31
    assert pull_payloads.SHA.fullmatch(found.head)
    texts = (
        found.title,
        found.body,
        found.author,
        found.head_ref,
        found.head_repository,
        found.url,
        *found.labels,
    )
    assert not any("\x00" in text or text != text.encode("utf-8", "replace").decode() for text in texts)
    assert len(found.title) <= 300
    assert len(found.labels) <= 50
    assert "\n" not in found.title
    assert found.url == "" or found.url.startswith(("https://", "http://"))
    assert found.fork  # it is not told to be of this repository


@given(
    rows=st.lists(
        JSON
        | st.fixed_dictionaries({}, optional={"user": JSON, "state": JSON, "submitted_at": st.just(TIME)})
    )
)
def test_whatever_github_says_of_reviews_and_checks_breaks_nothing(rows: list[Any]) -> None:
    assert isinstance(pull_payloads.reviews(rows), tuple)
    for event in ("check_run", "check_suite", "status"):
        for raw in rows:
            found = pull_payloads.check(event, SHA, raw)
            assert found is None or found[1].state != "green"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", " https://x", "https://x\ny", "//x", 7]
)
def test_only_pages_are_linked(url: Any) -> None:
    assert pull_payloads.address(url) == ""
