"""/ask in comments at GitHub: from people who are trusted, once, answered in one comment."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cells import people
from cells.models import Ask, AskComment, AuditEvent, Delivery, Errand, GitHubConnection
from cells.patches import reviews
from cells.permissions import OPERATOR, REVIEWER
from cells.pulls import answers, asked, comments
from cells.refusals import say
from tests.factories import a_user, committed, sync
from tests.pulls.commenting import Place, a_remark, post, settles
from tests.pulls.commenting import place as place

pytestmark = pytest.mark.django_db


def test_one_comment_is_one_ask_and_one_answer_whoever_brings_it(place: Place) -> None:
    number = place.remote.open_issue("Is the oven warm enough?")
    place.remote.comment(number, "Good morning.\n\n/ask what is missing, @acme/all?")
    sent = place.github.deliver(post)
    place.looks()
    assert [post(one.headers, one.body) for one in sent] == [200] * len(sent)
    again = {**sent[0].headers, "X-GitHub-Delivery": "0" * 8 + "-redelivered"}
    assert post(again, sent[0].body) == 200
    place.looks()
    settles()
    ask = Ask.objects.get()
    assert (ask.cell_key, ask.mode, ask.door, ask.asked_by) == ("oven", "u_contract", "github", None)
    assert ask.notes == "what is missing, @acme/all?"
    assert ask.patch
    [ours] = place.ours
    assert ours.issue == number
    assert ours.body.startswith(f"**{ask.patch.decision}** · [patch {ask.patch.pk}](http")
    assert f"/asks/{ask.pk}/)" in ours.body
    assert re.search(
        r"<details><summary>JSON</summary>\n\n```json\n\{.*\}\n```\n\n</details>", ours.body, re.DOTALL
    )
    assert asked.read(ours.body) is None
    event = AuditEvent.objects.get(verb="ask", subject=str(ask.pk))
    assert (event.actor, event.after["login"], event.after["number"]) == ("github", "rin", number)
    place.delivers()  # our own comment comes back to us
    assert AskComment.objects.get().ask == ask


def test_the_answer_is_edited_when_something_comes_of_it(place: Place) -> None:
    row = place.ask(place.remote.open_issue("The oven"), "/ask u_contract oven")
    assert row.ask
    assert row.ask.patch
    said = [one.body for one in place.ours]
    assert "It waits for a decision." in said[0]
    settles()
    assert [one.body for one in place.ours] == said
    reviews.reject(
        patch=row.ask.patch, by=a_user("kim", REVIEWER), reason="Not now.", digest=row.ask.patch.digest
    )
    settles()
    [ours] = place.ours
    assert "It was rejected." in ours.body
    assert answers.settle() == 0


def test_while_it_waits_the_comment_says_so_and_a_cancelled_one_says_that(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    made = place.remote.comment(number, "/ask update_north_star oven")
    remark = a_remark(place, made, number)
    row = comments.take(place.connection, remark)
    assert row
    comments.consider(row)
    row.refresh_from_db()
    with committed():
        answers.follow(row.ask)
    assert [one.body.splitlines()[0] for one in place.ours] == ["Asked; waiting for the answer."]
    with committed():
        comments.asking.cancel(ask=row.ask, by=a_user("kim", OPERATOR))
    [ours] = place.ours
    assert ours.body.startswith("**cancelled** · ")
    assert "`oven` · `update_north_star`" in ours.body


def test_who_is_not_trusted_starts_nothing_and_hears_nothing(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    for login in ("kei", "mio"):
        place.github.world.person(login)
    people.add(login="kei", right=REVIEWER, by="command line", base_url=place.github.url)
    gone = people.add(login="mio", right=OPERATOR, by="command line", base_url=place.github.url)
    gone.user = a_user("mio", REVIEWER)  # an account that is no operator's
    gone.save()
    for login in ("stranger", "kei", "mio"):
        row = place.ask(number, "/ask oven", by=login)
        assert (row.state, row.ask) == (AskComment.REFUSED, None)
        assert say(row.note).startswith("Nothing was started")
    assert not Ask.objects.exists()
    assert place.ours == []
    assert not Errand.objects.exists()


def test_a_login_that_somebody_else_took_over_is_a_stranger(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    place.github.world.person("rin").id += 1_000_000
    assert place.ask(number, "/ask oven").state == AskComment.REFUSED


def test_a_trusted_person_hears_why_nothing_was_asked(place: Place) -> None:
    number = place.remote.open_issue("Something else")
    asked_for = {
        "/ask update_south_star oven": "There is no /ask mode `update_south_star`; the modes are `",
        "/ask": "It is not clear which cell is meant. Name it: `/ask u_contract ",
        "/ask update_north_star toast-2": "There is no cell `toast-2` here.",
        "/ask oven\n```json\n{\n```": "Its CONTEXT_JSON is not one JSON object",
        "/ask persist_report oven": "This mode asks about a waiting patch",
        '/ask\nCONTEXT_JSON: {"project_id": "steel"}': "No cell takes `u_contract` here",
    }
    for text, why in asked_for.items():
        row = place.ask(number, text)
        assert row.state == AskComment.REFUSED, text
        assert place.ours[-1].body.startswith(f"**Not asked.** {why}")
    settles()
    assert len(place.ours) == len(asked_for)
    assert not Ask.objects.exists()


def test_the_backlog_is_asked_about_in_the_name_of_the_cell_that_keeps_such_records(place: Place) -> None:
    number = place.remote.open_issue("The oven")  # which is not what decides
    place.bakery.cells.filter(key="dough").update(ask_modes=["pr_groomer", "u_contract"])
    ask = place.ask(number, "/ask pr_groomer_suggest").ask
    assert ask
    assert (ask.cell_key, ask.mode) == ("dough", "pr_groomer")


def test_without_a_webhook_comments_are_found_from_the_connecting_on(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    place.remote.comment(number, "/ask oven")
    GitHubConnection.objects.update(comments_until=None)
    place.looks()
    assert place.connection.comments_until
    place.github.passes(hours=1)
    GitHubConnection.objects.update(comments_until=timezone.now() + timedelta(minutes=1))
    place.remote.close(number)
    place.remote.comment(number, "/ask", by="rin")
    place.remote.comment(number, "/ask", by="stranger")
    place.remote.comment(number, "`/ask`", by="rin")
    before = len(place.github.calls)
    place.looks()
    assert sorted(AskComment.objects.values_list("state", flat=True)) == ["asked", "refused"]
    assert AskComment.objects.get(state="asked").subject_title == "The oven"
    asked_there = [call.path for call in place.github.calls[before:]]
    assert asked_there[:2] == [
        f"/repos/acme/bakery/issues/{rest}" for rest in ("comments", number)
    ]  # and its title
    assert [path for path in asked_there if "/issues/comments/" in path] == []
    place.looks()
    assert Ask.objects.count() == 1


def test_programs_ask_nothing_also_in_the_name_of_a_person(place: Place) -> None:
    number = place.remote.open_issue("The oven")
    place.github.world.person("helper[bot]").kind = "Bot"
    place.remote.comment(number, "/ask oven", by="helper[bot]")
    place.remote.comment(number, "/ask oven", via=place.github.app("helper", "", issues="write"))
    place.remote.comment(number, "/ask oven\n\n<!-- vpm:answer:1 -->")
    place.delivers()
    place.looks()
    assert not AskComment.objects.exists()
    assert set(Delivery.objects.values_list("state", flat=True)) == {Delivery.IGNORED}


def test_the_pages_show_who_asked_where(place: Place, client: Client) -> None:
    number = place.remote.open_issue("The oven")
    row = place.ask(number, "/ask oven")
    place.ask(number, "/ask oven", by="stranger")
    client.force_login(a_user("kim", OPERATOR))
    page = client.get("/repositories/bakery/github").content.decode()
    there = f"{place.github.world.at.web}/acme/bakery/issues/{number}#issuecomment-{row.id_there}"
    assert f'href="{there}"' in page
    assert "stranger in #" in page
    assert "only people who are known here as operators may ask" in page
    shown = client.get(f"/asks/{row.ask_id}/").content.decode()
    assert f'href="{there}"' in shown
    assert f"asked by rin in #{number}" in shown


def test_under_a_pull_request_its_patch_is_meant(place: Place) -> None:
    number = place.remote.open_pull("think/dough-notes", "Notes", by="codex")
    row = place.ask(number, "/ask persist_report_mvp")
    assert (row.state, say(row.note)) == (AskComment.TAKEN, say(comments.WAITS))  # a reading was asked for
    settles()
    row.refresh_from_db()
    assert row.ask
    assert row.ask.subject
    assert (row.ask.cell_key, row.ask.mode, row.ask.subject.branch) == (
        "dough",
        "persist_report",
        "think/dough-notes",
    )
    plain = place.ask(number, "/ask").ask
    assert plain
    assert (plain.cell_key, plain.mode, plain.subject) == ("dough", "u_contract", row.ask.subject)
    place.remote.close(number)
    sync(place.bakery)
    late = place.ask(number, "/ask persist_report")
    assert late.state == AskComment.REFUSED
    assert place.ours[-1].body.startswith("**Not asked.** That patch does not wait for a decision any more")
    assert {one.issue for one in place.ours} == {number}
