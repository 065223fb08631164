"""Back-test: what the contract would have said of everything a repository's history proposed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.backtest.history import HIGHEST, History, parse
from cells.backtest.replay import replay
from cells.contract.policy import default
from cells.contract.policy import parse as contract
from cells.models import Patch, Repository
from cells.ssot.mirror import Mirror
from tests.factories import FILES, STATE, Source, a_source

pytestmark = pytest.mark.django_db

WARM = "reports/oven/warm_20260302T0800Z.md"
LESS = '[categories.persist-report]\npaths = ["reports/**"]\ndecision = "REVIEW_REQUIRED"\n'
RECORD: dict[str, dict[str, Any]] = {
    "squashed": {"number": 3, "merged": True, "merged_at": "2026-03-02T11:00:00Z", "files": [
        {"path": WARM, "status": "A"}, {"path": "src/oven.py", "status": "A"}]},
    "open": {"number": 7, "merged": False, "head_branch": "ask/rye", "title": "Rye", "files": [
        {"path": "reports/dough/rye_20260302T0900Z.md", "status": "A"}]},
    "elsewhere": {"number": 9, "merged": True, "merged_at": "2026-03-03T11:00:00Z", "title": "Only code",
                  "files": [{"path": "src/a.py", "old_path": "src/b.py", "status": "R"}]},
    "empty": {"number": 10, "merged": True, "title": "Nothing", "files": []},
}  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A squash, a merge and a direct commit on main; beside it a report and a shrunken STATE."""
    source = a_source(tmp_path / "source.git", FILES, {})
    source.commit({WARM: "# Heat\n\nWarmer, 225 degrees.\n"}, message="report: warmer (#3)")
    source.commit({"docs/a.md": "# A\n\nA line.\n"}, message="Straight to main")
    source.commit(
        {"docs/b.md": "# B\n\nA line.\n"}, message="Merge pull request #4 from ada/b\n\ndocs: tell of b"
    )
    source.propose("ask/rye", {"reports/dough/rye_20260302T0900Z.md": "# Rye\n\nIt rose in two hours.\n"})
    source.propose("think/less", {"STATE/bread/current_state.md": STATE[:60]})
    return source


def run(source: Source, *options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("backtest", "bakery", "--source", str(source.path), "--json", *options, stdout=out)
    return json.loads(out.getvalue())


def written(path: Path, *rows: Mapping[str, Any] | str) -> str:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n")
    return str(path)


def of(result: dict[str, Any], **wanted: object) -> dict[str, Any]:
    (found,) = (
        case for case in result["cases"] if all(case[name] == value for name, value in wanted.items())
    )
    return found


def test_every_pull_request_and_every_side_branch_is_judged(source: Source) -> None:
    result = run(source)
    assert set(result) == {"counts", "flips", "cases"}
    assert [(case["pr"], case["ref"], case["merged"]) for case in result["cases"]] == [
        (3, "main", True), (4, "main", True), (None, "ask/rye", False), (None, "think/less", False),
    ]  # fmt: skip
    assert [case["title"] for case in result["cases"]][:2] == ["report: warmer", "docs: tell of b"]
    assert set(result["cases"][0]) == {"pr", "title", "ref", "commit", "paths", "merged", "verdict"}
    assert set(result["cases"][0]["verdict"]) == {"decision", "category", "risk", "reasons"}
    assert of(result, pr=3)["paths"] == [WARM]
    assert (result["counts"]["merged"], result["counts"]["branches"]) == (2, 2)
    assert sum(result["counts"]["decisions"].values()) == 4
    assert (result["flips"], result["counts"]["problems"]) == ([], [])


def test_checks_are_unknown_unless_they_are_assumed_green(source: Source) -> None:
    unknown, green = run(source), run(source, "--assume-green")
    assert unknown["counts"]["decisions"]["AUTO_MERGE_OK"] == 0
    assert unknown["counts"]["rules"]["checks"] == 4
    assert of(green, ref="ask/rye")["verdict"]["decision"] == "AUTO_MERGE_OK"
    assert of(green, ref="think/less")["verdict"]["decision"] == "REVIEW_REQUIRED"


def test_nothing_is_judged_twice_or_written(source: Source) -> None:
    first = run(source)
    before = {patch.pk: patch.state for patch in Patch.objects.all()}
    second = run(source)
    assert first["cases"] == second["cases"]
    assert {patch.pk: patch.state for patch in Patch.objects.all()} == before


def test_the_record_adds_what_git_does_not_hold(source: Source, tmp_path: Path) -> None:
    history = written(tmp_path / "history.jsonl", *RECORD.values())
    result = run(source, "--assume-green", "--history", history)
    squashed = of(result, pr=3)
    assert squashed["paths"] == [WARM, "src/oven.py"]
    assert squashed["verdict"]["decision"] == "REVIEW_REQUIRED"
    assert "unseen" in {reason["rule"] for reason in squashed["verdict"]["reasons"]}
    assert of(result, ref="ask/rye")["pr"] == 7
    elsewhere = of(result, pr=9)
    assert (elsewhere["ref"], elsewhere["commit"], elsewhere["merged"]) == ("", "", True)
    assert elsewhere["paths"] == ["src/a.py", "src/b.py"]
    assert elsewhere["verdict"]["decision"] == "REVIEW_REQUIRED"
    assert 10 not in {case["pr"] for case in result["cases"]}, "nothing is known of it"


def test_a_bad_line_is_named_and_the_others_count(source: Source, tmp_path: Path) -> None:
    history = written(tmp_path / "history.jsonl", "{oops", RECORD["open"], "[]", {"number": "x"}, "")
    result = run(source, "--history", history)
    assert [problem.split(" of ")[0] for problem in result["counts"]["problems"]] == [
        "Line 1",
        "Line 3",
        "Line 4",
    ]
    assert of(result, ref="ask/rye")["pr"] == 7


def test_another_contract_shows_what_would_flip(source: Source, tmp_path: Path) -> None:
    stricter = tmp_path / "contract.toml"
    stricter.write_text(LESS)
    result = run(source, "--assume-green", "--contract", str(stricter))
    assert of(result, ref="ask/rye")["verdict"]["decision"] == "REVIEW_REQUIRED"
    (flip,) = (flip for flip in result["flips"] if flip["ref"] == "ask/rye")
    assert set(flip) == {"pr", "ref", "before", "after", "rules"}
    assert (flip["before"], flip["after"]) == ("AUTO_MERGE_OK", "REVIEW_REQUIRED")


def test_the_repositorys_own_contract_is_the_one_in_force(source: Source) -> None:
    source.commit({"contract.toml": LESS}, message="Trust nobody (#5)")
    result = run(source, "--assume-green")
    assert result["counts"]["decisions"]["AUTO_MERGE_OK"] == 0


def test_a_side_branch_that_main_holds_already_is_for_the_archive(source: Source) -> None:
    source.commit({"reports/dough/rye_20260302T0900Z.md": "# Rye\n\nIt rose in two hours.\n"})
    verdict = of(run(source, "--assume-green"), ref="ask/rye")["verdict"]
    assert verdict["decision"] == "ARCHIVE_CANDIDATE"
    assert "on-main" in {reason["rule"] for reason in verdict["reasons"]}


def test_an_unrelated_branch_and_hostile_words_are_judged_too(source: Source) -> None:
    source.commit({"reports/x.md": "# X\n"}, "wild/無関係", "Approve this \x1b[31m\u202e")
    assert of(run(source, "--assume-green"), ref="wild/無関係")["paths"] == ["reports/x.md"]


def test_an_empty_repository_has_no_cases(tmp_path: Path) -> None:
    result = run(Source(tmp_path / "empty.git"))
    assert (result["cases"], result["counts"]["merged"]) == ([], 0)


def test_one_case_git_cannot_read_is_said_and_the_others_are_judged(source: Source) -> None:
    run(source)
    mirror = Mirror(Repository.objects.get().mirror)
    (mirror.path / "refs/source/lost").parent.mkdir(parents=True, exist_ok=True)
    blob = mirror.repo.create_blob(b"no commit")
    (mirror.path / "refs/source/lost").write_text(f"{blob}\n")
    result = replay(Mirror(mirror.path), "refs/heads/main", default())
    assert any("lost" in problem for problem in result["counts"]["problems"])
    assert len(result["cases"]) == 4


def test_progress_is_told_case_by_case(source: Source) -> None:
    run(source)
    seen: list[tuple[int, int]] = []
    mirror = Mirror(Repository.objects.get().mirror)
    replay(mirror, "refs/heads/main", default(), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_people_read_tables(source: Source, tmp_path: Path) -> None:
    stricter = tmp_path / "contract.toml"
    stricter.write_text(LESS)
    out = StringIO()
    call_command(
        "backtest",
        "bakery",
        "--source",
        str(source.path),
        "--assume-green",
        "--contract",
        str(stricter),
        stdout=out,
    )
    for words in ("REVIEW_REQUIRED", "Would flip", "ask/rye", "Merged, and now asked about"):
        assert words in out.getvalue()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--history", "/nowhere/at/all"), "cannot be read"),
        (("--contract", "/nowhere/at/all"), "cannot be read"),
        (("--source", "/nowhere/at/all"), "/nowhere/at/all"),
        ((), "No repository is known as bakery"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(options: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("backtest", "bakery", *options)


def test_a_contract_with_a_typing_mistake_is_refused(source: Source, tmp_path: Path) -> None:
    wrong = tmp_path / "contract.toml"
    wrong.write_text("[rules.shrimk]\nsays = 'off'\n")
    with pytest.raises(CommandError, match="shrimk"):
        run(source, "--contract", str(wrong))


def test_when_a_name_was_used_again_the_undecided_one_stands() -> None:
    history = parse([json.dumps({"head_branch": "ask/a", "number": n, "merged": n == 2}) for n in (1, 2)])
    assert history.by_branch["ask/a"].number == 1


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60),
    st.dictionaries(
        st.sampled_from(["number", "title", "files", "merged", "merged_at", "last_commit_at", "head_branch"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
                     lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["path", "status"]), inner),
                     max_leaves=6),
    ).map(json.dumps),
), max_size=6))  # fmt: skip
def test_reading_a_record_never_raises(lines: list[str | bytes]) -> None:
    history = parse(lines)
    assert isinstance(history, History)
    assert all(0 < number <= HIGHEST for number in history.by_number)
    "".join((*history.by_branch, *history.since)).encode()


def test_a_record_nested_without_end_is_one_bad_line() -> None:
    assert len(parse(["[" * 100_000, '{"number": 1}']).problems) == 1


def test_a_contract_may_be_compared_with_itself(source: Source) -> None:
    run(source)
    mirror = Mirror(Repository.objects.get().mirror)
    assert replay(mirror, "refs/heads/main", default(), against=contract(""))["flips"] == []
