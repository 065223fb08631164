"""What comes to main without passing here: noticed once, listed until somebody else has read it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pygit2
import pytest

from cells.models import AuditEvent, OutsideCommit, Patch, Repository
from cells.patches import landing, life, oversight, traces
from cells.patches.moves import shift
from cells.permissions import REVIEWER
from cells.ssot.mirror import Mirror
from cells.sync import outside, reading, runs
from tests.factories import (
    ADA,
    FILES,
    STATE,
    a_patch,
    a_repository,
    a_user,
    committed,
    source_of,
    sync,
)  # fmt: skip

pytestmark = pytest.mark.django_db

OVEN = "reports/oven/heat_20260303T0700Z.md"


def subjects(repository: Repository) -> list[str]:
    return [row.subject for row in OutsideCommit.objects.filter(repository=repository).order_by("pk")]


def push(
    repository: Repository, path: str = OVEN, text: str = "# Heat\n\nToo hot.\n", said: str = "Sneak in"
) -> str:
    """Somebody commits to the source's main; not read yet."""
    return source_of(repository).commit({path: text}, message=said)


def rewrite(repository: Repository, to: str) -> None:
    source_of(repository).repo.references.create("refs/heads/main", to, force=True)


def test_the_first_reading_notices_nothing(tmp_path: Path) -> None:
    assert not subjects(a_repository(tmp_path))


def test_a_commit_from_outside_is_listed_once_with_what_it_touched(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    commit = push(repository)
    sync(repository)
    row = OutsideCommit.objects.get()
    assert (row.commit, row.subject, row.author_name) == (commit, "Sneak in", ADA[0])
    assert row.files == [OVEN]
    assert [cell.key for cell in row.cells.all()] == ["oven"]
    event = AuditEvent.objects.get(verb="notice")
    assert (event.actor, event.after["commit"]) == ("sync", commit)
    source_of(repository).propose("think/later", {"docs/later.md": "Later."})
    sync(repository)
    assert subjects(repository) == ["Sneak in"]


def test_a_reading_that_died_in_the_middle_notices_the_same_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = a_repository(tmp_path)
    push(repository)

    def killed(*_: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(reading, "_record", killed)
        runs.execute_now(repository, "test")
    assert subjects(repository) == ["Sneak in"]
    sync(repository)
    assert subjects(repository) == ["Sneak in"]
    assert AuditEvent.objects.filter(verb="notice").count() == 1


def test_what_landed_here_is_not_outside(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    a_patch(repository, life.LANDED)
    push(repository)
    sync(repository)
    assert subjects(repository) == ["Sneak in"]


def test_a_landing_that_was_replayed_onto_a_moved_source_is_not_outside(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    pushed = push(repository)
    patch = a_patch(repository, life.LANDED)  # the source has moved: the sync that follows replays it
    assert str(Mirror(repository.mirror).commit(patch.commit).parent_ids[0]) == pushed
    sync(repository)
    assert subjects(repository) == ["Sneak in"]


@pytest.mark.parametrize("state", [life.APPROVED, life.LANDING, life.FAILED])
def test_a_landing_whose_worker_died_before_it_was_recorded_is_not_outside(
    tmp_path: Path, state: str
) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository, life.APPROVED if state == life.APPROVED else life.LANDING)
    commit = landing.put_on_main(patch)
    if state == life.FAILED:
        shift(patch, "fail", actor="landing")
    sync(repository)
    assert not subjects(repository)
    if state == life.LANDING:
        with committed():
            landing.resume(patch)
        patch.refresh_from_db()
        assert (patch.state, patch.commit) == (life.LANDED, commit)
    sync(repository)
    assert not subjects(repository)


def forged(patch: Patch, text: str = "Write it down") -> str:
    return f"{text}\n\nPatch-Id: {traces.patch_id(patch)}\n"


def test_a_forged_trailer_of_a_waiting_patch_is_outside(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository)
    source_of(repository).commit(
        {"STATE/bread/current_state.md": STATE.replace("210", "225")}, message=forged(patch)
    )
    sync(repository)
    assert subjects(repository) == ["Write it down"]


def test_a_forged_trailer_of_an_approved_patch_with_another_tree_is_outside(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository, life.APPROVED)
    source_of(repository).commit(
        {"STATE/bread/current_state.md": STATE.replace("210", "900")}, message=forged(patch)
    )
    sync(repository)
    assert subjects(repository) == ["Write it down"]


def test_a_forged_trailer_of_a_landed_patch_is_outside(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository, life.LANDED)
    sync(repository)
    source = source_of(repository)
    source.commit({"STATE/bread/current_state.md": STATE}, message="Put it back")
    source.commit(
        {"STATE/bread/current_state.md": STATE.replace("210", "225")}, message=forged(patch, "And again")
    )
    source.commit({OVEN: "Other."}, message="Patch-Id: 99999999999999999999-abc\n\nPatch-Id: x")
    sync(repository)
    assert len(subjects(repository)) == 3


def test_a_merge_stands_for_what_it_merged(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    base = source.tip()
    side = source.propose("side", {OVEN: "One."})
    tree = source.repo[side].peel(pygit2.Commit).tree.id
    who = source.repo[side].peel(pygit2.Commit).author
    source.repo.create_commit("refs/heads/main", who, who, "Merge the side", tree, [base, side])
    sync(repository)
    row = OutsideCommit.objects.get()
    assert (row.subject, row.files) == ("Merge the side", [OVEN])


def test_a_large_push_lists_the_newest_and_says_how_many_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "MOST", 3)
    repository = a_repository(tmp_path)
    source = source_of(repository)
    for number in range(7):
        source.commit({OVEN: f"{number}"}, message=f"Number {number}")
    sync(repository)
    assert subjects(repository) == ["Number 4", "Number 5", "Number 6"]
    assert any(
        "7 commits came to main at once" in problem["text"] % problem["params"]
        for problem in repository.problems
    )


def test_a_rewritten_history_lists_only_what_it_brings(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    begin = str(source.tip())
    first = push(repository, text="One.", said="First")
    sync(repository)
    oversight.read(row=OutsideCommit.objects.get(), by=a_user("rin", REVIEWER))
    second = source_of(repository).commit({"docs/second.md": "Two."}, message="Second")
    sync(repository)
    # rebased onto a new commit, without the second, with a third
    source.repo.references.create("refs/heads/scratch", begin, force=True)
    source.at = source_of(repository).at
    source.commit({"docs/before.md": "Slipped in."}, "scratch", "Slipped in below")
    renamed = source.commit({OVEN: "One."}, "scratch", "First")
    rewrite(repository, source.commit({"docs/third.md": "Three."}, "scratch", "Third"))
    source.withdraw("scratch")
    sync(repository)
    rows = {row.subject: row for row in OutsideCommit.objects.all()}
    assert set(rows) == {"First", "Slipped in below", "Third"}
    assert rows["First"].commit == renamed != first
    assert rows["First"].read_by is not None
    assert rows["Third"].read_at is None
    assert AuditEvent.objects.get(verb="drop").before["commit"] == second


def test_an_unrelated_history_that_holds_the_same_changes_lists_nothing(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    push(repository)
    sync(repository)
    source = source_of(repository)
    source.commit(FILES, "other", "Begin once more")
    rewrite(repository, source.commit({OVEN: "# Heat\n\nToo hot.\n"}, "other", "Sneak in"))
    source.withdraw("other")
    sync(repository)
    assert subjects(repository) == ["Sneak in"]
    assert OutsideCommit.objects.get().commit == str(source.tip())


def test_nothing_can_be_said_without_the_main_that_was_read_before(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, proposals={})
    source = source_of(repository)
    rewrite(repository, source.commit(FILES, "other", "Another beginning"))
    source.withdraw("other")
    shutil.rmtree(repository.mirror)
    sync(repository)
    assert not subjects(repository)
    assert any("cannot be told what landed outside" in problem["text"] for problem in repository.problems)


def test_a_hostile_commit_is_listed_all_the_same(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    push(repository, "reports/oven/\u202eevil\n.md", "x", "<script>alert(1)</script>" + "x" * 500)
    sync(repository)
    row = OutsideCommit.objects.get()
    assert len(row.subject) == 300
