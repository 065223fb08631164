"""Cases: what the contract is told about a change in git and about a waiting patch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pygit2
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.contract.case import Case, Citation
from cells.models import Patch, Repository
from cells.patches import cases, contents
from cells.patches.governing import contract_of
from cells.patches.known import Known, Trees, number_of, past
from cells.patches.standing import Waiting, compare
from cells.ssot.mirror import Mirror
from tests.factories import FILES, STATE, Source, a_patch, a_repository, a_source, source_of, sync

HEAT = "reports/oven/heat_20260301T0700Z.md"
NEW = "reports/oven/heat_20260303T0700Z.md"


def mirror_of(source: Source) -> Mirror:
    return Mirror(source.path)


def known_at(mirror: Mirror, commit: str) -> Known:
    seen = past(mirror, commit)
    return Known(Trees(mirror), commit, seen.pull_requests, seen.folders)


def of_last(source: Source, base: str | None = None) -> Case:
    mirror, tip = mirror_of(source), str(source.tip())
    parent = base if base is not None else str(mirror.commit(tip).parent_ids[0])
    return cases.of_change(mirror, parent, tip, known_at(mirror, parent))


def of_branch(repository: Repository, branch: str) -> Case:
    patch = Patch.objects.get(repository=repository, branch=branch, state="proposed")
    return cases.of_patch(patch, Mirror(repository.mirror), repository.head)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return a_source(tmp_path / "source.git", FILES, {})


def test_a_change_is_its_files_before_and_after(source: Source) -> None:
    source.commit(
        {HEAT: None, NEW: "# Heat\n\nSteady.\n" * 9, "STATE/bread/current_state.md": STATE + "More.\n"}
    )
    files = {file.path: file for file in of_last(source).files}
    assert (files[NEW].status, files[NEW].old, files[NEW].new) == ("added", None, b"# Heat\n\nSteady.\n" * 9)
    assert (files[HEAT].status, files[HEAT].new, files[HEAT].size) == ("deleted", None, len(FILES[HEAT]))
    state = files["STATE/bread/current_state.md"]
    assert (state.status, state.old, state.new) == ("modified", STATE.encode(), (STATE + "More.\n").encode())
    assert (state.old_mode, state.new_mode) == ("100644", "100644")


def test_a_moved_file_keeps_both_names(source: Source) -> None:
    source.commit({"STATE/bread/current_state.md": None, "docs/bread.md": STATE})
    (file,) = of_last(source).files
    assert (file.status, file.old_path, file.path) == (
        "renamed",
        "STATE/bread/current_state.md",
        "docs/bread.md",
    )
    assert file.old == file.new == STATE.encode()


def test_the_first_commit_adds_everything(source: Source) -> None:
    case = of_last(source, base="")
    assert {file.path for file in case.files} == set(FILES)
    assert {file.status for file in case.files} == {"added"}


def test_links_programs_and_submodules_are_told_by_their_modes(source: Source) -> None:
    index = pygit2.Index()
    index.read_tree(source.repo[source.tip()].peel(pygit2.Tree))
    for path, content, mode in (("link", b"/etc/passwd", 0o120000), ("run", b"#!/bin/sh\n", 0o100755)):
        index.add(pygit2.IndexEntry(path, source.repo.create_blob(content), pygit2.enums.FileMode(mode)))
    index.add(pygit2.IndexEntry("sub", source.tip(), pygit2.enums.FileMode.COMMIT))
    tree = index.write_tree(source.repo)
    who = pygit2.Signature("Ada", "ada@example.org", 1_800_000_000, 0)
    source.repo.create_commit("refs/heads/main", who, who, "Odd", tree, [source.tip()])
    files = {file.path: file for file in of_last(source).files}
    assert {path: file.new_mode for path, file in files.items()} == {
        "link": "120000", "run": "100755", "sub": "160000",
    }  # fmt: skip
    assert files["link"].new == b"/etc/passwd"
    assert (files["sub"].read, files["sub"].new) == (False, None)


def test_what_is_too_large_or_too_much_is_known_by_size_only(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.commit({"a.bin": b"\0" * 10, "b.md": "x" * 1_000_001, "c.md": "small"})
    files = {file.path: file for file in of_last(source).files}
    assert files["a.bin"].binary
    assert (files["b.md"].read, files["b.md"].new, files["b.md"].size) == (False, None, 1_000_001)
    monkeypatch.setattr(contents, "READ_MOST", 12)
    assert [file.read for file in of_last(source).files] == [True, False, False]


def test_citations_are_looked_up_where_the_change_began(source: Source) -> None:
    begin = str(source.tip())
    source.commit({"docs/a.md": "x"}, message="Write a (#7)")
    text = (
        f"See `{HEAT}`, `{NEW}`, `reports/none.md`, `elsewhere/x.md` and `../docs/a.md`.\n"
        f"By PR #7 and PR #70, commit {begin[:9]} and commit abcdef123.\n"
    )
    source.commit({NEW: "# Heat\n", "docs/b.md": text})
    found = {cited.target: cited.exists for cited in of_last(source).citations}
    assert found[HEAT]
    assert found[NEW], "the proposal's own new file exists"
    assert found["reports/none.md"] is False
    assert found["elsewhere/x.md"] is None, "a folder this repository never held"
    assert (found["#7"], found["#70"]) == (True, False)
    assert (found[begin[:9]], found["abcdef123"]) == (True, False)


def test_a_run_exists_when_a_folder_names_it(source: Source) -> None:
    source.commit({"reports/runs/apply_x_20260301T0700Z/run.log": "ok"})
    known = known_at(mirror_of(source), str(source.tip()))
    there = [
        known.exists(Citation("run", run, "docs/a.md:1"))
        for run in ("apply_x_20260301T0700Z", "apply_y_20260301")
    ]
    assert there == [True, False]
    assert known.exists(Citation("run", "19793359086", "docs/a.md:1")) is None, "a hosted runner's number"
    assert known.of_run("apply_x_20260301T0700Z") == ["reports/runs/apply_x_20260301T0700Z/run.log"]


def test_another_record_knows_paths_from_the_moment_they_stood(source: Source) -> None:
    early = replace(known_at(mirror_of(source), str(source.tip())), elsewhere={"src/x.py": 100.0}, at=50.0)
    cited = Citation("path", "src/x.py", "docs/a.md:1")
    assert early.exists(cited) is None
    assert replace(early, at=200.0).exists(cited) is True


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["path", "run", "pull_request", "commit"]),
    target=st.text(min_size=1),
    place=st.text(),
)
def test_looking_up_never_raises(
    tmp_path_factory: pytest.TempPathFactory, kind: str, target: str, place: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "looked-up.git"
    source = Source(path) if path.exists() else a_source(path, FILES, {})
    known = known_at(mirror_of(source), str(source.tip()))
    (answer,) = known.resolved([Citation(kind, target, place)])  # type: ignore[arg-type]
    assert answer.exists in (True, False, None)


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("Warm the oven (#12)", 12), ("Merge pull request #9 from ada/oven", 9), ("Revert (#3) by hand", None),
        ("Warm the oven", None), ("(#12345678901)", None),
    ],
)  # fmt: skip
def test_the_number_of_a_pull_request_stands_in_the_subject(subject: str, number: int | None) -> None:
    assert number_of(subject) == number


def at(day: int) -> datetime:
    return datetime(2026, 3, day, tzinfo=UTC)


def waits(pk: int, content: str, paths: str = "ab", of: str = "ada") -> Waiting:
    return Waiting(pk, f"#{pk}", ("ask", of), at(pk), tuple((path, content) for path in paths))


def test_the_first_of_twins_is_no_twin() -> None:
    found = compare([waits(2, "x"), waits(1, "x"), waits(3, "x", of="rin")])
    assert [found[pk].twins for pk in (1, 2, 3)] == [(), ("#1",), ("#1", "#2")]


def test_a_newer_one_replaces_what_the_same_author_proposed_for_the_same_paths() -> None:
    found = compare([waits(1, "x"), waits(2, "y"), waits(3, "y", paths="a"), waits(4, "z", of="rin")])
    assert [found[pk].replaced_by for pk in (1, 2, 3, 4)] == ["#2", "", "", ""]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("xy"), st.sampled_from(["a", "ab"]), st.sampled_from(["ada", "rin"])),
        min_size=1,
        max_size=8,
    )
)
def test_something_is_always_left_to_decide(rows: list[tuple[str, str, str]]) -> None:
    waiting = [waits(pk, content, paths, of) for pk, (content, paths, of) in enumerate(rows, start=1)]
    found = compare(waiting)
    for paths in {row.content for row in waiting}:
        touched = [row.pk for row in waiting if [p for p, _ in row.content] == [p for p, _ in paths]]
        assert any(not found[pk].twins and not found[pk].replaced_by for pk in touched)


@pytest.mark.django_db
def test_a_waiting_patch_is_what_would_land_on_main_today(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source_of(repository).commit({"STATE/bread/current_state.md": STATE + "\n## Later\nA line.\n"})
    sync(repository)
    case = of_branch(repository, "ask/warmer-oven")
    (file,) = case.files
    assert file.old == (STATE + "\n## Later\nA line.\n").encode()
    assert file.new == (STATE.replace("210", "225") + "\n## Later\nA line.\n").encode()
    assert (case.applies, case.cell, case.lane, case.kind, case.checks) == (
        True, "oven", "monitoring", "ask", "unknown",
    )  # fmt: skip


@pytest.mark.django_db
def test_what_does_not_apply_is_judged_by_the_branch_alone(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    source_of(repository).commit({"STATE/bread/current_state.md": STATE.replace("210", "190")})
    sync(repository)
    case = of_branch(repository, "ask/warmer-oven")
    assert not case.applies
    assert [file.old for file in case.files] == [STATE.encode()]


@pytest.mark.django_db
def test_age_is_told_by_the_newest_evidence_and_never_negative(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository)
    mirror = Mirror(repository.mirror)
    assert cases.of_patch(patch, mirror, repository.head).age_days == 0
    patch.authored_at = repository.newest_evidence_at - timedelta(days=3)
    assert cases.of_patch(patch, mirror, repository.head).age_days == 3


@pytest.mark.django_db
def test_cited_evidence_supports_with_its_flags_and_its_trust(tmp_path: Path) -> None:
    files = FILES | {"reports/oven/none_20260301T0800Z.md": ""}
    text = (
        f"See `{HEAT}`, `reports/oven/none_20260301T0800Z.md`, `{NEW}` and `STATE/bread/current_state.md`.\n"
    )
    proposals = {"ask/notes": {"docs/notes.md": text, NEW: "# Heat\n\nSteady.\n"}}
    support = {
        one.path: one
        for one in of_branch(a_repository(tmp_path, files=files, proposals=proposals), "ask/notes").support
    }
    assert {path: one.trust for path, one in support.items()} == {
        HEAT: "ssot", "reports/oven/none_20260301T0800Z.md": "ssot", NEW: "proposal",
    }  # fmt: skip
    assert support[HEAT].certain
    assert support[HEAT].observed_at == datetime(2026, 3, 1, 7, 0, tzinfo=UTC)
    assert set(support["reports/oven/none_20260301T0800Z.md"].flags) == {"empty"}


@pytest.mark.django_db
def test_the_evidence_of_its_edits_supports_a_patch(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    patch = a_patch(repository)
    patch.edits = [{"operation": "append_after_heading", "evidence": [HEAT]}]
    case = cases.of_patch(patch, Mirror(repository.mirror), repository.head)
    assert [one.path for one in case.support] == [HEAT]


@pytest.mark.django_db
def test_a_patch_git_lost_is_unseen_and_stops_no_other(tmp_path: Path) -> None:
    repository = a_repository(tmp_path)
    lost = a_patch(repository)
    lost.tip = "1" * 40
    other = a_patch(repository, branch="think/dough-notes")
    builder = cases.Builder(repository, Mirror(repository.mirror), repository.head)
    (_, first), (_, second) = builder.cases([lost, other])
    assert (first.files, first.unseen, first.applies) == ((), ("STATE/bread/current_state.md",), False)
    assert second.applies
    assert second.files


@pytest.mark.django_db
def test_many_patches_cost_no_more_queries_than_one(tmp_path: Path) -> None:
    proposals = {
        f"ask/n{n}": {f"reports/oven/n{n}_20260301T0900Z.md": f"See `{HEAT}`, {n}.\n"} for n in range(30)
    }
    repository = a_repository(tmp_path, proposals=proposals)
    mirror = Mirror(repository.mirror)
    used = []
    for most in (1, 30):
        rows = list(Patch.objects.filter(repository=repository)[:most])
        with CaptureQueriesContext(connection) as queries:
            assert len(list(cases.Builder(repository, mirror, repository.head).cases(rows))) == most
        used.append(len(queries))
    assert used[0] == used[1]


READY = """\
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: oven
status:
  conditions:
    - type: Ready
      status: "True"
"""


@pytest.mark.django_db
def test_conflicting_claims_about_its_cell_are_told(tmp_path: Path) -> None:
    evidence = {
        "reports/oven/after_20260302T0700Z.yaml": READY,
        "reports/oven/sli_20260302T0800Z.md": "# SLI\n\n- success_rate: 0 %\n- requests: 20\n",
    }
    repository = a_repository(tmp_path, files=FILES | evidence)
    (told,) = of_branch(repository, "ask/warmer-oven").conflicts
    assert "oven" in str(told)
    assert of_branch(repository, "think/dough-notes").conflicts == ()


def test_the_contract_that_governs_is_the_default_branchs_or_reviews_everything(source: Source) -> None:
    mirror = mirror_of(source)
    assert contract_of(mirror, str(source.tip())).why is None
    source.commit({"contract.toml": "[nonsense]\n"})
    assert contract_of(mirror, str(source.tip())).why is not None
    source.commit({"contract.toml": "#" * 1_000_001})
    assert contract_of(mirror, str(source.tip())).why is not None
    source.commit({"contract.toml": None, "contract.toml/x": "a folder"})
    assert contract_of(mirror, str(source.tip())).why is not None


@pytest.mark.django_db
def test_a_message_that_names_the_report_it_brings_rests_on_nothing(tmp_path: Path) -> None:
    path = "reports/dough/heat_20260303T0700Z.md"
    repository = a_repository(tmp_path, proposals={})
    source_of(repository).propose("ask/heat", {path: "# Heat\n\nSteady.\n"}, f"Bring {path}\n\nIt is {path}.")
    sync(repository)
    case = cases.of_patch(Patch.objects.get(branch="ask/heat"), Mirror(repository.mirror), repository.head)
    assert case.support == ()
