"""The groomer: what it proposes for all that waits is read, changed, and then decided at once, each by its own digest."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from cells import accounts
from cells.asks import asking
from cells.hosts.github import connecting
from cells.hosts.github.connecting import Wish
from cells.models import Ask, AuditEvent, Errand, Lane, Patch, PullRequest, Repository
from cells.patches import bulk, life, reviews
from cells.permissions import OPERATOR, REVIEWER, VIEWER
from cells.pulls import grooming, sorting
from cells.refusals import Forbidden, Refused
from cells.views.grooming import in_words
from tests.cells.test_bulk import form_of, signed_in
from tests.factories import FILES, a_patch, a_repository, a_user, committed, source_of, sync
from tests.github.double import Double
from tests.pulls.landing_helpers import beat
from tests.pulls.mirrored import at_github, connected

pytestmark = pytest.mark.django_db

NOTE = "# Note {0}\n\nWarm.\n"
NOTES = {f"ask/note-{n}": {f"reports/oven/note_20260302T0{n}00Z.md": NOTE.format(n)} for n in range(1, 6)}
STATE = FILES["STATE/bread/current_state.md"]
OTHERS = {
    "ask/twin-a": {"docs/rye.md": "Rye.\n"}, "ask/twin-b": {"docs/rye.md": "Rye.\n"},
    "ask/hot": {"STATE/bread/current_state.md": STATE.replace("210", "220")},
    "ask/cool": {"STATE/bread/current_state.md": STATE.replace("210", "190")},
}  # fmt: skip


@pytest.fixture
def bakery(tmp_path: Path) -> Repository:
    return a_repository(tmp_path, proposals=NOTES | OTHERS)


@pytest.fixture
def rin() -> User:
    return a_user("rin", REVIEWER)


def pulled(bakery: Repository, branch: str, number: int, **said: Any) -> PullRequest:
    """The patch of a branch is this pull request at GitHub."""
    patch = a_patch(bakery, branch=branch)
    if not hasattr(bakery, "github"):
        wish = Wish(full_name="acme/bakery", secret="github_pat_x")
        connecting.connect(repository=bakery, wish=wish, by="command line")
        bakery.refresh_from_db()
    when = {"created_there": timezone.now(), "updated_there": timezone.now()}
    told = {"title": patch.title, "head": patch.tip, "head_ref": branch, "base_ref": "main"} | when | said
    pull = PullRequest.objects.create(connection=bakery.github, number=number, **told)
    Patch.objects.filter(pk=patch.pk).update(pull=pull)
    return pull


def groomed(bakery: Repository) -> Ask:
    with committed():
        ask = asking.start(
            cell=bakery.cells.get(key="dough"), mode="pr_groomer", by=None, door="command", provider="rules"
        )
    ask.refresh_from_db()
    return ask


def proposed(ask: Ask, by: User) -> dict[str, tuple[str, str, str]]:
    lines = grooming.plan(ask, by).lines
    return {line.patch.branch: (line.said.category, line.wish.action, line.how) for line in lines}


def wishes(ask: Ask, by: User, **actions: str) -> list[grooming.Wish]:
    """As the answer proposes, but for these branches under ask/."""
    lines = grooming.plan(ask, by).lines
    return [
        grooming.Wish(line.wish.seen, actions.get(line.patch.branch.removeprefix("ask/").replace("-", "_"), line.wish.action), line.said.reason)
        for line in lines
    ]  # fmt: skip


def ways(lines: list[grooming.Line]) -> dict[str, str]:
    return {line.patch.branch: line.how for line in lines}


def test_the_contract_labels_drafts_and_checks_decide_what_is_proposed(bakery: Repository, rin: User) -> None:
    pulled(bakery, "ask/note-1", 11)
    pulled(bakery, "ask/note-2", 12, draft=True)
    pulled(bakery, "ask/note-3", 13, labels=["Do not merge"])
    pulled(bakery, "ask/note-4", 14, checks=[{"name": "lint", "state": "red", "url": ""}])
    pulled(bakery, "ask/note-5", 15, labels=["experiment", "groomer:ssot"])
    said = proposed(groomed(bakery), rin)
    assert said == {
        "ask/note-1": ("ssot", "merge", "ready"),
        "ask/note-2": ("needs-triage", "keep", "ready"),
        "ask/note-3": ("blocked", "keep", "ready"),
        "ask/note-4": ("blocked", "keep", "ready"),
        "ask/note-5": ("ephemeral", "keep", "ready"),
        "ask/twin-a": ("ssot", "keep", "kept"),
        "ask/twin-b": ("ephemeral", "close", "ready"),
        "ask/hot": ("ephemeral", "close", "ready"),  # a newer one of the same author is there
        "ask/cool": ("needs-triage", "keep", "kept"),
    }


def test_the_question_names_the_version_and_what_github_says_of_it(bakery: Repository) -> None:
    pulled(bakery, "ask/note-1", 11, labels=["bread", "groomer:ssot"], author="codex", mergeable="dirty")
    context = groomed(bakery).context
    assert context is not None
    (item,) = [one for one in context["pull_requests"] if one["number"] == 11]
    patch = a_patch(bakery, branch="ask/note-1")
    assert patch.digest.startswith(item["digest"])
    assert (item["author"], item["labels"], item["has_conflicts"]) == ("codex", ["bread"], True)
    assert item["verdict"]["held_by"] == ["checks"]


def test_what_waits_is_asked_about_in_few_words_before_any_of_it_is_left_out(
    bakery: Repository, rin: User, settings: Any
) -> None:
    settings.VPM_ASK_BUDGET = 1_500
    ask = groomed(bakery)
    assert ask.context is not None
    assert len(ask.context["pull_requests"]) == len(NOTES | OTHERS)
    assert "pull_requests" not in ask.context["left_out"]
    assert [one["digest"] for one in ask.context["pull_requests"] if "base_ref" not in one]
    assert len(grooming.plan(ask, rin).lines) == len(NOTES | OTHERS)
    settings.VPM_ASK_BUDGET = 600
    with committed():
        less = asking.again(ask=ask, by=a_user("omi", OPERATOR))
    less.refresh_from_db()
    assert less.context is not None
    assert less.context["left_out"]["pull_requests"] + len(less.context["pull_requests"]) == len(
        NOTES | OTHERS
    )


def test_applying_closes_approves_and_labels_each_with_its_reason(bakery: Repository, rin: User) -> None:
    for number, branch in enumerate(("ask/note-1", "ask/note-2", "ask/twin-b"), start=11):
        pulled(bakery, branch, number)
    ask = groomed(bakery)
    lines = grooming.apply(ask=ask, wishes=wishes(ask, rin, note_2="keep"), by=rin)
    assert grooming.counted(lines) == {"merge": 1, "close": 2, "keep": 1, "kept": 5}
    states = dict(bakery.patches.values_list("branch", "state"))
    assert (states["ask/note-1"], states["ask/twin-b"]) == (life.APPROVED, life.ARCHIVED)
    assert states["ask/note-2"] == states["ask/cool"] == life.PROPOSED
    archived = a_patch_of(bakery, "ask/twin-b").reviews.get()
    assert (archived.by, archived.via) == (rin, "bulk")
    assert archived.reason.startswith("The same change already waits in #")
    told = {row.number: row.said["add"] for row in Errand.objects.filter(verb=Errand.LABEL)}
    assert told == {11: ["groomer:ssot"], 12: ["groomer:ssot"], 13: ["groomer:ephemeral"]}
    assert set(Errand.objects.filter(verb=Errand.LABEL).values_list("key", flat=True)) == {f"groom:{ask.pk}:{n}" for n in told}  # fmt: skip
    assert AuditEvent.objects.get(verb="groom").after["close"] == 2


def a_patch_of(bakery: Repository, branch: str) -> Patch:
    return bakery.patches.filter(branch=branch).latest("pk")


def test_what_changed_since_the_groomer_looked_is_left_alone(bakery: Repository, rin: User) -> None:
    ask = groomed(bakery)
    Patch.objects.filter(branch="ask/note-1").update(digest="f" * 64)
    lines = grooming.apply(ask=ask, wishes=wishes(ask, rin, note_1="close", note_2="close"), by=rin)
    assert (ways(lines)["ask/note-1"], ways(lines)["ask/note-2"]) == (bulk.STALE, bulk.DONE)
    assert "changed since the groomer looked" in str(
        next(line.why for line in lines if line.how == bulk.STALE)
    )
    assert a_patch(bakery, branch="ask/note-1").state == life.PROPOSED


def test_a_new_version_of_a_branch_is_not_what_was_sorted(bakery: Repository, rin: User) -> None:
    ask = groomed(bakery)
    old = wishes(ask, rin, note_1="close")
    source_of(bakery).commit({"reports/oven/note_20260302T0100Z.md": "# Hot\n"}, branch="ask/note-1")
    sync(bakery)
    assert "ask/note-1" not in proposed(ask, rin)
    lines = grooming.apply(ask=ask, wishes=old, by=rin)
    assert ways(lines)["ask/note-1"] == bulk.STALE
    assert a_patch(bakery, branch="ask/note-1").state == life.PROPOSED


def test_what_is_closed_here_does_not_collide_with_what_is_merged_here(bakery: Repository, rin: User) -> None:
    ask = groomed(bakery)
    both = grooming.preview(ask, wishes(ask, rin, hot="merge", cool="merge"), rin)
    assert ways(both)["ask/hot"] == ways(both)["ask/cool"] == bulk.MEETS
    one = wishes(ask, rin, hot="merge", cool="close")
    assert ways(grooming.preview(ask, one, rin))["ask/hot"] == bulk.READY
    assert ways(grooming.apply(ask=ask, wishes=one, by=rin))["ask/hot"] == bulk.DONE


def test_ones_own_proposal_is_told_as_not_ones_to_merge(bakery: Repository, rin: User) -> None:
    ask = groomed(bakery)
    a_patch(bakery, branch="ask/note-3").editors.add(rin)
    lines = grooming.apply(ask=ask, wishes=wishes(ask, rin, note_3="merge", note_4="merge"), by=rin)
    assert (ways(lines)["ask/note-3"], ways(lines)["ask/note-4"]) == (bulk.FORBIDDEN, bulk.DONE)


def test_what_waits_for_a_second_person_is_not_said_to_land(bakery: Repository, rin: User) -> None:
    ask = groomed(bakery)
    Lane.objects.filter(repository=bakery).update(approvals=2)
    chosen = [one for one in wishes(ask, rin, note_1="merge") if one.action == sorting.MERGE]
    said = "1 gets your approval and waits for somebody else's"
    assert in_words(grooming.preview(ask, chosen, rin), bakery) == said
    assert in_words(grooming.apply(ask=ask, wishes=chosen, by=rin), bakery) == said
    assert a_patch(bakery, branch="ask/note-1").reviews.get().by == rin


def test_an_answer_that_contradicts_itself_decides_nothing(bakery: Repository, rin: User) -> None:
    ask = groomed(bakery)
    patch = a_patch(bakery, branch="ask/note-1")
    assert ask.answer is not None
    for action in ("close", "merge_when_green"):
        said = {"patch": patch.pk, "category": "ephemeral", "recommended_action": action, "reason": "Old."}
        ask.answer["classifications"].append(said)
    ask.answer["classifications"].append(
        {"patch": 999_999, "category": "ssot", "recommended_action": "close"}
    )
    ask.save(update_fields=["answer"])
    assert proposed(ask, rin)["ask/note-1"][1] == "keep"
    assert len(proposed(ask, rin)) == len(NOTES | OTHERS)


def test_only_a_reviewer_and_only_an_answer_of_the_groomer(bakery: Repository, rin: User) -> None:
    ask = groomed(bakery)
    with pytest.raises(Forbidden):
        grooming.plan(ask, a_user("vera", VIEWER))
    with committed():
        other = asking.start(cell=bakery.cells.get(key="dough"), mode="u_contract", by=None, door="command")
    other.refresh_from_db()
    with pytest.raises(Refused, match="no answer that sorts"):
        grooming.plan(other, rin)
    with pytest.raises(Refused, match="At most 200"):
        grooming.preview(ask, wishes(ask, rin) * 30, rin)
    assert signed_in(a_user("vera")).get(f"/asks/{ask.pk}/groom").status_code == 403


def test_from_the_inbox_through_the_preview_to_the_result_and_back(bakery: Repository, rin: User) -> None:
    ask, client = groomed(bakery), signed_in(rin)
    inbox = client.get("/inbox/").text
    assert "The groomer sorted 9 of 10 waiting proposals; look and apply" in inbox
    assert f"/asks/{ask.pk}/groom" in client.get(f"/asks/{ask.pk}/").text
    page = client.get(f"/asks/{ask.pk}/groom").text
    form = filled(page, f"/asks/{ask.pk}/groom/preview") | {"all-keep-needs-triage": "close", "reason-keep-needs-triage": "Had its day."}  # fmt: skip
    preview = client.post(f"/asks/{ask.pk}/groom/preview", form).text
    assert heading(preview) == "8 are closed, 1 stays as it is"
    assert bakery.patches.filter(state=life.PROPOSED).count() == 10
    done = client.post(f"/asks/{ask.pk}/groom/apply", filled(preview, f"/asks/{ask.pk}/groom/apply")).text
    assert heading(done) == "8 are closed"
    assert bakery.patches.filter(state=life.ARCHIVED, reviews__reason="Had its day.").count() == 6
    assert "The groomer sorted" not in client.get("/inbox/").text
    client.post("/undo")
    assert bakery.patches.filter(state=life.PROPOSED).count() == 10


def test_a_row_says_otherwise_than_its_group_and_is_heard(bakery: Repository, rin: User) -> None:
    ask, client = groomed(bakery), signed_in(rin)
    first, second = (a_patch(bakery, branch=f"ask/note-{n}").pk for n in (1, 2))
    form = filled(client.get(f"/asks/{ask.pk}/groom").text, f"/asks/{ask.pk}/groom/preview")
    changed = {"pk": [str(first), str(second)], "all-keep-needs-triage": "close", f"action-{second}": "skip"}
    assert heading(client.post(f"/asks/{ask.pk}/groom/preview", form | changed).text) == "1 is closed"
    answer = client.post(f"/asks/{ask.pk}/groom/preview", form | changed | {"pk": []})
    assert (answer.status_code, "Choose at least one patch." in answer.text) == (409, True)


def test_an_answers_reason_is_cut_once_shown_whole_and_never_put_under_what_it_did_not_propose(
    bakery: Repository, rin: User
) -> None:
    ask, client = groomed(bakery), signed_in(rin)
    close, merge, turned, own = (a_patch(bakery, branch=f"ask/note-{n}").pk for n in (1, 2, 3, 4))
    assert ask.answer is not None
    actions = {close: "close", merge: "merge_when_green", turned: "merge_when_green", own: "keep_open"}
    ask.answer["classifications"] = [
        {"patch": pk, "category": "ssot", "recommended_action": action, "reason": f"Number {pk}.\n" + "why " * 900}
        for pk, action in actions.items()
    ]  # fmt: skip
    ask.save(update_fields=["answer"])
    page = client.get(f"/asks/{ask.pk}/groom").text
    shown = {line.patch.pk: line.said.reason for line in grooming.plan(ask, rin).lines}
    assert {(len(reason), reason[-1]) for reason in shown.values()} == {(sorting.SHOWN, "…")}
    form = filled(page, f"/asks/{ask.pk}/groom/preview") | {
        "pk": [str(pk) for pk in actions], f"action-{turned}": "close", f"action-{own}": "close", "reason-keep-ssot": "Mine.",
    }  # fmt: skip
    preview = client.post(f"/asks/{ask.pk}/groom/preview", form).text
    told = {pk: shown[pk] for pk in (close, merge)} | {turned: "", own: "Mine."}
    for pk, reason in told.items():
        assert f'<span class="order-because">{reason}</span>' in preview or not reason
        assert shown[pk] in page
    assert shown[turned] not in preview
    client.post(f"/asks/{ask.pk}/groom/apply", filled(preview, f"/asks/{ask.pk}/groom/apply"))
    stored = dict(Patch.objects.filter(pk__in=actions).values_list("pk", "reviews__reason"))
    assert stored == told


def heading(text: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)
    assert found
    return found[1].strip()


def filled(text: str, action: str) -> dict[str, list[str]]:
    """What a browser would send, its select boxes too."""
    chosen = re.findall(r'<select name="([^"]*)">(.*?)</select>', text, re.DOTALL)
    fields = {name: re.findall(r'value="([^"]*)" selected', options) for name, options in chosen}
    return fields | form_of(text, action)


def test_a_program_reads_the_plan_and_applies_it(bakery: Repository, rin: User) -> None:
    ask = groomed(bakery)
    client, path = Client(), f"/api/v1/asks/{ask.pk}/groom"
    headers = {"Authorization": f"Bearer {accounts.make_token(user=rin, scope='reviewer')}"}
    items = client.get(path, headers=headers).json()["items"]
    chosen = [
        {name: one[name] for name in ("patch", "digest", "verdict", "reason")} | {"action": "close"}
        for one in items
        if one["how"] == "kept"
    ]
    strange = {"patch": 999_999, "digest": "", "action": "keep"}
    body = {"items": [*chosen, strange]}
    tried = client.post(
        path, body | {"dry_run": True}, content_type="application/json", headers=headers
    ).json()
    assert (tried["counted"], tried["items"][-1]["how"]) == ({"close": 7, "not_found": 1}, "not_found")
    assert bakery.patches.filter(state=life.ARCHIVED).count() == 0
    done = client.post(path, body, content_type="application/json", headers=headers).json()
    assert {one["how"] for one in done["items"]} == {"done", "not_found"}
    assert bakery.patches.filter(state=life.ARCHIVED).count() == 7
    assert client.post(path, body, content_type="application/json", headers=headers).json()["counted"] == {
        "stale": 7, "not_found": 1,
    }  # fmt: skip


def test_at_github_it_is_labelled_closed_with_the_reason_and_approved(
    github: Double, tmp_path: Path, settings: Any, rin: User
) -> None:
    remote = at_github(github, tmp_path)
    numbers = []
    for n in (1, 2, 3):
        remote.push(f"note-{n}", NOTES[f"ask/note-{n}"])
        numbers.append(remote.open_pull(f"note-{n}", f"Note {n}"))
    remote.label(numbers[2], "bread", "groomer:blocked")
    bakery = connected(remote, github, settings)
    ask = groomed(bakery)
    rows = {line.number: line.wish for line in grooming.plan(ask, rin).lines}
    chosen = [
        grooming.Wish(rows[number].seen, action, "Had its day.")
        for number, action in zip(numbers, ("close", "merge", "keep"), strict=True)
    ]
    with committed():
        lines = grooming.apply(ask=ask, wishes=chosen, by=rin)
    assert {line.how for line in lines} == {bulk.DONE}
    closing = Errand.objects.get(verb=Errand.CLOSE)  # as long as Undo is offered
    assert timedelta(seconds=100) < closing.not_before - timezone.now() <= reviews.OFFERED
    assert remote.pull(numbers[0]).state == "open"
    beat()
    labels = [sorted(remote.pull(number).labels) for number in numbers]
    assert labels == [["groomer:ssot"], ["groomer:ssot"], ["bread", "groomer:ssot"]]
    states = [(remote.pull(number).state, remote.pull(number).merged is not None) for number in numbers]
    assert states == [("closed", False), ("closed", True), ("open", False)]
    assert "Had its day." in next(comment.body for comment in remote.it.comments.values())
