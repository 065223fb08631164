"""The pages of asks, verdicts, lanes and back-tests: who may do what, what they say, and that hostile text stays text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from cells.asks import asking, life, providers
from cells.asks.providers.base import Question, Reply
from cells.backtest import job as backtests
from cells.models import Ask, Backtest, Lane, Patch, Repository
from cells.patches import automatic
from tests.cells.test_pages import HTMX, signed_in
from tests.factories import a_patch, committed, source_of, sync

pytestmark = pytest.mark.django_db

BAD = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def an_ask(
    repository: Repository, by: User, mode: str = "update_north_star", done: bool = True, **told: Any
) -> Ask:
    """Asked on the page of the oven; answered by the rules unless it is to stay queued."""
    cell = repository.cells.get(key="oven")
    if not done:
        return asking.start(cell=cell, mode=mode, by=by, door="page", **told)
    with committed():
        ask = asking.start(cell=cell, mode=mode, by=by, door="page", **told)
    return Ask.objects.get(pk=ask.pk)


def a_backtest(repository: Repository, by: User, contract: str = "") -> Backtest:
    with committed():
        row = backtests.start(repository=repository, by=by, contract=contract, assume_green=True)
    return Backtest.objects.get(pk=row.pk)


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A provider that answers with this text, whatever it is asked."""

    def answering(text: str) -> None:
        class Parrot:
            name = "rules"

            def answer(self, question: Question, alive: Callable[[], None]) -> Reply:
                return Reply(text)

        monkeypatch.setattr(providers, "provider", lambda name: Parrot())

    return answering


def pages(repository: Repository, by: User) -> list[str]:
    ask, snapshot = an_ask(repository, by), an_ask(repository, by, "pm_snapshot")
    assert (ask.state, snapshot.state) == (life.PLAN_ONLY, life.ANSWERED)
    return [
        "/asks/", "/asks/?state=failed&mode=pm_snapshot&cell=oven", f"/asks/{ask.pk}/", f"/asks/{snapshot.pk}/",
        f"/patches/{snapshot.patch_id}/", "/cells/oven/", "/cells/oven/panel/", "/lanes/", "/backtest/",
        f"/backtest/{a_backtest(repository, by).pk}/?decision=REVIEW_REQUIRED&rule=category",
        "/patches/?verdict=REVIEW_REQUIRED",
    ]  # fmt: skip


def test_a_viewer_sees_every_page_in_both_languages_and_no_form_that_changes_anything(
    repository: Repository, viewer: User, operator: User
) -> None:
    client = signed_in(viewer)
    for page in pages(repository, operator):
        for language in ("en", "ja"):
            answer = client.get(page, headers={"accept-language": language})
            assert answer.status_code == 200, page
            assert 'method="post"' not in answer.text.split('<main id="main"')[-1], page


def test_a_stranger_sees_none_and_reads_why(repository: Repository, stranger: User, operator: User) -> None:
    client = signed_in(stranger)
    for page in pages(repository, operator):
        answer = client.get(page)
        assert answer.status_code == 403, page
        assert "right “viewer”" in answer.text


@pytest.mark.parametrize("who", ["viewer", "reviewer"])
def test_only_an_operator_asks_switches_and_reports(
    repository: Repository, operator: User, who: str, request: pytest.FixtureRequest
) -> None:
    ask, patch = an_ask(repository, operator), a_patch(repository)
    client = signed_in(request.getfixturevalue(who))
    posts = {
        "/cells/oven/ask": {"mode": "update_north_star"},
        f"/asks/{ask.pk}/again": {}, f"/asks/{ask.pk}/send-back": {"comment": "Look twice."}, f"/asks/{ask.pk}/cancel": {},
        f"/patches/{patch.pk}/ask": {"cell": "oven"},
        f"/patches/{patch.pk}/checks": {"state": "green", "tip": patch.tip},
        "/lanes/monitoring/auto-merge": {"on": "1"},
        "/backtest/": {},
    }  # fmt: skip
    for url, told in posts.items():
        for headers in ({}, HTMX):
            answer = client.post(url, told, **headers)
            assert answer.status_code == 403, url
            assert "right “operator”" in answer.text, url
    assert Ask.objects.count() == 1
    assert not Backtest.objects.exists()
    assert not Lane.objects.filter(auto_merge=True).exists()
    assert Patch.objects.get(pk=patch.pk).checks == "unknown"


def test_asking_leads_to_the_page_of_the_ask_with_and_without_javascript(
    repository: Repository, operator: User
) -> None:
    client = signed_in(operator)
    told = {"mode": "update_north_star", "notes": "Only the newest run."}
    with committed():
        plain = client.post("/cells/oven/ask", told)
        hopped = client.post("/cells/oven/ask", told, **HTMX)
    later, first = Ask.objects.all()
    assert plain["Location"] == f"/asks/{first.pk}/"
    assert hopped["HX-Redirect"] == f"/asks/{later.pk}/"
    text = client.get(f"/asks/{first.pk}/").text
    assert "plan only" in text
    assert "Only the newest run." in text
    assert "What to do" in text
    assert "&quot;schema&quot;: &quot;vpm_context_v1&quot;" in text
    assert "same answer as" in client.get(f"/asks/{later.pk}/").text


def test_a_refused_question_is_answered_where_the_button_was(repository: Repository, operator: User) -> None:
    client = signed_in(operator)
    told = {"mode": "tell_fortunes", "notes": "I typed this."}
    part = client.post("/cells/oven/ask", told, **HTMX)
    assert part.status_code == 409
    assert part.text.startswith('<section id="ask-box"')
    assert "There is no /ask mode tell_fortunes" in part.text
    assert "I typed this." in part.text
    page = client.post("/cells/oven/ask", told)
    assert page.status_code == 409
    assert "There is no /ask mode tell_fortunes" in page.text
    assert "<h1>oven</h1>" in page.text
    assert not Ask.objects.exists()


def test_an_open_ask_is_followed_every_second_and_can_be_cancelled_once(
    repository: Repository, operator: User
) -> None:
    ask = an_ask(repository, operator, done=False)
    client = signed_in(operator)
    open_page = client.get(f"/asks/{ask.pk}/").text
    assert 'hx-trigger="every 1s"' in open_page
    assert "Run again" not in open_page
    ended = client.post(f"/asks/{ask.pk}/cancel", **HTMX)
    assert ended.text.strip().startswith('<div id="ask"')
    assert "every 1s" not in ended.text
    assert "Someone cancelled it" in ended.text
    late = client.post(f"/asks/{ask.pk}/cancel", **HTMX)
    assert late.status_code == 409
    assert "This ask was cancelled." in late.text


def test_an_answer_is_sent_back_with_a_comment_and_both_name_each_other(
    repository: Repository, operator: User
) -> None:
    ask, client = an_ask(repository, operator), signed_in(operator)
    silent = client.post(f"/asks/{ask.pk}/send-back", {"comment": " "})
    assert silent.status_code == 409
    assert "Say what is wrong with the answer" in silent.text
    with committed():
        answer = client.post(f"/asks/{ask.pk}/send-back", {"comment": "You missed the run of noon."})
    child = Ask.objects.get(parent=ask)
    assert answer["Location"] == f"/asks/{child.pk}/"
    assert "You missed the run of noon." in client.get(f"/asks/{child.pk}/").text
    assert f"/asks/{child.pk}/" in client.get(f"/asks/{ask.pk}/").text
    assert f"/asks/{ask.pk}/" in client.get(f"/asks/{child.pk}/").text


@pytest.mark.parametrize(
    "reply",
    [
        BAD,
        json.dumps({"plan": [BAD], "warnings": [BAD], "needs": [{"sentence": BAD, "kind": BAD}], BAD: {BAD: BAD}}),
        json.dumps({"state_patch": [{"path": BAD, "match_heading": BAD, "markdown": BAD, "evidence": [BAD]}]}),
    ],
)  # fmt: skip
def test_hostile_answers_stay_text(
    repository: Repository, viewer: User, operator: User, says: Callable[[str], None], reply: str
) -> None:
    says(reply)
    ask = an_ask(repository, operator, notes=BAD)
    assert not ask.open
    client = signed_in(viewer)
    for page in (f"/asks/{ask.pk}/", "/asks/", "/cells/oven/", "/cells/oven/panel/"):
        text = client.get(page).text
        assert "<script>alert" not in text, page
        assert "<img src=x" not in text, page
    assert "&lt;script&gt;alert(1)" in client.get(f"/asks/{ask.pk}/").text


def test_evidence_of_the_kind_an_answer_waits_for_offers_to_ask_again(
    repository: Repository, viewer: User, operator: User, says: Callable[[str], None]
) -> None:
    need = {"kind": "report", "sentence": "A report of the noon run would change it."}
    says(json.dumps({"rationale": ["Noon is missing."], "plan": ["Wait for noon."], "needs": [need]}))
    ask = an_ask(repository, operator)
    text = signed_in(viewer).get(f"/asks/{ask.pk}/").text
    assert "What evidence would change the answer" in text
    assert text.count("<li>A report of the noon run would change it.") == 1
    offer = "New evidence of the kind it waited for came in."
    assert offer not in signed_in(operator).get("/cells/oven/").text
    source_of(repository).commit({"reports/oven/heat_20260302T1200Z.md": "# Heat\n\nNoon: 218 degrees.\n"})
    sync(repository)
    seen = signed_in(viewer).get("/cells/oven/").text
    assert offer in seen
    assert f"/asks/{ask.pk}/again" not in seen
    assert f'action="/asks/{ask.pk}/again"' in signed_in(operator).get("/cells/oven/").text


def test_a_reply_nobody_understands_is_kept_whole_and_shown(
    repository: Repository, operator: User, says: Callable[[str], None]
) -> None:
    says("I would rather talk about the weather.")
    ask = an_ask(repository, operator)
    assert ask.state == life.FAILED
    text = signed_in(operator).get(f"/asks/{ask.pk}/").text
    assert "<details open><summary>The reply, whole" in text
    assert "I would rather talk about the weather." in text


def test_parts_are_fetched_alone(repository: Repository, viewer: User, operator: User) -> None:
    ask, row, patch = an_ask(repository, operator), a_backtest(repository, operator), a_patch(repository)
    client = signed_in(viewer)
    parts = {
        "/asks/": ("list", '<div id="list"'),
        f"/asks/{ask.pk}/": ("ask", '<div id="ask"'),
        f"/patches/{patch.pk}/": ("verdict", '<section id="verdict"'),
        "/lanes/": ("lanes", '<div id="lanes"'),
        f"/backtest/{row.pk}/": ("cases", '<div id="cases"'),
    }
    for url, (target, begins) in parts.items():
        assert client.get(url, **HTMX, HTTP_HX_TARGET=target).text.strip().startswith(begins), url
        assert client.get(url).text.startswith("<!doctype html>"), url


def test_a_long_list_of_asks_takes_as_many_queries_as_a_short_one(
    repository: Repository, viewer: User, operator: User, django_assert_max_num_queries: Any
) -> None:
    cell = repository.cells.get(key="oven")
    told = {
        "repository": repository,
        "cell": cell,
        "cell_key": "oven",
        "mode": "pm_snapshot",
        "provider": "rules",
    }
    an_ask(repository, operator, "pm_snapshot")
    Ask.objects.bulk_create(
        Ask(**told, door="page", asked_by=operator, state_at=timezone.now(), patch=a_patch(repository))
        for _ in range(60)
    )
    client = signed_in(viewer)
    with django_assert_max_num_queries(22):
        assert client.get("/asks/").text.count('class="ask-row"') == 30
    with django_assert_max_num_queries(60):
        assert client.get("/cells/oven/").text.count('class="ask-row"') == 5


def test_a_patch_shows_what_the_contract_says_and_where(repository: Repository, viewer: User) -> None:
    patch = a_patch(repository)
    assert patch.verdict
    client = signed_in(viewer)
    text = client.get(f"/patches/{patch.pk}/").text
    assert text.index('id="verdict"') < text.index('id="decision"')
    assert "review required" in text
    assert all(f">{reason['rule']}<" in text for reason in patch.verdict["reasons"])
    assert patch.title in client.get("/patches/?verdict=REVIEW_REQUIRED").text
    assert patch.title not in client.get("/patches/?verdict=AUTO_MERGE_OK").text


def test_places_lead_into_the_diff_or_to_the_line(repository: Repository, viewer: User) -> None:
    patch = a_patch(repository)
    path = patch.files[0]["path"]
    reasons = [
        {"rule": "r", "place": place, "decision": "REVIEW_REQUIRED", "text": BAD, "params": {}}
        for place in (path, f"{path}:4", "swarm.toml:2", "", BAD)
    ]
    Patch.objects.filter(pk=patch.pk).update(verdict={**(patch.verdict or {}), "reasons": reasons})
    client = signed_in(viewer)
    text = client.get(f"/patches/{patch.pk}/").text
    assert '<a href="#f1"><code>' in text
    assert f"commit={patch.tip}#L4" in text
    assert f"commit={repository.head}#L2" in text
    assert "<script>alert" not in text


def test_a_patch_that_is_not_judged_yet_says_so(repository: Repository, viewer: User) -> None:
    patch = a_patch(repository)
    Patch.objects.filter(pk=patch.pk).update(verdict=None, decision="")
    assert "not judged yet" in signed_in(viewer).get(f"/patches/{patch.pk}/").text


def test_checks_are_reported_for_exactly_the_commit_that_waits(
    repository: Repository, operator: User
) -> None:
    patch, client = a_patch(repository), signed_in(operator)
    url = f"/patches/{patch.pk}/checks"
    wrong = client.post(url, {"state": "green", "tip": "0" * 40}, **HTMX)
    assert wrong.status_code == 409
    assert wrong.text.startswith('<section id="verdict"')
    assert "another commit than the one that waits" in wrong.text
    assert client.post(url, {"state": "purple", "tip": patch.tip}).status_code == 409
    assert "Checks: green" in client.post(url, {"state": "green", "tip": patch.tip}, **HTMX).text
    assert client.post(url, {"state": "red", "tip": patch.tip})["Location"] == f"/patches/{patch.pk}/"


def test_an_operator_asks_about_a_patch_for_one_of_its_cells(repository: Repository, operator: User) -> None:
    patch, client = a_patch(repository, branch="think/dough-notes"), signed_in(operator)
    assert "Ask what it is" in client.get(f"/patches/{patch.pk}/").text
    with committed():
        answer = client.post(f"/patches/{patch.pk}/ask", {"cell": "dough"}, **HTMX)
    ask = Ask.objects.get(subject=patch)
    assert answer["HX-Redirect"] == f"/asks/{ask.pk}/"
    assert (ask.mode, ask.state) == ("persist_report", life.ANSWERED)
    made = client.get(f"/patches/{ask.patch_id}/").text
    assert f"Made by ask {ask.pk}" in made
    assert "What supports it" in made
    assert client.post(f"/patches/{patch.pk}/ask", {"cell": "nobody"}).status_code == 404


def test_a_lane_is_switched_on_and_off_and_says_why_it_stopped(
    repository: Repository, operator: User, viewer: User
) -> None:
    client = signed_in(operator)
    part = client.post("/lanes/sample/auto-merge", {"on": "1"}, **HTMX)
    assert part.text.strip().startswith('<div id="lanes"')
    assert "Switch it off" in part.text
    lane = repository.lanes.get(key="sample")
    assert lane.auto_merge
    client.post("/lanes/sample/auto-merge", {"on": "0"})
    assert not repository.lanes.get(key="sample").auto_merge
    Lane.objects.filter(pk=lane.pk).update(auto_stopped=automatic.NOT_ANY_MORE.as_json())
    seen = signed_in(viewer).get("/lanes/").text
    assert "a person decides" in seen
    assert "<button" not in seen.split('id="lanes"')[1].split("</main>")[0]


def test_a_back_test_is_started_watched_and_read(repository: Repository, operator: User) -> None:
    client = signed_in(operator)
    waiting = client.post("/backtest/", {"assume_green": "1"})
    row = Backtest.objects.get()
    assert waiting["Location"] == f"/backtest/{row.pk}/"
    assert 'hx-trigger="every 1s"' in client.get(f"/backtest/{row.pk}/").text
    backtests.execute(row)
    assert client.get(f"/backtest/{row.pk}/", **HTMX, HTTP_HX_TARGET="run")["HX-Refresh"] == "true"
    text = client.get(f"/backtest/{row.pk}/").text
    assert "every 1s" not in text
    assert "ask/warmer-oven" in text
    assert "No case matches" in client.get(f"/backtest/{row.pk}/?rule=no-such-rule").text
    assert f"/backtest/{row.pk}/" in client.get("/backtest/").text


def test_a_broken_contract_is_refused_beside_what_was_typed(repository: Repository, operator: User) -> None:
    answer = signed_in(operator).post("/backtest/", {"contract": "this is = not [ toml"})
    assert answer.status_code == 409
    assert "this is = not [ toml" in answer.text
    assert 'role="alert"' in answer.text
    assert not Backtest.objects.exists()


def test_asks_of_another_repository_are_not_found_under_this_one(viewer: User) -> None:
    client: Client = signed_in(viewer)
    for page in ("/asks/999999/", "/backtest/999999/", "/asks/", "/lanes/", "/backtest/"):
        assert client.get(page).status_code == 404, page


def test_a_history_file_adds_pull_requests_that_git_does_not_hold(
    repository: Repository, operator: User
) -> None:
    told = {"number": 7, "title": "Oven code", "merged": True, "files": [{"path": "oven.py", "status": "A"}]}
    file = SimpleUploadedFile("history.jsonl", (json.dumps(told) + "\nno json\n").encode())
    signed_in(operator).post("/backtest/", {"assume_green": "1", "history": file})
    row = Backtest.objects.get()
    backtests.execute(row)
    row.refresh_from_db()
    assert row.result is not None, row.error
    (case,) = [case for case in row.result["cases"] if case["pr"] == 7]
    assert (case["paths"], case["verdict"]["decision"]) == (["oven.py"], "REVIEW_REQUIRED")
    assert any("Line 2" in problem for problem in row.result["counts"]["problems"])
