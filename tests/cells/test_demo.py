"""The demo swarm: what every newcomer sees first has to be whole, and to be the same tomorrow."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pygit2
import pytest
from django.core.management import CommandError, call_command

from cells.demo import write_demo
from cells.evidence.assign import CellHint, CellIndex
from cells.evidence.conflicts import DatedClaim, conflicts_of
from cells.evidence.reading import EvidenceReading, read_evidence
from cells.ssot.state import read_state
from cells.ssot.swarm import Swarm, read_swarm

NOW = datetime(2026, 11, 22, 3, 30, tzinfo=UTC)
MERGED = "yui/packing-greeting"
SQUASHED = "ask/persist-report-"
NO_LONGER_APPLIES = "codex/checkout-delta-"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> pygit2.Repository:
    return pygit2.Repository(str(write_demo(tmp_path_factory.mktemp("demo") / "demo.git", NOW)))


@pytest.fixture(scope="module")
def history(demo: pygit2.Repository) -> list[pygit2.Commit]:
    walker = demo.walk(demo.branches["main"].target, pygit2.enums.SortMode.TOPOLOGICAL)
    walker.simplify_first_parent()
    return list(walker)[::-1]


@pytest.fixture(scope="module")
def files(demo: pygit2.Repository) -> dict[str, bytes]:
    return dict(_files(demo.branches["main"].peel(pygit2.Tree)))


@pytest.fixture(scope="module")
def swarm(files: dict[str, bytes]) -> Swarm:
    return read_swarm(files["swarm.toml"].decode(), "swarm.toml")


@pytest.fixture(scope="module")
def evidence(
    history: list[pygit2.Commit], files: dict[str, bytes], swarm: Swarm
) -> dict[str, EvidenceReading]:
    index = CellIndex(
        [CellHint(cell.key, globs=tuple(cell.evidence), lane=cell.lane) for cell in swarm.cells]
    )
    added = _added(history)
    first: dict[bytes, str] = {}
    found = {}
    for path in sorted((p for p in files if p.startswith("reports/")), key=lambda p: added[p]):
        body, at = files[path], datetime.fromtimestamp(added[path], UTC)
        found[path] = read_evidence(path, body, len(body), at, index, ["shop", "roastery"], first.get(body))
        first.setdefault(body, path)
    return found


def test_the_same_now_gives_the_same_commits(demo: pygit2.Repository, tmp_path: Path) -> None:
    again = pygit2.Repository(str(write_demo(tmp_path / "again.git", NOW)))
    assert _refs(again) == _refs(demo)


def test_another_now_gives_a_demo_that_ends_then(demo: pygit2.Repository, tmp_path: Path) -> None:
    later = pygit2.Repository(str(write_demo(tmp_path / "later.git", NOW + timedelta(days=9, hours=7))))
    assert _refs(later) != _refs(demo)
    assert set(later.branches) != set(demo.branches)


@pytest.mark.parametrize("hour", [0, 5, 11, 14, 15, 20])
def test_the_story_holds_together_at_any_hour(tmp_path: Path, hour: int) -> None:
    now = datetime(2027, 3, 1, hour, 59, 59, tzinfo=UTC)
    made = pygit2.Repository(str(write_demo(tmp_path / "demo.git", now)))
    assert _that_do_not_apply(made) == [NO_LONGER_APPLIES]
    assert now.timestamp() - made.branches["main"].peel(pygit2.Commit).commit_time > 2 * 3600


def test_git_finds_nothing_to_complain_about(demo: pygit2.Repository) -> None:
    done = subprocess.run(
        ["git", "-C", demo.path, "fsck", "--strict", "--full"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_swarm_has_thirty_cells_in_six_lanes_and_reads_without_problems(swarm: Swarm) -> None:
    assert (len(swarm.cells), len(swarm.lanes), len(swarm.projects)) == (30, 6, 2)
    assert not swarm.problems
    assert len({cell.lane for cell in swarm.cells}) == 6
    seed = {
        "hello-s5": "north-star",
        "metrics-echo": "monitoring",
        "persist-report": "persist-report",
        "self-cost": "cost",
    }
    assert {cell.key: cell.lane for cell in swarm.cells if cell.key in seed} == seed
    assert Counter(cell.stage for cell in swarm.cells) == {
        "active": 25,
        "candidate": 3,
        "shelved": 1,
        "archived": 1,
    }
    assert len({relation.type for relation in swarm.relations}) == 5


def test_every_cell_says_where_it_is_and_where_it_wants_to_be(swarm: Swarm, files: dict[str, bytes]) -> None:
    for cell in swarm.cells:
        path, _, section = cell.state.partition("#")
        kinds = {fact.kind for fact in read_state(files[path].decode(), section or None).facts}
        assert {"current", "goal_short", "gap"} <= kinds, cell.key


@pytest.mark.parametrize(("project", "style"), [("shop", "B"), ("roastery", "A")])
def test_a_project_changed_its_mind_often(
    history: list[pygit2.Commit], files: dict[str, bytes], project: str, style: str
) -> None:
    path = f"STATE/{project}/current_state.md"
    reading = read_state(files[path].decode())
    assert reading.style == style
    assert {"current", "goal_short", "goal_mid", "gap", "task", "evidence_link"} <= {
        f.kind for f in reading.facts
    }
    versions = {commit.tree[path].id for commit in history if path in commit.tree}
    assert len(versions) >= 12


def test_open_tasks_of_the_cell_that_moves_away_grow(history: list[pygit2.Commit]) -> None:
    def open_tasks(days: float) -> int:
        then = NOW.timestamp() - days * 86400
        commit = [c for c in history if c.commit_time <= then][-1]
        return commit.tree["STATE/shop/checkout.md"].peel(pygit2.Blob).data.count(b"- [ ]")

    assert open_tasks(60) < open_tasks(25) < open_tasks(10) < open_tasks(1)


def test_a_year_of_history_runs_forward_and_every_commit_changes_something(
    history: list[pygit2.Commit],
) -> None:
    assert 400 <= len(history) <= 720
    assert all(before.commit_time <= after.commit_time for before, after in pairwise(history))
    assert all(before.tree.id != after.tree.id for before, after in pairwise(history))
    year = timedelta(seconds=history[-1].commit_time - history[0].commit_time)
    assert timedelta(days=360) < year < timedelta(days=366)
    assert not any("Patch-Id:" in commit.message or "Approved-by:" in commit.message for commit in history)


def test_evidence_arrives_in_every_condition(evidence: dict[str, EvidenceReading]) -> None:
    flags = Counter(flag.code for reading in evidence.values() for flag in reading.flags)
    assert set(flags) == {"empty", "unparsable", "future", "duplicate", "template"}
    assert sum(flags.values()) < 12
    assert sum(reading.picture for reading in evidence.values()) > 12


def test_almost_all_evidence_is_dated_by_its_name_or_text(evidence: dict[str, EvidenceReading]) -> None:
    sources = Counter(reading.observed.source for reading in evidence.values())
    assert sources["commit"] <= 2
    assert sources["text"] >= 5


def test_freshness_differs_from_cell_to_cell(evidence: dict[str, EvidenceReading], swarm: Swarm) -> None:
    newest: dict[str, timedelta] = {}
    for reading in evidence.values():
        age = NOW - reading.observed.at
        for match in reading.cells:
            newest[match.key] = min(newest.get(match.key, age), age)
    assert {cell.key for cell in swarm.cells} - set(newest) == {"review-score", "sample-qr-bag"}
    assert sum(age < timedelta(days=1) for age in newest.values()) >= 5
    stale = {key for key, age in newest.items() if age > timedelta(days=60)}
    assert {"order-queue", "shipping-time", "sample-hello-cat", "sample-voice-order"} == stale
    assert newest["sample-hello-cat"] > timedelta(days=200)


def test_the_conflict_of_metrics_echo_is_on_record(evidence: dict[str, EvidenceReading]) -> None:
    claims = [
        DatedClaim(claim, reading.observed.at, path)
        for path, reading in evidence.items()
        for claim in reading.claims
    ]
    found = conflicts_of(claims)
    assert {conflict.subject for conflict in found} == {"metrics-echo"}
    same_day = [c for c in found if abs(c.left.observed_at - c.right.observed_at) < timedelta(hours=24)]
    assert same_day
    assert all(NOW - conflict.right.observed_at < timedelta(days=10) for conflict in found)


def test_the_shelved_cell_has_an_answer_that_names_what_is_missing(files: dict[str, bytes]) -> None:
    [answer] = [body for path, body in files.items() if path.startswith("reports/ask/ask_packaging-cost_")]
    assert b'"plan-only"' in answer
    assert b"missing_evidence" in answer


def test_seventeen_proposals_wait_and_two_branches_are_already_in_main(demo: pygit2.Repository) -> None:
    main = demo.branches["main"]
    merged = [name for name in _sides(demo) if _merged_tree(demo, name) == main.peel(pygit2.Tree).id]
    assert len(_sides(demo)) == 19
    assert sorted(name.rstrip("0123456789TZ") for name in merged) == [SQUASHED, MERGED]
    assert demo.descendant_of(main.target, demo.branches[MERGED].target)
    assert _that_do_not_apply(demo) == [NO_LONGER_APPLIES]


def test_proposals_are_minutes_to_months_old_and_come_from_people_and_bots(demo: pygit2.Repository) -> None:
    tips = [demo.branches[name].peel(pygit2.Commit) for name in _sides(demo)]
    ages = sorted(NOW.timestamp() - tip.commit_time for tip in tips)
    assert ages[0] == 20 * 60
    assert ages[-1] > 140 * 86400
    assert len({tip.author.email for tip in tips}) >= 6


def test_two_proposals_are_twins_and_two_collide(demo: pygit2.Repository) -> None:
    twins = [name for name in _sides(demo) if name.startswith(("ask/store/", "ask/persist-2"))]
    changed = [_changes(demo, name) for name in twins]
    assert len(twins) == 2
    assert changed[0] == changed[1]
    ours, theirs = (demo.branches[name].target for name in ("ken/storage-goal", "sora/storage-goal-hours"))
    assert demo.merge_commits(ours, theirs).conflicts


def test_the_damaged_proposal_ends_in_the_middle_of_a_sentence(
    demo: pygit2.Repository, files: dict[str, bytes]
) -> None:
    path = "STATE/shop/current_state.md"
    damaged = demo.branches["doc-update/apply-19217"].peel(pygit2.Tree)[path].peel(pygit2.Blob).data
    assert len(damaged.splitlines()) < 0.6 * len(files[path].splitlines())
    assert not damaged.endswith(b"\n")


def test_the_new_cell_and_the_archiving_read_as_a_swarm(demo: pygit2.Repository) -> None:
    def proposed(branch: str) -> Swarm:
        blob = demo.branches[branch].peel(pygit2.Tree)["swarm.toml"].peel(pygit2.Blob)
        return read_swarm(blob.data.decode(), "swarm.toml")

    assert "gift-box" in {cell.key for cell in proposed("sora/swarm-gift-box").cells}
    stages = {cell.key: cell.stage for cell in proposed("vpm-rules/archive-sample-hello-cat").cells}
    assert stages["sample-hello-cat"] == "archived"


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    def give_up(done: int, total: int) -> None:
        if done == total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_demo(tmp_path / "sources" / "demo.git", NOW, give_up)
    assert not list((tmp_path / "sources").iterdir())


def test_progress_counts_every_commit_once(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_demo(tmp_path / "demo.git", NOW, lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == list(range(1, seen[0][1] + 1))


def test_a_now_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zone"):
        write_demo(tmp_path / "demo.git", datetime(2026, 11, 22))


def test_the_command_says_what_it_wrote_and_overwrites_only_when_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "there" / "demo.git"
    call_command("demo", str(target))
    said = capsys.readouterr().out
    assert str(target) in said
    assert said.count("\n") == 1
    with pytest.raises(CommandError, match="already there"):
        call_command("demo", str(target))
    call_command("demo", str(target), "--force")
    assert [path.name for path in target.parent.iterdir()] == ["demo.git"]


def test_force_never_replaces_something_that_is_not_a_repository(tmp_path: Path) -> None:
    diary = tmp_path / "diary.txt"
    diary.write_text("Dear diary")
    with pytest.raises(CommandError, match="leaves it alone"):
        call_command("demo", str(tmp_path), "--force")
    assert diary.read_text() == "Dear diary"


def _files(tree: pygit2.Tree, above: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in tree:
        if isinstance(entry, pygit2.Tree):
            yield from _files(entry, f"{above}{entry.name}/")
        elif isinstance(entry, pygit2.Blob):
            yield f"{above}{entry.name}", entry.data


def _added(history: list[pygit2.Commit]) -> dict[str, int]:
    """The time each path first stood on main."""
    added: dict[str, int] = {}
    for before, after in pairwise(history):
        for delta in before.tree.diff_to_tree(after.tree).deltas:
            added.setdefault(delta.new_file.path, after.commit_time)
    return added


def _refs(repo: pygit2.Repository) -> dict[str, str]:
    return {name: str(repo.references[name].target) for name in repo.references}


def _sides(repo: pygit2.Repository) -> list[str]:
    return sorted(name for name in repo.branches if name != "main")


def _merged_tree(repo: pygit2.Repository, name: str) -> pygit2.Oid | None:
    """The tree of main with a branch merged into it, None when they conflict."""
    merged = repo.merge_commits(repo.branches["main"].target, repo.branches[name].target)
    return None if merged.conflicts else merged.write_tree(repo)


def _that_do_not_apply(repo: pygit2.Repository) -> list[str]:
    return [name.rstrip("0123456789TZ") for name in _sides(repo) if _merged_tree(repo, name) is None]


def _changes(repo: pygit2.Repository, name: str) -> list[tuple[str, str]]:
    tip = repo.branches[name].peel(pygit2.Commit)
    deltas = tip.parents[0].tree.diff_to_tree(tip.tree).deltas
    return [(delta.new_file.path, str(delta.new_file.id)) for delta in deltas]
