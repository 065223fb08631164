"""How well are we deciding: the figures are counted right, small ones stay numbers, and they are about nobody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cells import learning
from cells.learning.landings import lane_and_rule
from cells.learning.shapes import Decided, Share, Spread
from cells.learning.times import spread
from cells.models import Patch, Repository, Review
from cells.patches import life, planting, reverting, reviews
from cells.patches.planting import Seed
from cells.patches.verdicts import fingerprint
from cells.permissions import OPERATOR, REVIEWER
from cells.views.learning import length
from tests.cells.callers import program
from tests.cells.deciding import again, approve, landed
from tests.factories import FILES, STATE, a_patch, a_repository, a_user, committed, source_of, sync

PATH = "STATE/bread/current_state.md"
HOUR = 3600


def aged(patch: Patch, hours: float, **fields: Any) -> None:
    """It came here so long ago."""
    Patch.objects.filter(pk=patch.pk).update(proposed_at=timezone.now() - timedelta(hours=hours), **fields)


def a_test(repository: Repository, by: User, degrees: int = 216) -> Patch:
    cell = repository.cells.select_related("lane").get(key="oven")
    text = STATE.replace("210", str(degrees))
    seed = Seed(
        cell, PATH, text, "Update the oven", "New readings.", "docs-bot", "it is not measured.", "state"
    )
    return planting.plant(repository=repository, by=by, seed=seed)


def page(user: User, query: str = "repo=bakery") -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(f"/learning/?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


# What waits, and how long it took.


def test_what_waits_is_counted_by_when_it_was_written(repository: Repository) -> None:
    first, second = Patch.objects.filter(repository=repository).order_by("pk")
    Patch.objects.filter(pk=first.pk).update(authored_at=timezone.now() - timedelta(days=3))
    Patch.objects.filter(pk=second.pk).update(authored_at=timezone.now() - timedelta(days=90))
    now = learning.figures(repository).waiting
    assert (now.today, now.week, now.month, now.older, now.total) == (0, 1, 0, 1, 2)
    assert now.oldest == second.pk


def test_a_test_proposal_waits_like_any_other(repository: Repository) -> None:
    before = learning.figures(repository).waiting.total
    a_test(repository, a_user("quill", OPERATOR))
    assert learning.figures(repository).waiting.total == before + 1


def test_time_to_decide_is_from_proposed_to_the_first_decision_by_a_person(repository: Repository) -> None:
    first, second = a_patch(repository), a_patch(repository, branch="think/dough-notes")
    aged(first, 2)
    aged(second, 10)
    reviews.reject(patch=again(first), by=a_user("rin", REVIEWER), digest=first.digest, reason="No.")
    reviews.reopen(patch=again(first), by=a_user("rin", REVIEWER))
    aged(first, 5)  # the second decision must not count
    Review.objects.filter(patch=first).update(at=timezone.now() - timedelta(hours=3))
    approve(first, "mio")
    approve(second, "mio")
    times = learning.figures(repository).times
    assert times.all.count == 2
    assert abs((times.all.median or 0) - 2 * HOUR) < 60
    assert abs((times.all.ninth or 0) - 10 * HOUR) < 60
    assert {name: told.count for name, told in times.lanes} == {"Monitoring": 1, "Samples": 1}
    assert [week.spread.count for week in times.weeks] == [0] * 11 + [2]


def test_what_was_decided_before_these_weeks_is_not_decided_first_in_them(repository: Repository) -> None:
    patch = a_patch(repository)
    reviews.reject(patch=patch, by=a_user("rin", REVIEWER), digest=patch.digest, reason="No.")
    long_ago = timezone.now() - timedelta(weeks=40)
    Review.objects.filter(patch=patch).update(at=long_ago)
    aged(patch, 24 * 7 * 41)
    reviews.reopen(patch=again(patch), by=a_user("rin", REVIEWER))
    approve(patch, "mio")
    assert learning.figures(repository, 12).times.all == Spread()
    assert learning.figures(repository, 52).times.all.count == 1
    assert learning.figures(repository, 12).decided.people == 1


@pytest.mark.parametrize(
    ("waits", "told"),
    [
        ([], Spread()),
        ([7], Spread(1, 7, 7)),
        ([1, 2, 3, 40], Spread(4, 2, 40)),
        (list(range(1, 21)), Spread(20, 10, 18)),
    ],
)
def test_quantiles_of_few_and_of_many(waits: list[int], told: Spread) -> None:
    assert spread(waits) == told


# Without opening, and what came back.


def test_where_a_decision_was_taken_and_by_whom_stay_apart(repository: Repository) -> None:
    first, second = a_patch(repository), a_patch(repository, branch="think/dough-notes")
    rin = a_user("rin", REVIEWER)
    reviews.reject(patch=first, by=rin, digest=first.digest, reason="No.", via="inbox")
    reviews.archive(patch=second, by=rin, digest=second.digest)
    Review.objects.create(patch=second, by=None, decision=Review.APPROVE, digest="other")
    decided = learning.figures(repository).decided
    assert decided == Decided(page=1, inbox=1, automatic=1)
    assert decided.unopened == Share(1, 2)


def test_a_landing_that_was_reverted_counts_for_its_lane_and_its_rule(repository: Repository) -> None:
    patch = a_patch(repository, life.LANDED)
    rule = lane_and_rule(again(patch).group)[1]
    before = learning.figures(repository).landed
    assert before.share == Share(0, 1)
    with committed():
        back = reverting.revert(patch=again(patch), by=a_user("rin", REVIEWER))
        approve(back, "mio") if again(back).state == life.PROPOSED else None
    after = learning.figures(repository).landed
    assert after.share == Share(1, 2)
    assert {row.name: row.share.part for row in after.lanes}["Monitoring"] == 1
    assert {row.name: row.share.part for row in after.rules}[rule] == 1


def test_what_main_took_back_by_itself_counts_too(repository: Repository) -> None:
    a_patch(repository, life.LANDED)
    source_of(repository).commit({PATH: STATE}, message="As it was")
    sync(repository)
    assert learning.figures(repository).landed.share.part == 1
    assert learning.figures(repository).outside == 1


def test_an_approval_that_went_stale_and_a_landing_by_hand_are_counted(repository: Repository) -> None:
    first = a_patch(repository, life.APPROVED)
    source_of(repository).commit({PATH: STATE.replace("210", "205")})
    sync(repository)
    assert landed(first).state == life.PROPOSED
    other = a_patch(repository, branch="think/dough-notes")
    seen = {"digest": other.digest, "verdict": fingerprint(other.verdict)}
    with committed():
        reviews.land_by_hand(patch=other, by=a_user("oda", OPERATOR), reason="It cannot wait.", **seen)
    figures = learning.figures(repository)
    assert (figures.stale, figures.decided.by_hand) == (1, 1)


# Test proposals.


def test_caught_missed_and_taken_back_are_counted_and_are_no_decisions(repository: Repository) -> None:
    quill, rin = a_user("quill", OPERATOR), a_user("rin", REVIEWER)
    approve(a_test(repository, quill), rin)
    for degrees in (217, 218):
        one = a_test(repository, quill, degrees)
        reviews.reject(patch=one, by=rin, digest=one.digest, reason="Not measured.", via="inbox")
        aged(one, 1)
    planting.withdraw(patch=a_test(repository, quill, 219), by=quill)
    figures = learning.figures(repository)
    assert (figures.planted.caught, figures.planted.missed, figures.planted.other) == (2, 1, 1)
    assert figures.planted.noticed == Share(2, 3)
    assert figures.decided == Decided()
    assert not figures.empty


# It is about nobody.


def test_one_reads_ones_own_figures_and_no_name_of_anybody(repository: Repository) -> None:
    patch = a_patch(repository)
    rin, quill = a_user("rin-the-reviewer", REVIEWER), a_user("quill", REVIEWER)
    reviews.reject(patch=patch, by=rin, digest=patch.digest, reason="No.", via="inbox")
    figures = learning.figures(repository)
    assert learning.yours(repository, rin, figures).unopened == Share(1, 1)
    assert learning.yours(repository, quill, figures).decided == 0
    assert "rin-the-reviewer" not in page(quill)
    assert "nobody is counted, compared or ranked" in page(quill)


def test_ones_own_landing_that_was_reverted_is_ones_own_to_know(repository: Repository) -> None:
    patch = a_patch(repository)
    with committed():
        approve(patch, "rin")
    with committed():
        reverting.revert(patch=again(patch), by=a_user("mio", REVIEWER))
    figures = learning.figures(repository)
    assert learning.yours(repository, a_user("rin"), figures).reverted == Share(1, 1)


# The page and the API.


def test_where_nothing_was_decided_it_says_so(repository: Repository, viewer: User) -> None:
    text = page(viewer)
    assert "Nothing was decided in this time." in text
    assert "Waiting now" in text


def test_few_are_said_as_numbers_and_many_also_as_a_percentage(repository: Repository, viewer: User) -> None:
    patch = a_patch(repository)
    reviews.archive(patch=patch, by=a_user("rin", REVIEWER), digest=patch.digest, via="bulk")
    assert "1 of 1" in page(viewer)
    assert "%" not in page(viewer).partition("Decided without opening")[2].partition("</section>")[0]
    other = a_patch(repository, branch="think/dough-notes")
    Review.objects.bulk_create(
        Review(patch=other, by=a_user("rin"), decision=Review.ARCHIVE, digest=str(number), via="page")
        for number in range(9)
    )
    assert "10 % (1 of 10)" in page(viewer)


@pytest.mark.parametrize("weeks", ["4", "12", "52", "0", "-1", "x", "999999999999"])
def test_every_choice_of_time_is_a_page_in_both_languages(
    repository: Repository, viewer: User, weeks: str
) -> None:
    a_patch(repository, life.LANDED)
    client = Client(headers={"accept-language": "ja"})
    client.force_login(viewer)
    answer = client.get("/learning/", {"repo": "bakery", "weeks": weeks})
    assert answer.status_code == 200
    assert b" style=" not in answer.content


def test_a_stranger_sees_nothing(repository: Repository, stranger: User) -> None:
    client = Client()
    client.force_login(stranger)
    assert client.get("/learning/?repo=bakery").status_code == 403


def test_the_api_says_the_same_and_only_operators_how_many_tests_wait(
    repository: Repository, viewer: User
) -> None:
    a_test(repository, a_user("quill", OPERATOR))
    status, told = program(viewer, "viewer").get("learning", repo="bakery", weeks=4)
    assert status == 200
    assert told["waiting"]["today"] + told["waiting"]["older"] == 3
    assert told["planted"]["waiting"] is None
    assert program(a_user("oda", OPERATOR), "operator").get("learning")[1]["planted"]["waiting"] == 1
    assert program(viewer, "viewer").get("learning", weeks=53)[0] == 422
    assert program(viewer, "viewer").get("learning", repo="nowhere")[0] == 404


def test_more_patches_do_not_make_more_queries(tmp_path: Path, db: None) -> None:
    def queries(repository: Repository) -> int:
        with CaptureQueriesContext(connection) as seen:
            learning.figures(repository)
        return len(seen)

    many = {f"ask/{n}": {f"reports/oven/note_{n}.md": f"# Note {n}\n"} for n in range(6)}
    repository = a_repository(tmp_path, "many", FILES, many)
    reviews.archive(
        patch=(first := a_patch(repository, branch="ask/0")), by=a_user("rin", REVIEWER), digest=first.digest
    )
    before = queries(repository)
    for n in range(1, 6):
        patch = a_patch(repository, branch=f"ask/{n}")
        reviews.archive(patch=patch, by=a_user("rin", REVIEWER), digest=patch.digest)
    assert queries(repository) == before


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, "–"), (5, "1\xa0minute"), (93_600, "1\xa0day, 2\xa0hours")]
)
def test_a_length_of_time_is_said_in_words(seconds: int | None, said: str) -> None:
    assert length(seconds) == said
