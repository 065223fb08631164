"""What a proposal brings: its evidence is read before it lands, its names and claims are held against main's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.contract.case import Case, File
from cells.contract.judge import judge
from cells.evidence.assign import CellIndex
from cells.models import Patch, Repository
from cells.patches import cases
from cells.patches.brought import brought
from cells.patches.ground import Ground
from cells.ssot.mirror import Mirror
from tests.factories import FILES, SWARM, a_repository, a_source

RISE = "reports/dough/rise_20260301T0600Z.md"
NEW = "reports/dough/heat_20260301T0900Z.md"
RUN = "bake_dough_20260302T060000Z"
WENT_WELL = {f"reports/dough/{RUN}/run.log": "[INFO] bake exited 0\n[INFO] status: success\n"}
FAILED = {f"reports/dough/{RUN}/result.log": "[INFO] bake exited 1\n[INFO] status: failed\n"}


def proposed(folder: Path, changes: dict[str, str | None], files: dict[str, str] = FILES) -> Case:
    """The case of one branch with green checks."""
    repository = a_repository(folder, files=files, proposals={"x/one": changes})  # type: ignore[dict-item]
    return replace(case_of(repository), checks="green")


def case_of(repository: Repository, branch: str = "x/one") -> Case:
    patch = Patch.objects.get(repository=repository, branch=branch)
    return cases.of_patch(patch, Mirror(repository.mirror), repository.head)


def asks(case: Case) -> set[str]:
    return {reason.rule for reason in judge(case).reasons if reason.decision != "AUTO_MERGE_OK"}


@pytest.mark.django_db
def test_a_plain_new_report_needs_nobody(tmp_path: Path) -> None:
    case = proposed(tmp_path, {NEW: "# Heat\n\nSteady at 216 degrees.\n"})
    assert judge(case).decision == "AUTO_MERGE_OK"
    (own,) = case.own_evidence
    assert (own.path, own.trust, own.flags) == (NEW, "proposal", {})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("flag", "changes"),
    [
        ("future", {"reports/dough/heat_20990101T0700Z.md": "# Heat\n\nSteady.\n"}),
        ("duplicate", {NEW: FILES[RISE]}),
        ("template", {NEW: "# Heat\n\nSteady at {{degrees}} degrees.\n"}),
        ("unparsable", {"reports/dough/heat_20260301T0900Z.png": "No oven answered.\n"}),
        ("unparsable", {"reports/dough/heat_20260301T0900Z.json": "216 degrees\n"}),
        ("empty", {NEW: ""}),
    ],
)
def test_evidence_that_sync_would_flag_asks_for_a_person(
    tmp_path: Path, flag: str, changes: dict[str, str | None]
) -> None:
    case = proposed(tmp_path, changes)
    assert flag in {code for own in case.own_evidence for code in own.flags}
    assert "evidence-flags" in asks(case)
    reasons = [reason.place for reason in judge(case).reasons if reason.rule == "evidence-flags"]
    assert len(reasons) == 1, "each thing is said once"


@pytest.mark.django_db
def test_the_second_of_two_like_files_is_the_copy(tmp_path: Path) -> None:
    text = "# Heat\n\nSteady at 216 degrees, measured twice.\n"
    other = NEW.replace("0900", "0910")
    flags = {own.path: set(own.flags) for own in proposed(tmp_path, {NEW: text, other: text}).own_evidence}
    assert flags == {NEW: set(), other: {"duplicate"}}


@pytest.mark.django_db
def test_a_moved_file_is_no_copy(tmp_path: Path) -> None:
    moved = proposed(tmp_path, {RISE: None, NEW.replace("heat", "rise"): FILES[RISE]})
    assert [own.flags for own in moved.own_evidence] == [{}]


@pytest.mark.django_db
def test_evidence_it_cites_and_brings_is_doubted_once(tmp_path: Path) -> None:
    late = "reports/dough/heat_20990101T0700Z.md"
    case = proposed(tmp_path, {"docs/notes.md": f"# Notes\n\nSee `{late}`.\n", late: "# Heat\n\nSteady.\n"})
    assert [one.trust for one in case.support] == ["proposal"]
    assert [r.place for r in judge(case).reasons if r.rule == "evidence-flags"] == [late]


@pytest.mark.django_db
def test_a_proposal_that_makes_claims_disagree_says_so(tmp_path: Path) -> None:
    case = proposed(tmp_path, dict(FAILED), FILES | WENT_WELL)
    assert case.conflicts
    assert any(RUN in str(said) and "result.log" in str(said) for said in case.conflicts)
    assert "conflicts" in asks(case)


@pytest.mark.django_db
def test_evidence_that_agrees_makes_no_conflict(tmp_path: Path) -> None:
    agreeing = {path: text.replace("1", "0").replace("failed", "success") for path, text in FAILED.items()}
    assert proposed(tmp_path, dict(agreeing), FILES | WENT_WELL).conflicts == ()


@pytest.mark.django_db
def test_a_conflict_that_stands_already_is_not_told_twice(tmp_path: Path) -> None:
    more = {f"reports/dough/{RUN}/notes.md": f"# Notes\n\nThe run {RUN} was looked at.\n"}
    case = proposed(tmp_path, dict(more), FILES | WENT_WELL | FAILED)
    said = [str(one) for one in case.conflicts]
    assert said
    assert len(said) == len(set(said))


@pytest.mark.django_db
def test_a_corrected_file_is_not_held_against_what_it_said_before(tmp_path: Path) -> None:
    path = next(iter(FAILED))
    corrected = {path: "[INFO] bake exited 0\n[INFO] status: success\n"}
    repository = a_repository(tmp_path, files=FILES | FAILED, proposals={"x/one": corrected})
    assert case_of(repository).conflicts == ()


@pytest.mark.django_db
def test_a_name_that_only_case_or_normal_form_tells_apart_is_a_shadow(tmp_path: Path) -> None:
    files = FILES | {"reports/dough/caf\u00e9.md": "# Bar\n\nOpen.\n"}
    changes: dict[str, str | None] = {
        RISE.replace("rise", "Rise"): "# Rise\n\nFlat.\n",
        "reports/dough/cafe\u0301.md": "# Bar\n\nShut.\n",
        NEW: "# Heat\n\nSteady.\n",
    }
    assert sorted(proposed(tmp_path, changes, files).shadows) == [
        "reports/dough/Rise_20260301T0600Z.md → reports/dough/rise_20260301T0600Z.md",
        "reports/dough/cafe\u0301.md → reports/dough/caf\u00e9.md",
    ]


@pytest.mark.django_db
def test_a_file_that_is_only_renamed_in_case_shadows_nothing(tmp_path: Path) -> None:
    assert proposed(tmp_path, {RISE: None, RISE.replace("rise", "Rise"): FILES[RISE]}).shadows == ()


def test_two_new_names_can_shadow_each_other(tmp_path: Path) -> None:
    source = a_source(tmp_path / "source.git", FILES, {})
    ground = Ground(Mirror(source.path), str(source.tip()))
    assert list(ground.shadowed([File("reports/a.md", "added"), File("reports/A.md", "added")])) == [
        "reports/A.md → reports/a.md"
    ]
    assert list(Ground(Mirror(source.path), "").shadowed([File(RISE, "added")])) == []


@pytest.mark.django_db
def test_every_cell_it_touches_brings_its_contract(tmp_path: Path) -> None:
    swarm = SWARM.replace('key = "oven"\nlane', 'key = "oven"\ncontract = "policy"\nlane').replace(
        'key = "dough"\nlane', 'key = "dough"\ncontract = "persist-report"\nlane'
    )
    both: dict[str, str | None] = {
        NEW: "# Heat\n\nFine dough.\n", NEW.replace("dough", "oven"): "# Heat\n\nFine oven.\n",
    }  # fmt: skip
    case = proposed(tmp_path, both, FILES | {"swarm.toml": swarm})
    assert sorted(case.cell_contracts) == ["persist-report", "policy"]
    assert asks(case) == {"category"}


@pytest.mark.django_db
def test_more_evidence_costs_no_more_queries(tmp_path: Path) -> None:
    log = "[INFO] bake exited 0\n[INFO] status: success\n"
    changes = {f"reports/dough/bake_dough_202603010{n}0000Z/run.log": log + f"{n}\n" for n in range(10)}
    proposals = {"x/one": dict([*changes.items()][:1]), "x/ten": changes}
    repository = a_repository(tmp_path, proposals=proposals)
    used = []
    for branch in ("x/one", "x/ten"):
        patch = Patch.objects.select_related("repository").get(branch=branch)
        with CaptureQueriesContext(connection) as queries:
            assert cases.of_patch(patch, Mirror(repository.mirror), repository.head).own_evidence
        used.append(len(queries))
    assert used[0] == used[1]


@settings(max_examples=150, deadline=None)
@given(
    name=st.text(max_size=40),
    data=st.none() | st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")),
)  # fmt: skip
def test_whatever_it_brings_reading_it_never_raises(name: str, data: bytes | None) -> None:
    file = File(f"reports/{name}", "added", new=data, size=len(data or b""))
    made = brought([file], datetime(2026, 3, 1, tzinfo=UTC), CellIndex(()), (), lambda blob, without: "")
    assert set(made.support) == {file.path}
    made.conflicts({}, datetime(2020, 1, 1, tzinfo=UTC))
