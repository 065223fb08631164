"""The modes on the real repository: the run of PR #754, the report of PR #787, and every answer that was ever kept."""

import json
import subprocess
from pathlib import Path
from typing import Any

from cells.asks.modes import mode
from cells.patches.edits import AddFile, render

RUN = "apply_hello_dev_20251115T183901Z"
FOLDER = f"reports/codex_runs/{RUN}"
STATE, MEMORY = "STATE/current_state.md", "data/vpm_memory_min.json"


def git(clone: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", clone, *words], check=True, capture_output=True, text=True).stdout


def before(clone: Path, pull_request: int) -> str:
    subjects = git(clone, "log", "--format=%H %s", "origin/HEAD").splitlines()
    commit = next(line.split()[0] for line in subjects if line.endswith(f"(#{pull_request})"))
    return f"{commit}^"


def hello(clone: Path, commit: str) -> dict[str, Any]:
    """What the context of hello-s5 says at a commit, as far as update_north_star looks at it."""
    run = {
        "id": RUN,
        "type": "run",
        "reports_dir": FOLDER,
        "status": "success",
        "related_files": [f"{FOLDER}/{name}" for name in ("after.yaml", "apply.log", "run.log")],
        "timestamp": "2025-11-15T18:39:01Z",
        "timestamp_certain": True,
        "trust": "ssot",
        "details": {"manifest": "infra/k8s/overlays/dev/hello-ksvc.yaml"},
        "claims": [{"subject": "hello", "predicate": "ready", "value": "True"}],
    }
    return {
        "cell": {"key": "hello-s5", "title": "Hello S5", "state_path": STATE, "memory_path": MEMORY},
        "recent_evidence_runs": [run],
        "state_documents": [
            {"path": STATE, "text": git(clone, "show", f"{commit}:{STATE}"), "trust": "ssot"}
        ],
        "memory_documents": [
            {"path": MEMORY, "object": json.loads(git(clone, "show", f"{commit}:{MEMORY}"))}
        ],
    }


def asked(key: str, context: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    said = mode(key).literally(context)
    return said, mode(key).outcome(mode(key).reply.model_validate(said), context)


def test_hello_s5_before_754_gets_its_line_with_the_right_time(real_clone: Path) -> None:
    commit = before(real_clone, 754)
    _, outcome = asked("update_north_star", hello(real_clone, commit))

    def read(path: str) -> bytes:
        return git(real_clone, "show", f"{commit}:{path}").encode()

    files = render(outcome.edits, read).files
    assert files.keys() == {STATE, MEMORY}
    state = (files[STATE] or b"").decode()
    added = [line for line in state.splitlines() if line not in read(STATE).decode().splitlines()]
    assert added == [
        f"- Evidence (Hello S5): run_id={RUN}, reports_dir={FOLDER}, manifest=infra/k8s/overlays/dev/hello-ksvc.yaml,"
        " status=success (READY=True), ts=2025-11-15T18:39:01Z"
    ]
    above = state[: state.index(added[0])].splitlines()
    heading = next(line for line in reversed(above) if line.startswith("#"))
    assert heading == "#### Goal-M2 / Hello S5 成功ルート Evidence"
    memory, was = json.loads(files[MEMORY] or b""), json.loads(read(MEMORY))
    was["goal_m2"]["last_successful_s5_apply"]["updated_at"] = "2025-11-15T18:39:01Z"
    assert memory == was


def test_hello_s5_at_the_tip_proposes_nothing_and_names_the_nine_hours(real_clone: Path) -> None:
    _, outcome = asked("update_north_star", hello(real_clone, "origin/HEAD"))
    assert outcome.edits == ()
    assert len(outcome.warnings) == 2
    assert all("09:39:01Z" in said and "18:39:01Z" in said and "9 h" in said for said in outcome.warnings)
    assert any(STATE in said for said in outcome.warnings)
    assert any(MEMORY in said for said in outcome.warnings)


def waiting(clone: Path, checks: str) -> dict[str, Any]:
    branch, path = "ask/persist-2025-11-17T0238", "reports/ask/ask_2025-11-17T0238.json"
    content = git(clone, "show", f"origin/{branch}:{path}")
    file = {"path": path, "status": "added", "added": 13, "removed": 0, "content": content}
    subject = {
        "patch": 1,
        "number": 787,
        "branch": branch,
        "title": f"ask: {path}",
        "checks": checks,
        "files": [file],
    }
    return {"stamp": "20251130T184007Z", "subject": subject}


def test_787_may_go_in_once_its_checks_are_green(real_clone: Path) -> None:
    said, outcome = asked("persist_report", waiting(real_clone, "green"))
    assert said["action"]["suggested"] == "AUTO_MERGE_OK"
    assert said["risk_level"] == "LOW"
    assert {"persist-report", "ask-run", "reports-only", "u_contract", "stub", "issue-774"} == set(
        said["tags"]
    )
    assert "ask_2025-11-17T0238.json" in said["summary"]
    assert "2025-11-17T02:38:12" in said["summary"]
    assert outcome.edits[0].path == "reports/persist-report/persist_report_787_20251130T184007Z.json"
    unknown, _ = asked("persist_report", waiting(real_clone, "unknown"))
    assert unknown["action"]["suggested"] == "REVIEW_REQUIRED"


def test_the_one_real_persist_report_answer_is_understood_whole(real_clone: Path) -> None:
    real = json.loads(git(real_clone, "show", "origin/HEAD:reports/persist_report_result_pr787.json"))
    one = mode("persist_report")
    context = waiting(real_clone, "green")
    (edit,) = one.outcome(one.reply.model_validate(real), context).edits
    assert isinstance(edit, AddFile)
    record = json.loads(edit.content)
    assert record["u_contract_as_answered"] == real["u_contract"]
    assert all(
        record[key] == real[key] for key in ("summary", "tags", "risk_level", "notes_for_humans", "pr_url")
    )
    assert record["u_contract"]["decision"] == "AUTO_MERGE_OK"


def answers(clone: Path) -> dict[tuple[str, str], str]:
    """Every distinct (path, blob) under reports/ask/ that any branch ever held, with its text."""
    lines = git(clone, "rev-list", "--remotes", "--objects", "--", "reports/ask").splitlines()
    named = [
        (path, blob) for blob, _, path in (line.partition(" ") for line in lines) if path.endswith(".json")
    ]
    return {(path, blob): git(clone, "cat-file", "blob", blob) for path, blob in named}


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def test_every_real_answer_becomes_one_form_and_loses_nothing(real_clone: Path) -> None:
    one = mode("u_contract")
    understood = 0
    texts = answers(real_clone)
    for (path, _), text in texts.items():
        try:
            raw = json.loads(text)
        except ValueError:
            continue
        reply = one.reply.model_validate(raw)
        kept = leaves(reply.model_dump(mode="json"))
        assert all(leaf in kept for leaf in leaves(raw)), path
        understood += 1
        said = one.outcome(reply, {"cell": {"key": "x"}, "stamp": "20260101T000000Z"})
        written = json.loads(said.edits[0].content)
        assert isinstance(written["plan"], list)
    assert (len(texts), understood) == (73, 71)


def test_the_real_document_update_touches_state_and_tells_about_the_weekly_report(real_clone: Path) -> None:
    real = json.loads(
        git(real_clone, "show", "origin/HEAD:reports/doc_update_proposals/2025-11-26_vpm-mini.json")
    )
    one = mode("doc_update")
    path = "STATE/vpm-mini/current_state.md"
    commit = before(real_clone, 880)
    state = git(real_clone, "show", f"{commit}:{path}")
    context = {
        "cell": {"key": "x"},
        "recent_evidence_runs": [],
        "state_documents": [{"path": path, "text": state, "trust": "ssot"}],
    }
    outcome = one.outcome(one.reply.model_validate(real), context)
    assert [(edit.path, edit.operation) for edit in outcome.edits] == [
        (path, "replace_section"),
        (path, "replace_section"),
        (path, "append_after_heading"),
    ]
    assert "2025-11-30_weekly.md" in outcome.warnings[0]
    assert render(outcome.edits, lambda _: state.encode()).files.keys() == {path}
