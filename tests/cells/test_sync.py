"""Reading a repository: idempotent, incremental, and never stopped by what it finds."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from cells import jobs
from cells.assignments import assign
from cells.clock import lease
from cells.hosts.source import default_branch, fetch
from cells.models import AuditEvent, Cell, Evidence, Patch, Repository, StateVersion, SyncRun
from cells.models.repository import without_secret
from cells.patches import life
from cells.repositories import known_as
from cells.ssot.mirror import Mirror
from cells.sync import branches, runs
from tests.factories import FILES, STATE, SWARM, a_patch, a_repository, a_source, source_of, sync

pytestmark = pytest.mark.django_db


def git(folder: Path, *arguments: str, stdin: bytes | None = None) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
        cwd=folder,
        input=stdin,
        check=True,
        capture_output=True,
    )
    return done.stdout.decode()


def fast_import(folder: Path, *files: tuple[str, str, bytes]) -> Path:
    """A bare repository with one commit of (mode, raw path, data)."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main")
    stream = [b"commit refs/heads/main\ncommitter a <a@example.org> 1770000000 +0900\ndata 5\nBegin\n"]
    for mode, path, data in files:
        if mode == "160000":
            stream.append(f"M 160000 {'1' * 40} {path}\n".encode())
        else:
            stream.append(f"M {mode} inline {path}\n".encode() + b"data %d\n" % len(data) + data + b"\n")
    git(folder, "fast-import", "--quiet", stdin=b"".join(stream))
    return folder


def read(source: Path, key: str = "odd") -> tuple[Repository, list[str]]:
    """The repository and what its reading complained about."""
    repository = sync(known_as(key, str(source)))
    return repository, [problem["text"] % problem["params"] for problem in repository.problems]


def rows() -> dict[str, int]:
    return {
        model.__name__: model.objects.count() for model in (Cell, Evidence, Patch, StateVersion, AuditEvent)
    }


def test_reading_twice_changes_nothing(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    before = rows()
    sync(repository)
    assert rows() == before
    Repository.objects.update(read_digest="")
    sync(repository)
    assert rows() == before


def test_a_new_commit_adds_only_what_changed(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source_of(repository).commit({"reports/oven/heat_20260303T0700Z.md": "# Heat\n\nSteady.\n"})
    run = runs.execute_now(repository, "test")
    assert run.result["evidence"] == 1
    assert "state_versions" not in run.result


def test_every_version_of_state_is_a_dated_row(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    source.commit({"STATE/bread/current_state.md": STATE.replace("210", "228")})
    sync(repository)
    versions = StateVersion.objects.filter(cell__key="oven")
    assert [version.current for version in versions] == [False, True]
    said = [version.facts.get(kind="current").text for version in versions]
    assert ["210" in text for text in said] == [True, False]
    assert versions[0].committed_at < versions[1].committed_at


def test_a_cell_declared_later_gets_the_history_of_its_document(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    source.commit({"STATE/bread/crumb.md": "## C\nNo crumb.\n"})
    source.commit({"STATE/bread/crumb.md": "## C\nSome crumb.\n"})
    sync(repository)
    source.commit(
        {"swarm.toml": SWARM.replace('key = "crumb"', 'key = "crumb"\nstate = "STATE/bread/crumb.md"')}
    )
    sync(repository)
    assert StateVersion.objects.filter(cell__key="crumb").count() == 2


def test_evidence_is_never_overwritten(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    path = "reports/oven/heat_20260302T0700Z.md"
    source_of(repository).commit({path: "# Heat\n\nIt was 190 after all.\n"})
    sync(repository)
    versions = Evidence.objects.filter(path=path).order_by("pk")
    assert [version.current for version in versions] == [False, True]


def test_a_branch_that_moves_is_a_new_patch_and_one_that_goes_is_superseded(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    source.commit({"STATE/bread/current_state.md": STATE.replace("210", "231")}, branch="ask/warmer-oven")
    source.withdraw("think/dough-notes")
    sync(repository)
    assert list(repository.patches.filter(branch="ask/warmer-oven").order_by("pk").values_list("state", flat=True)) == [
        life.SUPERSEDED, life.PROPOSED,
    ]  # fmt: skip
    assert repository.patches.get(branch="think/dough-notes").state == life.SUPERSEDED


def test_what_main_holds_already_does_not_wait(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    source.commit(
        {"STATE/bread/current_state.md": STATE.replace("210", "225")}, message="The same, squashed (#7)"
    )
    sync(repository)
    assert repository.patches.get(branch="ask/warmer-oven").state == life.SUPERSEDED


def test_a_history_that_was_rewritten_is_read_anew(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    source.commit({"reports/oven/heat_20260303T0700Z.md": "# Heat\n"})
    sync(repository)
    source.repo.references.create("refs/heads/main", source.repo[source.tip()].parent_ids[0], force=True)
    source.commit({"docs/other.md": "Another way."})
    sync(repository)
    assert not Evidence.objects.filter(path__contains="20260303", current=True).exists()
    assert Cell.objects.count() == 3


def test_a_broken_swarm_keeps_the_last_good_one_and_says_where(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source_of(repository).commit({"swarm.toml": SWARM + "\n[[cells]\n"})
    sync(repository)
    assert Cell.objects.count() == 3
    assert repository.problems[0]["params"]["path"] == "swarm.toml"
    assert "does not parse" in repository.swarm_broken["text"]
    source_of(repository).commit({"swarm.toml": SWARM})
    assert sync(repository).swarm_broken is None


def test_two_cells_with_one_key_keep_the_first(tmp_path: Path) -> None:
    twice = SWARM + '\n[[cells]]\nkey = "oven"\nlane = "sample"\ntitle = "Another oven"\n'
    repository = a_repository(tmp_path, files={**FILES, "swarm.toml": twice}, proposals={})
    assert Cell.objects.get(key="oven").title == "Oven watch"
    assert repository.problems


def test_an_empty_repository_is_a_sentence(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "empty.git")
    _, problems = read(tmp_path / "empty.git")
    assert any("no commit yet" in problem for problem in problems)


def test_a_repository_without_state_or_swarm_is_read(tmp_path: Path) -> None:
    source = a_source(tmp_path / "plain.git", {"README.md": "# Just code"}, {})
    repository, _ = read(source.path)
    assert repository.head
    assert not Cell.objects.exists()


def test_links_submodules_and_odd_names_are_skipped_with_a_sentence(tmp_path: Path) -> None:
    source = fast_import(
        tmp_path / "odd.git",
        ("120000", "reports/link.md", b"/etc/passwd"),
        ("160000", "reports/other", b""),
        ("100644", '"reports/bell\\007.md"', b"# Bell"),
        ("100644", '"reports/\\377\\376.md"', b"# Not UTF-8"),
        ("100644", "reports/fine_20260101T0000Z.md", b"# Fine"),
    )
    _, problems = read(source)
    assert list(Evidence.objects.values_list("path", flat=True)) == ["reports/fine_20260101T0000Z.md"]
    for word in ("symbolic link", "submodule", "control characters"):
        assert any(word in problem for problem in problems), problems


def test_text_that_is_not_utf8_is_flagged_not_fatal(tmp_path: Path) -> None:
    source = fast_import(
        tmp_path / "odd.git",
        ("100644", "reports/a.md", b"\xff\xfe\x00 broken"),
        ("100644", "STATE/current_state.md", b"## C\n\xff"),
    )
    read(source)
    assert Evidence.objects.get().flags


def test_a_huge_file_is_known_by_its_name_only(tmp_path: Path) -> None:
    source = fast_import(
        tmp_path / "odd.git", ("100644", "reports/huge_20260101T0000Z.log", b"0" * 200_000_000)
    )
    read(source)
    found = Evidence.objects.get()
    assert found.size == 200_000_000
    assert found.flags[0]["code"] == "too_large"


def test_twenty_thousand_files_are_read(tmp_path: Path) -> None:
    files = (
        ("100644", f"reports/oven/run_{n}_20260101T{n % 24:02}0000Z.md", b"# Run %d" % n)
        for n in range(20_000)
    )
    repository, _ = read(fast_import(tmp_path / "odd.git", *files))
    assert repository.evidence.filter(current=True).count() == 20_000


@pytest.mark.parametrize(
    "source",
    [
        "/nowhere/at/all",
        "ext::sh -c 'touch /tmp/owned'",
        "--upload-pack=touch /tmp/owned",
        "https://127.0.0.1:9/x.git",
    ],
)
def test_a_source_that_cannot_be_read_is_a_sentence(source: str) -> None:
    repository = Repository.objects.create(key="odd", source=source)
    run = runs.execute_now(repository, "test")
    assert run.state == SyncRun.FAILED
    assert "cannot be read" in run.error["text"] or "no source" in run.error["text"]


def test_a_dead_worker_is_followed_by_another(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    dead = SyncRun.objects.create(
        repository=repository, state=SyncRun.RUNNING, lease_until="2026-01-01T00:00Z"
    )
    runs.settle()
    dead.refresh_from_db()
    assert dead.state == SyncRun.FAILED
    assert SyncRun.objects.filter(state=SyncRun.QUEUED).count() == 1


def test_the_default_branch_is_the_one_head_names() -> None:
    assert default_branch("ref: refs/heads/trunk\tHEAD\nabc\tHEAD\nabc\trefs/heads/main\n") == "trunk"
    assert default_branch("abc\trefs/heads/zebra\nabc\trefs/heads/master\n") == "master"
    assert default_branch("") == ""


CATALOGUE = """\
# Overview

| Cell key | Description | Lane | u_contract | /ask | Remarks |
|---|---|---|---|---|---|
| oven | Keeps the heat | monitoring | `heat-report` | yes | – |
"""


def test_a_discovered_swarm_comes_with_a_patch_that_declares_it(tmp_path: Path) -> None:
    repository = a_repository(tmp_path, files={"docs/cells.md": CATALOGUE}, proposals={})
    assert repository.swarm_origin == "discovered"
    offer = repository.patches.get(kind="swarm")
    assert [file["path"] for file in offer.files] == ["swarm.toml"]
    Repository.objects.update(read_digest="", swarm_digest="")
    assert sync(repository).patches.count() == 1
    a_patch(repository, life.LANDED, branch="")
    sync(repository)
    assert repository.swarm_origin == "declared"
    assert Cell.objects.get().key == "oven"


def test_a_slow_fetch_keeps_its_run_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = a_repository(tmp_path)
    source_of(repository).commit({"docs/new.md": "New."})
    leases: list[datetime] = []

    def slow(repository: Repository, alive: Callable[[], None]) -> str:
        SyncRun.objects.update(lease_until="2026-01-01T00:00Z")
        time.sleep(0.3)  # longer than the pause between two signs of life
        alive()
        leases.append(SyncRun.objects.get(state=SyncRun.RUNNING).lease_until)
        return fetch(repository, alive)

    monkeypatch.setattr(branches, "fetch", slow)
    assert runs.execute_now(repository, "test").state == SyncRun.DONE
    assert all(until > timezone.now() for until in leases)


def test_a_run_that_was_declared_dead_does_not_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = a_repository(tmp_path)

    def declared_dead(repository: Repository, progress: runs.Progress) -> dict[str, object]:
        SyncRun.objects.filter(state=SyncRun.RUNNING).update(state=SyncRun.FAILED)
        progress("evidence", 1, 2)
        return {"changed": False}

    monkeypatch.setattr(runs, "read", declared_dead)
    run = runs.execute_now(repository, "test")
    assert (run.state, run.step) == (SyncRun.FAILED, "")


def test_a_command_line_waits_for_a_run_that_a_worker_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = a_repository(tmp_path)
    run = SyncRun.objects.create(repository=repository)

    def taken(run: SyncRun) -> bool:
        SyncRun.objects.filter(pk=run.pk).update(
            state=SyncRun.RUNNING, step="evidence", done=3, total=9, lease_until=lease()
        )
        run.refresh_from_db()
        return False

    def later(_: float) -> None:
        if seen:
            SyncRun.objects.filter(pk=run.pk).update(state=SyncRun.DONE, result={"seconds": 1.0})
            monkeypatch.setattr(jobs, "_claim", lambda _: False)

    seen: list[tuple[str, int, int]] = []
    monkeypatch.setattr(jobs, "_claim", taken)
    monkeypatch.setattr(jobs.time, "sleep", later)
    done = runs.execute_now(repository, "test", lambda *progress: seen.append(progress))
    assert done.result == {"seconds": 1.0}
    assert seen[0] == ("evidence", 3, 9)


RENAMED = SWARM.replace('"oven"', '"stove"')


def test_waiting_patches_follow_a_cell_that_is_renamed(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source_of(repository).commit({"swarm.toml": RENAMED})
    sync(repository)
    patch = a_patch(repository)
    assert [cell.key for cell in patch.cells.all()] == ["stove"]
    assert patch.lane.key == "monitoring"


def a_piece(repository: Repository) -> Evidence:
    return repository.evidence.get(path__contains="heat_20260302", current=True)


def cells_of(evidence: Evidence) -> list[str]:
    return [cell.key for cell in evidence.cells.all()]


def test_what_a_person_said_belongs_to_no_cell_stays_so(tmp_path: Path, operator: User) -> None:
    repository = a_repository(tmp_path)
    piece, source = a_piece(repository), source_of(repository)
    assign(evidence=piece, cells=[], by=operator)
    source.commit({piece.path: "# Heat\n\nIt was 190 after all.\n"})
    sync(repository)
    assert a_piece(repository).pk != piece.pk
    assert cells_of(a_piece(repository)) == []
    source.commit({"swarm.toml": SWARM.replace("Oven watch", "The oven")})
    sync(repository)
    assert cells_of(a_piece(repository)) == []


def test_the_last_word_of_a_person_holds_not_every_word(tmp_path: Path, operator: User) -> None:
    repository = a_repository(tmp_path)
    source = source_of(repository)
    for number, key in enumerate(("dough", "crumb")):
        assign(evidence=a_piece(repository), cells=[repository.cells.get(key=key)], by=operator)
        source.commit({a_piece(repository).path: f"# Heat\n\nVersion {number}.\n"})
        sync(repository)
    assert cells_of(a_piece(repository)) == ["crumb"]


def test_a_word_about_a_cell_that_is_gone_holds_no_longer(tmp_path: Path, operator: User) -> None:
    repository = a_repository(tmp_path)
    rise = repository.evidence.get(path__contains="rise")
    assign(evidence=rise, cells=[repository.cells.get(key="oven")], by=operator)
    assign(evidence=a_piece(repository), cells=[repository.cells.get(key="crumb")], by=operator)
    source_of(repository).commit({"swarm.toml": RENAMED})
    sync(repository)
    assert cells_of(rise) == ["dough"]
    assert cells_of(a_piece(repository)) == ["crumb"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("https://u:p@ss@host/x", "https://host/x"),
        ("https://u:pa/ss@host/x", "https://host/x"),
        ("https://token@host/x", "https://host/x"),
        ("https://host/x?private_token=abc", "https://host/x"),
        ("ssh://git@host:22/x.git", "ssh://host:22/x.git"),
        ("https://host:8443/x", "https://host:8443/x"),
        ("https://host/x@v1", "https://host/x@v1"),
        ("/home/me/what?", "/home/me/what?"),
        ("git@host:x", "git@host:x"),
        (
            "fatal: unable to access 'https://u:p@host/x/': no such host",
            "fatal: unable to access 'https://host/x/': no such host",
        ),
    ],
)
def test_a_source_is_shown_without_its_secrets(source: str, shown: str) -> None:
    assert without_secret(source) == shown
    assert Repository(source=source).shown_source == shown


def test_two_workers_that_fetch_at_the_same_moment_wait_for_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bakery = a_repository(tmp_path)
    source_of(bakery).commit({"docs/rolls.md": "# Rolls\n"}, message="Roll")
    lock = bakery.mirror / "refs/source/main.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    done = SimpleNamespace(sleep=lambda seconds: lock.unlink())  # the other one, while we wait
    monkeypatch.setattr("cells.hosts.source.time", done)
    fetch(bakery)
    assert Mirror(bakery.mirror).tip("refs/source/main") == source_of(bakery).tip("main")
