"""Webhooks: taken once, from GitHub alone, and harmless in any order."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from cells import tasks
from cells.hosts.github import connecting, payloads
from cells.hosts.github.connecting import Wish
from cells.hosts.github.results import Said, together
from cells.models import AskComment, AuditEvent, Delivery, GitHubConnection, Patch, Repository, SyncRun
from cells.patches import checks, life
from cells.permissions import OPERATOR
from cells.refusals import Refused, say
from cells.sync import deliveries
from tests.factories import a_patch, a_repository, a_user, committed, source_of, sync
from tests.github.conftest import github as github  # the double, verified where GitHub's description is there
from tests.github.double import Double

pytestmark = pytest.mark.django_db

NAME, HOOK = "acme/bakery", "/hooks/github"
Named = Mapping[str, str]


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    made = a_repository(tmp_path)
    wish = Wish(full_name=NAME, secret="github_pat_x")
    connecting.connect(repository=made, wish=wish, by="command line")
    return made


@pytest.fixture
def secret(bakery: Repository) -> str:
    return connecting.make_hook_secret(repository=bakery, by="command line")


def post(headers: Mapping[str, str], body: bytes) -> Any:
    """As GitHub sends it; what it starts is done at once."""
    kind = headers.get("Content-Type", "application/json")
    own = {name: value for name, value in headers.items() if name != "Content-Type"}
    with committed():
        return Client(enforce_csrf_checks=True).post(HOOK, body, content_type=kind, headers=own)


def headed(secret: str, event: str, body: bytes, id: str = "") -> dict[str, str]:
    return {
        "X-GitHub-Event": event, "X-GitHub-Delivery": id or str(uuid.uuid4()),
        "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
    }  # fmt: skip


def send(secret: str, event: str, *, id: str = "", name: Any = NAME, **payload: Any) -> Any:
    body = json.dumps({"repository": {"full_name": name, "id": 7}} | payload).encode()
    return post(headed(secret, event, body, id), body)


def run(sha: str, conclusion: str | None = "success", at: str = "", name: str = "test", suite: int = 1) -> dict[str, Any]:  # fmt: skip
    moment = at or timezone.now().isoformat()
    said = {"head_sha": sha, "name": name, "check_suite": {"id": suite}, "started_at": moment}
    said |= (
        {"status": "completed", "conclusion": conclusion, "completed_at": moment}
        if conclusion
        else {"status": "in_progress", "conclusion": None, "completed_at": None}
    )
    return {"action": "completed" if conclusion else "created", "check_run": said}


def suite(sha: str, conclusion: str = "success", at: str = "", id: int = 1) -> dict[str, Any]:
    said = {"head_sha": sha, "id": id, "status": "completed", "conclusion": conclusion}
    return {"action": "completed", "check_suite": said | {"updated_at": at or timezone.now().isoformat()}}


def status(
    sha: str, state: str = "success", at: str = "", context: str = "ci/oven", by: str = "Bot"
) -> dict[str, Any]:
    return {
        "sender": {"type": by},
        "sha": sha,
        "state": state,
        "context": context,
        "updated_at": at or timezone.now().isoformat(),
    }


def ago(**time: float) -> str:
    return (timezone.now() - timedelta(**time)).isoformat()


def checks_of(patch: Patch) -> str:
    patch.refresh_from_db()
    return patch.checks


def note() -> str:
    return say(Delivery.objects.latest("pk").note)


# Who is let in


def test_a_ping_is_answered(secret: str) -> None:
    assert send(secret, "ping", zen="Keep it warm.").status_code == 200
    assert Delivery.objects.get().state == Delivery.DONE


@pytest.mark.parametrize(
    "signature",
    ["", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40, "sha256=" + "Z" * 64, "sha256=" + "0" * 5000],
)
def test_a_missing_or_forged_signature_leaves_nothing(secret: str, signature: str) -> None:
    body = json.dumps({"repository": {"full_name": NAME}, "ref": "refs/heads/main"}).encode()
    headers = headed(secret, "push", body) | {"X-Hub-Signature-256": signature}
    assert post(headers, body).status_code == 403
    assert not Delivery.objects.exists()
    assert not SyncRun.objects.filter(asked_by="github").exists()


def test_a_body_changed_by_one_byte_is_forged(secret: str) -> None:
    body = json.dumps({"repository": {"full_name": NAME}}).encode()
    assert post(headed(secret, "push", body), body + b" ").status_code == 403


def test_an_unknown_repository_looks_like_a_wrong_signature(secret: str) -> None:
    unknown, wrong = send(secret, "push", name="acme/nowhere"), send("wrong", "push")
    assert (unknown.status_code, unknown.content) == (wrong.status_code, wrong.content)
    assert unknown.status_code == 403


def test_without_a_hook_secret_every_delivery_is_refused(bakery: Repository) -> None:
    assert send("", "push").status_code == 403


def test_a_new_hook_secret_ends_the_old_one(bakery: Repository, secret: str) -> None:
    newer = connecting.make_hook_secret(repository=bakery, by="command line")
    assert send(secret, "push").status_code == 403
    assert send(newer, "push").status_code == 200


def test_a_hook_secret_kept_under_another_key_lets_nobody_in(secret: str) -> None:
    GitHubConnection.objects.update(hook_secret="damaged")
    assert send(secret, "push").status_code == 403


def test_one_repository_cannot_speak_for_another(bakery: Repository, secret: str) -> None:
    other = Repository.objects.create(key="other", source="/srv/other.git")
    wish = Wish(full_name="acme/other", secret="github_pat_y")
    connecting.connect(repository=other, wish=wish, by="command line")
    theirs = connecting.make_hook_secret(repository=other, by="command line")
    assert send(theirs, "push").status_code == 403
    assert send(theirs, "push", name="acme/other").status_code == 200


def test_the_one_secret_of_an_app_is_enough_for_all_its_repositories(bakery: Repository) -> None:
    names = {"acme/bakery": "12", "acme/other": "12", "acme/third": "13"}
    for name, app in names.items():
        key = name.removeprefix("acme/")
        row = Repository.objects.filter(key=key).first() or Repository.objects.create(
            key=key, source=f"/srv/{key}.git"
        )
        wish = Wish(full_name=name, kind="app", app_id=app, installation_id="3", env="GITHUB_KEY")
        connecting.connect(repository=row, wish=wish, by="command line")
    theirs = connecting.make_hook_secret(repository=Repository.objects.get(key="other"), by="command line")
    assert send(theirs, "push").status_code == 200
    assert Delivery.objects.get().connection.full_name == NAME
    assert send(theirs, "push", name="acme/third").status_code == 403


def test_a_renamed_repository_is_known_by_its_number(secret: str) -> None:
    GitHubConnection.objects.update(number=7)
    assert send(secret, "push", name="acme/patisserie").status_code == 200


def test_only_post_is_answered(db: None) -> None:
    assert Client().get(HOOK).status_code == 405


# Bodies


def test_a_body_of_ten_megabytes_is_refused_unread(secret: str) -> None:
    body = b'{"repository": {"full_name": "acme/bakery"}, "x": "' + b"x" * 10_000_000 + b'"}'
    assert post(headed(secret, "push", body), body).status_code == 413
    assert not Delivery.objects.exists()


def test_a_body_longer_than_it_says_is_not_read_to_its_end(secret: str) -> None:
    class Endless(io.BytesIO):
        """Counts what is taken from it."""

        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            assert size > 0
            self.taken += size
            return b"x" * size

    stream = Endless()
    said = Client().generic("POST", HOOK, b"", "application/json", **{"wsgi.input": stream, "CONTENT_LENGTH": "5000000"})  # fmt: skip
    assert said.status_code == 403
    assert stream.taken <= 5_000_000
    said = Client().generic("POST", HOOK, b"", "application/json", **{"wsgi.input": stream, "CONTENT_LENGTH": "5000001"})  # fmt: skip
    assert said.status_code == 413


def test_five_megabytes_are_taken(secret: str) -> None:
    assert send(secret, "push", x="x" * 4_999_000).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"[]", b'"text"', b"null", b"\xff\xfe", b'{"repository"', b"[" * 100_000, b"9" * 5_000],
)  # fmt: skip
def test_what_is_no_json_object_is_refused_with_a_sentence(secret: str, body: bytes) -> None:
    said = post(headed(secret, "push", body), body)
    assert (said.status_code, said.content) == (
        400, b"The body is no JSON object. Choose the content type application/json at GitHub.",
    )  # fmt: skip


@pytest.mark.parametrize("named", [None, 5, [], {}, "", "acme", "a/b/c", "\0/\ud800", "acme/" + "x" * 5000])
def test_a_body_that_names_no_repository_is_refused(secret: str, named: Any) -> None:
    assert send(secret, "push", name=named).status_code == 403


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""])  # fmt: skip
def test_another_content_type_is_never_an_error_of_ours(secret: str, kind: str) -> None:
    body = json.dumps({"repository": {"full_name": NAME}}).encode()
    assert post(headed(secret, "ping", body) | {"Content-Type": kind}, body).status_code in (200, 400, 403)


@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(body=st.binary(max_size=300), event=st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])))
def test_whatever_bytes_come_it_is_never_an_error_of_ours(secret: str, body: bytes, event: str) -> None:
    for headers in ({}, headed(secret, event, body)):
        assert post(headers, body).status_code in (400, 403)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
WORDS = ["action", "check_run", "check_suite", "sha", "state", "context", "updated_at", "commit"]
INNER = ["head_sha", "status", "conclusion", "name", "id", "check_suite", "started_at", "completed_at"]


@hypothesis(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    event=st.sampled_from(["push", "pull_request", *sorted(payloads.CHECKS), "issue_comment"]),
    said=st.dictionaries(st.sampled_from(WORDS), JSON | st.dictionaries(st.sampled_from(INNER), JSON | st.just("a" * 40)) | st.just("a" * 40)),
)  # fmt: skip
def test_whatever_a_signed_payload_holds_it_is_taken_and_handled(
    secret: str, event: str, said: dict[str, Any]
) -> None:
    assert send(secret, event, **said).status_code == 200
    assert Delivery.objects.latest("pk").state in (Delivery.DONE, Delivery.IGNORED)


# Once


def test_a_delivery_is_taken_once(bakery: Repository, secret: str) -> None:
    first = send(secret, "push", id="72d3162e-cc78-11e3-81ab-4c9367dc0958")
    again = send(secret, "push", id="72d3162e-cc78-11e3-81ab-4c9367dc0958")
    assert (first.content, again.content) == (b"Taken.", b"Taken already; nothing was done again.")
    assert first.status_code == again.status_code == 200
    assert Delivery.objects.count() == 1
    assert SyncRun.objects.filter(asked_by="github").count() == 1


@pytest.mark.parametrize("id", [" ", "short", "x" * 65, "72d3162e-cc78\u00e9"])
def test_a_delivery_without_a_proper_id_is_refused(secret: str, id: str) -> None:
    assert send(secret, "push", id=id).status_code == 400
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("event", ["star", "", "workflow_run", "installation"])
def test_an_unknown_event_is_passed_over(secret: str, event: str) -> None:
    assert send(secret, event).status_code == 204
    assert not Delivery.objects.exists()


def test_a_comment_that_asks_nothing_is_noted_and_not_kept(secret: str) -> None:
    comment = {"id": 3, "body": "See `/ask`.", "user": {"id": 4, "login": "rin", "type": "User"}}
    send(secret, "issue_comment", action="edited", issue={"number": 2}, comment=comment | {"body": "/ask"})
    send(secret, "issue_comment", action="created", issue={"number": 2}, comment=comment)
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.IGNORED}
    assert "asks nothing" in note()
    assert not AskComment.objects.exists()


def test_a_worker_that_was_away_finds_the_row(bakery: Repository, secret: str) -> None:
    body = json.dumps({"repository": {"full_name": NAME}}).encode()
    Client().post(HOOK, body, "application/json", headers=headed(secret, "push", body))
    assert Delivery.objects.get().state == Delivery.TAKEN
    assert deliveries.settle() == 0
    Delivery.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    with committed():
        tasks.settle()
    assert Delivery.objects.get().state == Delivery.DONE


def test_a_fault_of_ours_is_noted(secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the oven is cold")

    monkeypatch.setattr(deliveries.runs, "request", broken)
    assert send(secret, "push").status_code == 200
    assert Delivery.objects.get().state == Delivery.FAILED


def test_rows_are_kept_for_thirty_days(secret: str, settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1"  # old rows go whatever the broker is
    send(secret, "push")
    send(secret, "push")
    Delivery.objects.filter(pk=Delivery.objects.latest("pk").pk).update(received_at=timezone.now() - timedelta(days=31))  # fmt: skip
    tasks.tidy()
    assert Delivery.objects.count() == 1


# Readings


@pytest.mark.parametrize("event", ["push", "pull_request"])
def test_a_push_is_read_at_once(bakery: Repository, secret: str, event: str) -> None:
    source = source_of(bakery)
    tip = source.commit({"README.md": "# Warm\n"})
    assert send(secret, event).status_code == 200
    bakery.refresh_from_db()
    assert bakery.head == tip


def test_many_pushes_wait_as_one_reading(bakery: Repository, secret: str) -> None:
    for _ in range(5):
        body = json.dumps({"repository": {"full_name": NAME}}).encode()
        Client().post(HOOK, body, "application/json", headers=headed(secret, "push", body))
    for row in Delivery.objects.all():
        deliveries.handle(row)
    assert SyncRun.objects.filter(state=SyncRun.QUEUED).count() == 1


# Checks


def test_a_whole_suite_that_passed_makes_its_patch_green(bakery: Repository, secret: str) -> None:
    patch = a_patch(bakery)
    send(secret, "check_suite", **suite(patch.tip))
    assert checks_of(patch) == "green"
    event = AuditEvent.objects.filter(verb="checks").latest("pk")
    assert (event.actor, event.after) == ("github", {"checks": "green", "tip": patch.tip})
    assert note() == f"The checks of patch {patch.pk} are green now."


def test_a_status_that_passed_makes_its_patch_green_and_one_that_failed_red(
    bakery: Repository, secret: str
) -> None:
    patch = a_patch(bakery)
    send(secret, "status", **status(patch.tip))
    assert checks_of(patch) == "green"
    send(secret, "status", **status(patch.tip, "failure", context="ci/dough"))
    assert checks_of(patch) == "red"


def test_a_status_that_a_person_set_stops_a_patch_and_makes_none_green(
    bakery: Repository, secret: str
) -> None:
    patch = a_patch(bakery)
    send(secret, "status", **status(patch.tip, by="User"))
    assert checks_of(patch) == "unknown"
    send(secret, "status", **status(patch.tip, "failure", by="User"))
    assert checks_of(patch) == "red"


def test_one_run_that_passed_is_not_all_of_them(bakery: Repository, secret: str) -> None:
    patch = a_patch(bakery)
    send(secret, "check_run", **run(patch.tip))
    assert checks_of(patch) == "unknown"


def test_one_run_that_failed_is_red_whatever_else_passed(bakery: Repository, secret: str) -> None:
    patch = a_patch(bakery)
    send(secret, "check_suite", **suite(patch.tip))
    send(secret, "check_run", **run(patch.tip, "failure", name="lint", suite=2))
    assert checks_of(patch) == "red"


def test_what_runs_again_is_not_known_until_it_ends(bakery: Repository, secret: str) -> None:
    patch = a_patch(bakery)
    send(secret, "check_suite", **suite(patch.tip, at=ago(minutes=9)))
    send(secret, "check_run", **run(patch.tip, None, at=ago(minutes=5)))
    assert checks_of(patch) == "unknown"
    send(secret, "check_run", **run(patch.tip, at=ago(minutes=1)))
    assert checks_of(patch) == "green"


@pytest.mark.parametrize("conclusion", ["neutral", "skipped", "stale", "surprise"])
def test_where_nothing_was_tested_nothing_is_green(bakery: Repository, secret: str, conclusion: str) -> None:
    patch = a_patch(bakery)
    send(secret, "check_suite", **suite(patch.tip, conclusion))
    assert checks_of(patch) == "unknown"


def test_checks_of_another_commit_count_for_nothing(bakery: Repository, secret: str) -> None:
    patch = a_patch(bakery)
    send(secret, "check_suite", **suite("a" * 40))
    assert checks_of(patch) == "unknown"
    assert note() == "No patch waits with that commit now."
    assert not checks.heard(patch=patch, state="green", tip="a" * 40, at=timezone.now())
    assert checks_of(patch) == "unknown"


def test_checks_do_not_follow_a_branch_that_moved(bakery: Repository, secret: str) -> None:
    patch = a_patch(bakery)
    source_of(bakery).commit({"reports/oven/new.md": "# New\n"}, patch.branch, "More")
    sync(bakery)
    send(secret, "check_suite", **suite(patch.tip))
    newer = a_patch(bakery)
    assert newer.tip != patch.tip
    assert (checks_of(patch), checks_of(newer)) == ("unknown", "unknown")


def test_checks_of_what_was_decided_change_nothing(bakery: Repository, secret: str) -> None:
    patch = a_patch(bakery, life.REJECTED)
    send(secret, "check_suite", **suite(patch.tip))
    assert checks_of(patch) == "unknown"


def test_an_older_word_does_not_overwrite_a_newer_one(bakery: Repository, secret: str) -> None:
    patch = a_patch(bakery)
    send(secret, "status", **status(patch.tip, "failure", at=ago(minutes=1)))
    send(secret, "status", **status(patch.tip, "success", at=ago(minutes=5)))
    assert checks_of(patch) == "red"
    assert note() == f"The checks of patch {patch.pk} stay red."


def test_a_word_older_than_thirty_days_or_without_a_time_counts_for_nothing(
    bakery: Repository, secret: str
) -> None:
    patch = a_patch(bakery)
    send(secret, "status", **status(patch.tip, at=ago(days=31)))
    send(secret, "status", **status(patch.tip, at="yesterday"))
    assert checks_of(patch) == "unknown"
    assert {one.state for one in Delivery.objects.all()} == {Delivery.IGNORED}


def test_what_a_person_said_later_stands_and_what_github_says_after_that_counts(
    bakery: Repository, secret: str, operator: User
) -> None:
    patch = a_patch(bakery)
    checks.report(patch=patch, state="red", by=operator, tip=patch.tip)
    send(secret, "check_suite", **suite(patch.tip, at=ago(minutes=5)))
    assert checks_of(patch) == "red"
    later = (timezone.now() + timedelta(seconds=1)).isoformat()
    send(secret, "check_suite", **suite(patch.tip, at=later))
    assert checks_of(patch) == "green"


def test_a_word_that_comes_before_its_patch_is_told_when_it_is_there(bakery: Repository, secret: str) -> None:
    tip = source_of(bakery).propose("ask/softer-crumb", {"reports/oven/soft.md": "# Soft\n"})
    send(secret, "check_suite", **suite(tip))
    sync(bakery)
    patch = a_patch(bakery, branch="ask/softer-crumb")
    assert patch.checks == "unknown"
    with committed():
        tasks.settle()
    assert checks_of(patch) == "green"


STORY = [
    Said("check_run", "1:test", payloads.PENDING, timezone.now() - timedelta(minutes=9)),
    Said("check_run", "1:test", payloads.RED, timezone.now() - timedelta(minutes=8)),
    Said("check_run", "1:test", payloads.PENDING, timezone.now() - timedelta(minutes=7)),
    Said("check_run", "1:test", payloads.GREEN, timezone.now() - timedelta(minutes=6)),
    Said("check_suite", "1:", payloads.GREEN, timezone.now() - timedelta(minutes=6)),
]


def test_in_whatever_order_and_however_often_it_comes_to_the_same() -> None:
    told = {together([*order, *order[:2]])[0] for order in permutations(STORY)}
    assert told == {"green"}
    assert [together(STORY[:n])[0] for n in range(6)] == [
        "unknown", "unknown", "red", "unknown", "unknown", "green",
    ]  # fmt: skip


WORD = st.builds(
    Said,
    of=st.sampled_from(sorted(payloads.CHECKS)),
    name=st.sampled_from("ab"),
    state=st.sampled_from(["green", "red", "pending", "unknown", "quiet"]),
    at=st.datetimes(timezones=st.just(UTC)),
)


@given(st.lists(WORD, max_size=6), st.randoms())
def test_the_order_of_words_never_matters(words: list[Said], shuffled: Any) -> None:
    other = [*words, *words[:2]]
    shuffled.shuffle(other)
    assert together(words) == together(other)


# As GitHub itself would


def test_what_github_sends_is_understood(bakery: Repository, secret: str, github: Double) -> None:
    """A push, a pull request, its checks and a comment, as the double signs and shapes them."""
    remote = github.repository(NAME, Path(bakery.source))
    remote.allows("rin", "admin")
    patch = a_patch(bakery)
    remote.hook(None, secret)
    number = remote.open_pull(patch.branch, "Warmer", by="rin")
    remote.comment(number, "/ask")
    remote.check(patch.tip, "test", "success")
    remote.status(patch.tip, "ci/oven", "success")
    sent = github.deliver(lambda headers, body: post(headers, body).status_code)
    assert {one.answer for one in sent if one.event != "ping"} <= {200, 204}
    rows = {row.event: row.state for row in Delivery.objects.all()}
    assert rows["pull_request"] == rows["status"] == rows["check_run"] == Delivery.DONE
    assert rows["issue_comment"] == Delivery.DONE
    assert checks_of(patch) == "green"
    again = [post(one.headers, one.body) for one in sent if one.answer == 200]
    assert {one.content for one in again} == {b"Taken already; nothing was done again."}


def test_the_page_shows_what_came_and_what_came_of_it(bakery: Repository, secret: str) -> None:
    browser = Client()
    browser.force_login(a_user("op", OPERATOR))
    send(secret, "push", id="delivery-0001")
    page = browser.get("/repositories/bakery/github").content.decode()
    assert 'data-delivery="delivery-0001"' in page
    assert "A reading of the repository was asked for." in page
    assert secret not in page


def test_a_report_that_comes_too_late_is_refused(bakery: Repository, operator: User) -> None:
    patch = a_patch(bakery)
    a_patch(bakery, life.REJECTED)
    with pytest.raises(Refused, match="does not wait"):
        checks.report(patch=patch, state="green", by=operator, tip=patch.tip)
