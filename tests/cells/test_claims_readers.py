"""Each reader by itself: logs, run lines, results, decisions, weekly reports, answers to /ask."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.evidence.assign import CellMatch
from cells.evidence.claims import MOST, READERS, Claim, claims_of, event_times, stamp_of
from cells.evidence.readers.base import Document, outcome, tidy

RUN = "apply_echo_dev_20260102T030405Z"
FOLDER = f"reports/runs/{RUN}"
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

LOG = """[APPLY] manifest=infra/echo.yaml
[APPLY] kubectl diff -f infra/echo.yaml
[INFO] diff exited 1
[APPLY] kubectl apply -f infra/echo.yaml
[INFO] apply exited 0
"""


def said(path: str, text: str, kind: str, project: str = "") -> list[tuple[str, str, str]]:
    found = claims_of(path, text, kind, (), project)
    return [(claim.subject, claim.predicate, claim.value) for claim in found]


def test_a_run_id_with_a_zoned_stamp_carries_its_time() -> None:
    assert stamp_of(RUN) == AT
    assert stamp_of("run_20260102_0304") is None
    assert stamp_of("release-7") is None
    assert stamp_of("seed-1758989975") is None


def test_a_log_claims_the_exits_the_outcome_and_the_manifest_of_its_run() -> None:
    assert said(f"{FOLDER}/apply.log", LOG, "log") == [
        (RUN, "exit_code.diff", "1"),
        (RUN, "exit_code.apply", "0"),
        (RUN, "status", "success"),
        (RUN, "manifest", "infra/echo.yaml"),
    ]


def test_a_command_that_returned_non_zero_fails_the_run() -> None:
    text = LOG.replace("[INFO] apply exited 0", "[ERROR] apply returned non-zero")
    assert (RUN, "exit_code.apply", "non-zero") in said(f"{FOLDER}/apply.log", text, "log")
    assert (RUN, "status", "failed") in said(f"{FOLDER}/apply.log", text, "log")


def test_a_command_run_again_counts_by_its_last_exit() -> None:
    text = "build exited 2\nbuild exited with code 0\n"
    assert said("reports/b.log", text, "log") == [("b", "exit_code.build", "0"), ("b", "status", "success")]


def test_a_stated_status_wins_over_a_guessed_one() -> None:
    assert ("b", "status", "failed") in said("reports/b.log", "make exited 0\nstatus=error\n", "log")


def test_prose_about_exit_codes_is_no_run() -> None:
    assert said("reports/notes.md", "- Exit code 1 when it fails\n", "report") == []


@pytest.mark.parametrize(
    ("name", "subject"),
    [("s2_hello_exit.code", "s2_hello"), ("s1_build.exit", "s1_build"), ("s8.exit_code", "s8")],
)
def test_a_file_that_holds_an_exit_code_claims_it(name: str, subject: str) -> None:
    assert said(f"reports/{name}", "0\n", "log") == [(subject, "exit_code", "0")]
    assert said(f"reports/{name}", "many words", "log") == []


LINE = (
    f"- Evidence: run_id={RUN}, reports_dir={FOLDER}, manifest=infra/echo.yaml, status=success (READY=True)"
)


def test_a_run_line_is_dated_by_its_own_time() -> None:
    found = claims_of("reports/note.md", f"# Note\n\n{LINE}, ts=2026-01-01T18:04:05Z\n", "report", ())
    at = datetime(2026, 1, 1, 18, 4, 5, tzinfo=UTC)
    assert found == (
        Claim(RUN, "status", "success", "", "", 3, at),
        Claim(RUN, "manifest", "infra/echo.yaml", "", "", 3, at),
        Claim(RUN, "ts", "2026-01-01T18:04:05Z", "", "", 3, at),
    )


def test_a_time_without_a_zone_dates_nothing() -> None:
    found = claims_of("reports/note.md", f"{LINE}, ts=2026-01-01 18:04", "report", ())
    assert {claim.observed_at for claim in found} == {None}


def test_event_times_are_found_in_state_and_in_machine_memory() -> None:
    (line,) = event_times(f"{LINE}, ts=2026-01-02T03:04:05Z", "STATE/current_state.md")
    assert (line.subject, line.observed_at) == (RUN, AT)
    memory = {"goal": {"last": {"reports_dir": f"{FOLDER} (evidence)", "updated_at": "2026-01-02T03:04:05Z"}}}
    (said_by_memory,) = event_times(json.dumps(memory, indent=1), "data/memory.json")
    assert (said_by_memory.subject, said_by_memory.observed_at, said_by_memory.line) == (RUN, AT, 5)
    assert event_times('{"updated_at": "2026-01-02T03:04:05Z"}', "data/memory.json") == ()


def test_a_json_result_claims_its_checks_and_measurements() -> None:
    result = {
        "timestamp": "2026-01-02T03:04:05Z",
        "all_ok": True,
        "status": "PASS",
        "results": {"success_rate_percent": 96, "total_requests": 30, "failed_requests": 1},
        "thresholds": {"success_rate": 0.99},
        "note": "words",
    }
    assert said("reports/phase4_x_verify.json", json.dumps(result), "run") == [
        ("phase4_x_verify", "all_ok", "True"),
        ("phase4_x_verify", "status", "success"),
        ("phase4_x_verify", "success_rate", "96"),
        ("phase4_x_verify", "requests", "30"),
        ("phase4_x_verify", "errors", "1"),
    ]


def test_the_lines_of_a_result_are_those_of_its_keys() -> None:
    text = json.dumps({"all_ok": True, "summary": {"all_ok": False}}, indent=1)
    found = claims_of("reports/x_result.json", text, "run", ())
    assert [(claim.predicate, claim.line) for claim in found] == [("all_ok", 2), ("summary.all_ok", 4)]


def test_records_of_runs_are_dated_by_themselves() -> None:
    text = '{"runId":"77","status":"failure","timestamp":"2026-01-02T03:04:05Z"}\nnot json\n{"status":"x"}\n'
    assert claims_of("reports/runs.ndjson", text, "run", ()) == (
        Claim("77", "status", "failed", "", "", 1, AT),
    )


def test_the_judgement_on_a_persisted_report_is_about_its_pull_request() -> None:
    judged = {
        "pr_number": 12,
        "action": {"suggested": "AUTO_MERGE_OK"},
        "risk_level": "LOW",
        "u_contract": {"decision": "REVIEW_REQUIRED"},
    }
    assert said("reports/persist_report_result_pr12.json", json.dumps(judged), "pull_request") == [
        ("PR #12", "decision", "REVIEW_REQUIRED"),
        ("PR #12", "risk_level", "LOW"),
    ]


def test_decisions_are_read_from_lines_logs_and_headings() -> None:
    text = (
        "# Card\n\n- **decision**: keep it\n- D-001: no floats\n\n## 決定\n- go on\n\n## Later\n- no claim\n"
    )
    assert said("reports/decisions/card.md", text, "decision") == [
        ("card", "decision", "keep it"),
        ("card", "decision D-001", "no floats"),
        ("card", "decision", "go on"),
    ]


def test_a_status_file_claims_its_status_and_a_report_does_not() -> None:
    text = "status: WARN\nchecked_at: 2026-01-02\n"
    assert said("reports/p/status/2026-01-02.md", text, "status") == [
        ("p/status/2026-01-02", "status", "WARN")
    ]
    assert said("reports/p/essay.md", text, "report") == []
    assert said("reports/p/status/x.md", '```\nstatus: "True"\n```\n', "status") == []


def test_a_weekly_report_claims_c_g_and_delta_of_its_project() -> None:
    text = "# Weekly\n\n## 3. C/G/δ\n\n- **Current（C）**\n  - one\n  - two\n\n- **Goals（G）**\n  - 短期: three\n\n- **Gap（δ）**\n  - four\n"
    found = claims_of("reports/shop/2026-01-04_weekly.md", text, "weekly", (), "shop")
    assert [(claim.subject, claim.predicate, claim.value) for claim in found] == [
        ("shop", "C", "one / two"),
        ("shop", "G", "three"),
        ("shop", "δ", "four"),
    ]


def test_answers_to_ask_are_read_in_their_shapes() -> None:
    path = "reports/ask/ask_1.json"
    normalised = {"understanding": {"C": "it stands", "G": ""}, "plan": [], "acceptance": ["a", "b"]}
    raw = {"understanding": "it stands", "plan": {"commands": ["x"]}, "acceptance": "a"}
    stub = {"understanding": "received '/ask'", "plan": {"commands": []}, "acceptance": "ok"}
    assert [entry[1:] for entry in said(path, json.dumps(normalised), "ask")] == [
        ("understanding", "it stands"), ("acceptance", "a"), ("acceptance", "b"),
    ]  # fmt: skip
    assert [entry[1:] for entry in said(path, json.dumps(raw), "ask")] == [
        ("understanding", "it stands"), ("acceptance", "a"),
    ]  # fmt: skip
    assert [entry[1:] for entry in said(path, json.dumps(stub), "ask")] == [("stub", "received '/ask'")]
    assert said(path, "nudge again\n", "ask") == []


def test_a_file_claims_at_most_sixty_plain_short_things() -> None:
    lines = [f"run_id=run{number}, status=\u202e{'x' * 390}\x07" for number in range(200)]
    found = claims_of("reports/a.md", "\n".join(lines), "report", ())
    assert len(found) == MOST
    assert all(len(claim.value) <= 200 and claim.value.isprintable() for claim in found)


@pytest.mark.parametrize(
    ("text", "word"), [("OK", "success"), ("✅ ok", "✅ ok"), ("Failure", "failed"), ("WARN", "WARN")]
)
def test_outcomes_are_normalised_only_when_their_first_word_says_so(text: str, word: str) -> None:
    assert outcome(text) == word


PIECES = [
    "run_id=", RUN, ", status=ok", "ts=2026-01-02T03:04:05Z", "apply exited 0", "exit code: ", "[ERROR] x", "decision:",
    "決定：", "- **C（現在地）**", "\n", "\n", "- ", "{", "}", '"status": ', '"success_rate": 1e400,', "## Decisions", "status: ",
    '"understanding": {"C": "', "[" * 50, "D-1: ", "manifest=", "999999999999999999999", "\x00", "\u2028",
]  # fmt: skip
PATHS = [
    "r/x.md",
    "r/ask/a.json",
    f"r/{RUN}/a.log",
    "r/x.exit",
    "r/x.ndjson",
    "r/2026-01-02_weekly.md",
    "",
    "/",
    ".",
]
KINDS = ["report", "log", "run", "ask", "weekly", "decision", "status", "metric"]


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(PATHS),
    st.sampled_from(KINDS),
    st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=40),
)
def test_any_text_can_be_read_by_every_reader(path: str, kind: str, pieces: list[str]) -> None:
    text = "".join(pieces)
    for reader in READERS.values():
        for claim in reader(Document(path, text, kind, "echo", "echo")):
            assert 1 <= claim.line <= text.count("\n") + 40
            assert len(tidy(claim).value) <= 200
    claims_of(path, text, kind, (CellMatch("echo", "path"),))
    event_times(text, path or "x.json")


@settings(deadline=None, max_examples=100)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["status", "run_id", "risk_level", "u_contract", "action", "understanding", "C", "acceptance",
                             "success_rate", "updated_at", "pr_number", "all_ok", "errors"]), inner, max_size=6),
        max_leaves=20,
    )
)  # fmt: skip
def test_any_json_can_be_read(value: object) -> None:
    text = json.dumps(value)
    for path, kind in (("r/a_result.json", "run"), ("r/ask/a.json", "ask"), ("r/a.jsonl", "log")):
        claims_of(path, text, kind, ())
    event_times(text, "data/m.json")
