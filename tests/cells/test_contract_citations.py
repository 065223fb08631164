"""What counts as pointing at something."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cells.contract.case import File
from cells.contract.citations import cited


def found(text: str, path: str = "docs/a.md", old: str = "") -> list[tuple[str, str, str]]:
    file = File(path, "modified", old.encode(), text.encode())
    return [(one.kind, one.target, one.place) for one in cited((file,), "")]


def test_paths_runs_pull_requests_and_commits_are_found_with_their_lines() -> None:
    text = "See `reports/a.md`.\nPR #5〜#7\nrun_id=apply_1, reports_dir=reports/r\ncommit 1a2b3c4\n"
    assert found(text) == [
        ("path", "reports/a.md", "docs/a.md:1"),
        ("pull_request", "#5", "docs/a.md:2"),
        ("pull_request", "#7", "docs/a.md:2"),
        ("run", "apply_1", "docs/a.md:3"),
        ("path", "reports/r", "docs/a.md:3"),
        ("commit", "1a2b3c4", "docs/a.md:4"),
    ]


def test_only_added_lines_count() -> None:
    assert found("See `reports/a.md`.\nAnd `reports/b.md`.\n", old="See `reports/a.md`.\n") == [
        ("path", "reports/b.md", "docs/a.md:2")
    ]


def test_globs_templates_code_and_plain_numbers_point_at_nothing() -> None:
    assert found("`reports/*.md` `reports/<date>.md`\n```\nreports/x.md\n```\ncommit 20250102\n") == []


def test_the_prose_of_a_stored_answer_claims_nothing_but_its_references_do() -> None:
    text = """{
 "acceptance": ["a file reports/soon.md exists"],
 "citations": [{"path": "reports/a.md"}],
 "evidence": ["reports/b.md"],
 "run_id": "apply_1"
}"""
    targets = {(kind, target) for kind, target, _ in found(text, "reports/a.json")}
    assert targets == {("path", "reports/a.md"), ("path", "reports/b.md"), ("run", "apply_1")}


def test_the_rationale_is_read_too() -> None:
    assert [(one.target, one.place) for one in cited((), "As PR #12 says.")] == [("#12", "")]


@settings(max_examples=150, deadline=None)
@given(st.text(), st.sampled_from(["a.md", "a.json", "a.jsonl", "a.txt"]), st.text())
def test_any_text_is_read_without_an_error(text: str, path: str, rationale: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    assert len(cited((File(path, "added", None, data),), rationale)) <= 500
