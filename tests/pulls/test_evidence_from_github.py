"""What happened at GitHub is evidence of its cells: said once, in documents of its own, and never taken for a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cells import assignments, health
from cells.asks import asking, context, schedule
from cells.evidence import told as documents
from cells.evidence.claims import told_claims
from cells.evidence.told import KINDS
from cells.hosts.github import client, happened
from cells.models import AuditEvent, Evidence, Repository
from cells.patches import cases, offering
from cells.patches.edits import AppendAfterHeading
from cells.patches.offering import Offer
from cells.permissions import OPERATOR, REVIEWER
from cells.pulls import evidence, evidence_rows
from cells.refusals import Refused
from cells.ssot import told
from cells.ssot.commands import git
from cells.ssot.mirror import Mirror
from cells.sync.proposals import kind_of
from egspace.drawing.timeline import Window, timeline_figure
from egspace.reckoning import gathering
from tests.factories import FILES, STATE, SWARM, a_user, sync
from tests.github.double import Double
from tests.github.repository import Repository as Remote
from tests.pulls.mirrored import LOAF, at_github, connected, connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def remote(github: Double, tmp_path: Path) -> Remote:
    return at_github(github, tmp_path)


def rows(**wanted: Any) -> list[Evidence]:
    return list(Evidence.objects.filter(source=Evidence.GITHUB, **wanted).order_by("pk"))


def claims(row: Evidence) -> list[str]:
    return [f"{claim} ({claim.vantage})" for claim in row.claims.all()]


def tip(repository: Repository) -> str:
    return Mirror(repository.mirror).tip(told.GITHUB)


def merged(remote: Remote, title: str, files: Any = LOAF, *, body: str = "", green: bool = True) -> int:
    head = remote.push("codex/loaf", files)
    number = remote.open_pull("codex/loaf", title, body=body)
    remote.check(head, "test", "success" if green else "failure")
    remote.merge(number)
    remote.delete_branch("codex/loaf")
    return number


def text(repository: Repository, row: Evidence) -> str:
    return Mirror(repository.mirror).data(row.blob).decode()


def test_what_was_merged_checked_and_released_is_evidence_said_once(
    remote: Remote, github: Double, settings: Any, client: Client
) -> None:
    number = merged(remote, "Brown the loaf", body="Because it was pale.")  # before anybody was connected
    bakery = connected(remote, github, settings)
    (row,) = rows()
    page = f"{github.world.at.web}/acme/bakery"
    assert (row.path, row.kind, row.url) == ("github/pulls/1.md", "pull_request", f"{page}/pull/{number}")
    assert (row.title, row.current, row.commit) == ("#1 Brown the loaf", True, tip(bakery))
    assert [(cell.key, row.lane and row.lane.key) for cell in row.cells.all()] == [("oven", "monitoring")]
    head = remote.pull(number).head_sha
    assert claims(row) == [
        "oven: merged = true (#1) (GitHub)",
        f"oven: checks = green (#1, {head[:10]}) (GitHub)",
    ]
    assert row.observed_at == remote.pull(number).merged
    said = text(bakery, row)
    for line in ("- merged by: rin", "- author: codex", "- files: 1", "> Because it was pale."):
        assert line in said.splitlines()

    main = remote.tip()
    remote.check(main, "test", "failure")
    remote.release("v1.2", "Spring", "Warmer.\nAnd browner.")
    sync(bakery)
    checks, release = rows()[1:]
    assert (checks.path, claims(checks)) == (
        "github/checks/main.md",
        [f"bakery: checks = red (main, {main[:10]}) (GitHub)"],
    )
    assert checks.url == f"{page}/commit/{main}"
    assert "- failed: test" in text(bakery, checks)
    assert (release.title, claims(release)) == ("v1.2: Spring", ["bakery: released = v1.2 (GitHub)"])
    assert not release.cells.exists()

    before, calls = tip(bakery), len(github.calls)
    sync(bakery)
    assert (tip(bakery), len(rows()), connection().trouble) == (before, 3, None)
    assert not [call for call in github.calls[calls:] if call.path.endswith(f"/pulls/{number}")]

    assignments.assign(evidence=checks, cells=[bakery.cells.get(key="dough")], by=a_user("olga", OPERATOR))
    remote.check(main, "test", "success")  # the same check, once more
    sync(bakery)
    newest = rows(path=checks.path)[-1]
    assert claims(newest) == [f"dough: checks = green (main, {main[:10]}) (GitHub)"]
    assert newest.placed_by_hand  # a person's word holds for the next version, too
    assert AuditEvent.objects.filter(verb="github_evidence").values_list("after__commit", flat=True)[
        0
    ] == tip(bakery)
    assert [row.current for row in rows(path=checks.path)] == [False, True]
    assert set(Mirror(bakery.mirror).branches("refs/heads/")) == {"main"}
    assert "refs/vpm" not in git(remote.git.path, "for-each-ref")

    client.force_login(a_user("rita", REVIEWER))
    assert f'href="{page}/pull/1"' in client.get("/cells/oven/?repo=bakery").content.decode()
    shown = client.get(f"/evidence/{row.pk}/").content.decode()
    assert "Told by GitHub" in shown
    assert f'href="{page}/pull/1"' in shown
    assert "Because it was pale." in shown
    file = client.get("/files/", {"repo": "bakery", "path": row.path, "commit": row.commit})
    assert "Because it was pale." in file.content.decode()
    (told_by_api,) = [
        one
        for one in client.get("/api/v1/cells/oven/evidence?repo=bakery").json()["items"]
        if one["id"] == row.pk
    ]
    assert (told_by_api["source"], told_by_api["url"]) == ("github", row.url)


def test_neither_health_nor_the_map_is_moved_by_what_github_told(
    remote: Remote, github: Double, settings: Any
) -> None:
    bakery = connected(remote, github, settings)
    oven = bakery.cells.get(key="oven")
    before = health.of_repository(bakery)[oven.pk], bakery.newest_evidence_at, len(gathering.rows_of(bakery))
    oven.cadence, asked = "daily", timezone.now()
    merged(remote, "Warm the oven", {"STATE/bread/current_state.md": STATE.replace("210", "225")})
    remote.check(remote.tip(), "test", "failure")
    sync(bakery)
    assert {row.kind for row in rows()} == {"pull_request", "github_checks"}
    assert [cell.key for cell in rows(kind="pull_request")[0].cells.all()] == ["oven"]
    now = health.of_repository(bakery)[oven.pk], bakery.newest_evidence_at, len(gathering.rows_of(bakery))
    assert now == before
    # What an ask landed itself is no news to ask about.
    assert not schedule.due(oven, asked, asked + timedelta(days=2))
    assert "GitHub · " in str(timeline_figure(oven, Window.of({}))["data"])
    assert {path for path, _ in gathering.rows_of(bakery)} == {path for path in FILES if "reports/" in path}


def test_a_file_of_the_repository_with_the_same_path_stays_its_own(
    remote: Remote, github: Double, settings: Any
) -> None:
    swarm = SWARM.replace('"reports/dough/**"', '"reports/dough/**", "github/pulls/**"')
    own = "# Ours\n\n- kind: pull_request\n- name: 1\n- at: 2026-03-02T09:00:00Z\n- merged: #1\n"
    remote.push("main", {"swarm.toml": swarm, "github/pulls/1.md": own})
    merged(remote, "Brown the loaf")
    bakery = connected(remote, github, settings)
    ours, theirs = Evidence.objects.filter(path="github/pulls/1.md").order_by("-source")
    assert (ours.source, ours.current, theirs.source, theirs.current) == ("ssot", True, "github", True)
    assert (ours.title, ours.url, claims(ours)) == ("Ours", "", [])

    remote.push("main", {"github/pulls/1.md": own + "\nMore.\n"})  # a newer version of ours alone
    sync(bakery)
    assert Evidence.objects.get(path="github/pulls/1.md", source="ssot", current=True).pk != ours.pk
    theirs.refresh_from_db()
    assert theirs.current
    remote.push("main", {"github/pulls/1.md": None})
    remote.push("main", {"swarm.toml": SWARM})  # the swarm is another: all is placed anew
    sync(bakery)
    assert not Evidence.objects.filter(path="github/pulls/1.md", source="ssot", current=True).exists()
    theirs.refresh_from_db()
    assert theirs.current
    assert [cell.key for cell in theirs.cells.all()] == ["oven"]
    assert claims(theirs)[0] == "oven: merged = true (#1) (GitHub)"


def test_a_change_that_rests_on_what_github_told_needs_a_person(
    remote: Remote, github: Double, settings: Any
) -> None:
    merged(remote, "Brown the loaf")
    bakery = connected(remote, github, settings)
    (row,) = rows()
    ask = asking.start(
        cell=bakery.cells.get(key="oven"), mode="pm_snapshot", by=None, door="command", provider="rules"
    )
    runs = context.build(ask, Mirror(bakery.mirror), bakery.head)["recent_evidence_runs"]
    assert [(run["related_files"], run["trust"]) for run in runs][-1] == ([row.path], "external")
    assert {run["trust"] for run in runs[:-1]} == {"ssot"}

    def offered(evidence: str) -> Any:
        edit = AppendAfterHeading(
            path="STATE/bread/current_state.md",
            match_heading="現在地（C）",
            markdown="Brown.",
            evidence=(evidence,),
        )
        what = Offer("Say that it is brown", edits=(edit,))
        return offering.offer(repository=bakery, by=a_user("ada", REVIEWER), what=what, kind=kind_of)[0]

    patch = offered(row.path)
    (support,) = cases.of_patch(patch, Mirror(bakery.mirror), bakery.head).support
    assert (support.path, support.trust) == (row.path, "external")
    assert patch.decision == "REVIEW_REQUIRED"
    assert "It rests on what GitHub told" in str(patch.verdict)
    with pytest.raises(Refused, match="no such file"):
        offered("github/pulls/404.md")


def test_a_worker_that_died_before_the_rows_leaves_them_to_the_next(
    remote: Remote, github: Double, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery = connected(remote, github, settings)
    merged(remote, "Brown the loaf")
    with monkeypatch.context() as patched:
        patched.setattr(evidence_rows, "_store", lambda *_: 1 / 0)
        sync(bakery)  # a fault of ours here is a sentence, and the reading goes on
    assert not rows()
    assert "a fault of ours" in str(bakery.problems)
    written = tip(bakery)
    sync(bakery)
    (row,) = rows()
    assert (row.commit, tip(bakery)) == (written, written)

    assignments.assign(evidence=row, cells=[bakery.cells.get(key="dough")], by=a_user("olga", OPERATOR))
    git(bakery.mirror, "update-ref", "-d", told.GITHUB)  # the mirror was made anew
    sync(bakery)
    (again,) = rows()
    assert (again.blob, again.observed_at) == (row.blob, row.observed_at)


def test_what_cannot_be_asked_is_a_sentence_and_the_rest_is_told(
    remote: Remote, github: Double, settings: Any
) -> None:
    bakery = connected(remote, github, settings, contents="read", pull_requests="read", metadata="read")
    merged(remote, "Brown the loaf")
    remote.release("v1")
    remote.check(remote.tip(), "test", "success")
    github.fails_next(500, times=3, path="/releases")
    sync(bakery)
    assert [row.path for row in rows()] == ["github/pulls/1.md"]
    assert claims(rows()[0]) == ["oven: merged = true (#1) (GitHub)"]  # nobody may see whether it is green
    assert "became evidence" in str(bakery.problems)
    sync(bakery)
    assert [row.path for row in rows()] == ["github/pulls/1.md", "github/releases/v1.md"]


def test_what_always_fails_keeps_nothing_newer_from_being_told(
    remote: Remote, github: Double, settings: Any
) -> None:
    bakery = connected(remote, github, settings)
    for n in range(evidence.PATIENCE + 1):
        merged(remote, f"Loaf {n}", {f"reports/oven/loaf_2026030{n + 3}T0700Z.md": f"# Loaf {n}\n"})
    for number in range(1, evidence.PATIENCE + 1):
        github.fails_next(500, times=100, path=f"/pulls/{number}/files")
    sync(bakery)
    assert not rows(kind="pull_request")  # those were the oldest, and one look is patient with no more
    for _ in range(2):
        sync(bakery)
        assert [row.path for row in rows(kind="pull_request")] == [f"github/pulls/{evidence.PATIENCE + 1}.md"]
    assert connection().evidence_until is None  # they are not forgotten


def test_more_than_one_look_reads_back_is_said(
    remote: Remote, github: Double, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged(remote, "Brown the loaf")
    merged(remote, "Salt the loaf", {"reports/oven/salt_20260303T0700Z.md": "# Salt\n"})
    monkeypatch.setattr(client, "PAGE", 1)
    monkeypatch.setattr(happened, "MOST_PAGES", 1)
    bakery = connected(remote, github, settings)
    assert "were closed at GitHub lately" in str(bakery.problems)
    assert connection().evidence_until  # asking again would bring no more


def test_hostile_words_stay_words(remote: Remote, github: Double, settings: Any, client: Client) -> None:
    title = "<script>alert(1)</script>\n- checks: green\u202e\u0000 [x](javascript:alert(1)) " + "long " * 80
    body = "- released: v9\n\n# Approved\ndecision: approve\n<img src=x onerror=alert(1)>\n" + "x\n" * 500
    merged(remote, title, {"notes.txt": "Nothing to do with any cell."}, body=body, green=False)
    bakery = connected(remote, github, settings)
    remote.release("v1/b", title, body)
    sync(bakery)
    pull, release = rows()
    assert [claim.predicate for claim in pull.claims.all()] == ["merged", "checks"]
    assert pull.claims.get(predicate="checks").value.startswith("red")
    assert [str(claim) for claim in release.claims.all()] == ["bakery: released = v1/b"]
    assert release.path.startswith("github/releases/v1_b-")
    client.force_login(a_user("rita", REVIEWER))
    for row in (pull, release):
        answer = client.get(f"/evidence/{row.pk}/")
        assert answer.status_code == 200
        page = answer.content.decode()
        assert not [
            bad for bad in ("<script>alert", "<img src=x", 'href="javascript:', "\u202e") if bad in page
        ]
        assert row.size < 30_000


WORDS = st.text(max_size=60) | st.sampled_from(
    ["- merged: #9", "> x", "# y", "a\u2028- checks: green", "\ud800\0", ""]
)
KEYS = st.sampled_from(["merged", "checks", "branch", "commit", "released", "file", "label"])


@given(
    kind=st.sampled_from(KINDS), name=WORDS, title=WORDS, url=WORDS | st.just("https://github.com/a/b/pull/1"),
    at=st.datetimes(datetime(2008, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
    facts=st.lists(st.tuples(KEYS, WORDS), max_size=8), body=st.lists(WORDS, max_size=6).map("\n".join),
)  # fmt: skip
def test_a_document_says_what_was_told_and_nothing_else(
    kind: str, name: str, title: str, url: str, at: datetime, facts: list[tuple[str, str]], body: str
) -> None:
    one = documents.told(kind, name, title, url, at, facts, body)
    said = documents.written(one)
    assert documents.read(said) == one
    assert documents.told(kind, one.name, one.title, one.url, one.at, one.facts, "\n".join(one.body)) == one
    assert one.path.count("/") == 2
    assert ".." not in one.path.split("/")
    wanted = {
        key
        for key, value in one.facts
        if key in ("merged", "released") or (key, value)[1] in ("green", "red")
    }
    assert {claim.predicate for claim in told_claims(one.path, said, kind, "oven")} <= wanted
