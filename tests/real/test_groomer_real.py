"""The groomer over the real backlog: every waiting branch is sorted in one answer, and decided in one sitting."""

from __future__ import annotations

from collections import Counter

import pytest
from django.utils import timezone

from cells.asks import asking, life
from cells.hosts.github import connecting
from cells.hosts.github.connecting import Wish
from cells.models import Ask, Errand, Patch, PullRequest, Repository
from cells.patches import life as patch_life
from cells.permissions import REVIEWER
from cells.pulls import grooming, sorting
from egspace import refresh
from tests.cells.test_bulk import signed_in
from tests.factories import a_user, committed
from tests.pulls.test_grooming import filled, heading

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ask moves the map, and making that of the real repository takes long."""
    monkeypatch.setattr(refresh, "request", lambda repository: None)


@pytest.fixture
def backlog(real: Repository) -> Repository:
    """As at GitHub, where each of them is an open pull request."""
    connecting.connect(
        repository=real, wish=Wish(full_name="acme/real", secret="github_pat_x"), by="command line"
    )
    real.source = "https://github.com/acme/real.git"
    real.save(update_fields=["source"])
    when = timezone.now()
    for number, patch in enumerate(real.patches.filter(state=patch_life.PROPOSED).order_by("pk"), start=700):
        patch.pull = PullRequest.objects.create(
            connection=real.github, number=number, title=patch.title, head=patch.tip, head_ref=patch.branch,
            base_ref="main", created_there=when, updated_there=when,
        )  # fmt: skip
        patch.save(update_fields=["pull"])
    return real


def groomed(repository: Repository) -> Ask:
    with committed():
        ask = asking.start(
            cell=repository.cells.get(key="other-candidates"), mode="pr_groomer", by=None, door="command", provider="rules"
        )  # fmt: skip
    ask.refresh_from_db()
    assert ask.state == life.ANSWERED, ask.error
    return ask


def test_the_backlog_is_one_question_one_answer_and_one_decision(backlog: Repository) -> None:
    rin = a_user("rin", REVIEWER)
    ask = groomed(backlog)
    assert ask.context is not None
    assert "pull_requests" not in ask.context["left_out"]
    plan = grooming.plan(ask, rin)
    said = Counter((line.said.category, line.said.recommended) for line in plan.lines)
    assert len(plan.lines) >= 80
    assert said[("ssot", "merge_when_green")] >= 70
    assert said[("ephemeral", "close")] >= 2
    assert {line.how for line in plan.lines} == {"ready"}

    client, page = signed_in(rin), f"/asks/{ask.pk}/groom"
    form = filled(client.get(page).text, f"{page}/preview")
    form |= {f"all-{action}": ["close"] for action in ("keep-needs-triage", "keep-ssot", "keep-blocked")}
    preview = client.post(f"{page}/preview", form).text
    closed = len(plan.lines) - said[("ssot", "merge_when_green")]
    assert heading(preview) == f"{closed} are closed, {len(plan.lines) - closed} land when green"
    client.post(f"{page}/apply", filled(preview, f"{page}/apply"))

    states = Counter(
        Patch.objects.filter(pk__in=[line.patch.pk for line in plan.lines]).values_list("state", flat=True)
    )
    assert states == {patch_life.ARCHIVED: closed, patch_life.APPROVED: len(plan.lines) - closed}
    assert Errand.objects.filter(verb=Errand.LABEL).count() == len(plan.lines)


def test_without_pull_requests_nothing_is_merged_before_anybody_knows_whether_it_is_green(
    real: Repository,
) -> None:
    plan = grooming.plan(groomed(real), a_user("rin", REVIEWER))
    assert len(plan.lines) >= 80
    assert {line.wish.action for line in plan.lines} == {sorting.KEEP, sorting.CLOSE}
