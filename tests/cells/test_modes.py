"""The modes of /ask: what the rules say literally, which words of models are understood, what an answer becomes."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cells.asks.modes import mode, modes
from cells.asks.modes.base import ModeRefused, Outcome
from cells.patches.edits import AddFile, AppendAfterHeading, MergeJson, ReplaceFile, ReplaceSection, render

RUN = "apply_pump_20260310T091500Z"
STATE = f"""# State

## Pump

The pump runs.

### Pump evidence

- `reports/runs/{RUN}/run.log` shows the newest run.

## Evidence Links（証拠リンク）

- `reports/old.md`
"""
MEMORY = {
    "goal": {"last_run": {"reports_dir": f"reports/runs/{RUN} (proof)", "updated_at": "2026-03-09T00:00:00Z"}}
}


def a_run(name: str = RUN, **changes: Any) -> dict[str, Any]:
    return {
        "id": name,
        "type": "run",
        "reports_dir": f"reports/runs/{name}",
        "status": "success",
        "related_files": [f"reports/runs/{name}/run.log"],
        "timestamp": "2026-03-10T09:15:00Z",
        "timestamp_certain": True,
        "trust": "ssot",
        "flags": [],
        "details": {"manifest": "infra/pump.yaml"},
        "claims": [{"predicate": "ready", "value": "True"}],
    } | changes


def a_context(**changes: Any) -> dict[str, Any]:
    return {
        "schema": "vpm_context_v1",
        "repository": "demo",
        "head": "a" * 40,
        "as_of": "2026-03-10T18:00:00Z",
        "stamp": "20260310T180000Z",
        "project": {"key": "water", "title": "Water", "state_path": "STATE/state.md"},
        "cell": {
            "key": "pump",
            "title": "Pump",
            "state_path": "STATE/state.md",
            "memory_path": "data/memory.json",
        },
        "recent_evidence_runs": [a_run()],
        "state_documents": [{"path": "STATE/state.md", "text": STATE, "trust": "ssot"}],
        "memory_documents": [{"path": "data/memory.json", "object": MEMORY, "trust": "ssot"}],
        "documents": [{"path": "docs/pump.md", "text": "# Pump\n\nHow it works.\n", "trust": "ssot"}],
        "facts": {
            "current": ["Two pumps run."],
            "goal_short": ["Three pumps run."],
            "gap": ["One pump is missing."],
            "tasks": [
                {"text": "Order the pump", "done": False, "owner": "Mika", "deadline": None},
                {"text": "Dig the hole", "done": True},
                {"text": "Lay the pipe", "done": False},
            ],
        },
        "conflicts": [],
        "vantages": {"seen": ["control plane"], "missing": ["in cluster", "outside"]},
        "pull_requests": [],
        "subject": None,
    } | changes


def a_subject(**changes: Any) -> dict[str, Any]:
    answer = {
        "understanding": "The pump runs",
        "plan": {"commands": []},
        "acceptance": "ok",
        "meta": {"issue": 7},
    }
    file = {
        "path": "reports/ask/ask_1.json",
        "status": "added",
        "added": 9,
        "removed": 0,
        "content": json.dumps(answer),
    }
    return {
        "patch": 5,
        "number": 12,
        "branch": "ask/one",
        "title": "Keep it",
        "checks": "green",
        "files": [file],
    } | changes


def read(**files: Any) -> dict[str, bytes]:
    return {
        "STATE/state.md": STATE.encode(),
        "data/memory.json": json.dumps(MEMORY, indent=2).encode(),
    } | files


def literal(key: str, context: dict[str, Any]) -> tuple[dict[str, Any], Outcome]:
    said = mode(key).literally(context)
    return said, mode(key).outcome(mode(key).reply.model_validate(said), context)


def answered(key: str, reply: Any, context: dict[str, Any] | None = None) -> Outcome:
    return mode(key).outcome(
        mode(key).reply.model_validate(reply), a_context() if context is None else context
    )


def test_every_file_with_a_mode_is_a_mode() -> None:
    six = {"update_north_star", "persist_report", "pr_groomer", "u_contract", "pm_snapshot", "doc_update"}
    assert set(modes()) == six
    assert all(
        each.key == key and each.allowed and "never instructions" in each.prompt
        for key, each in modes().items()
    )
    with pytest.raises(KeyError):
        mode("poetry")


# update_north_star


def test_a_run_that_a_section_names_gets_its_line_and_its_time() -> None:
    said, outcome = literal("update_north_star", a_context())
    line = said["state_patch"][0]["markdown"]
    assert line == (
        f"- Evidence (Pump): run_id={RUN}, reports_dir=reports/runs/{RUN}, manifest=infra/pump.yaml,"
        " status=success (READY=True), ts=2026-03-10T09:15:00Z"
    )
    state, memory = outcome.edits
    assert isinstance(state, AppendAfterHeading)
    assert (state.path, state.match_heading) == ("STATE/state.md", "Pump evidence")
    assert state.evidence == (f"reports/runs/{RUN}/run.log",) == memory.evidence
    assert isinstance(memory, MergeJson)
    assert memory.merge == {"goal": {"last_run": {"updated_at": "2026-03-10T09:15:00Z"}}}
    files = render(outcome.edits, read().get).files
    assert f"newest run.\n{line}\n" in (files["STATE/state.md"] or b"").decode()
    assert (
        json.loads(files["data/memory.json"] or b"")["goal"]["last_run"]["updated_at"]
        == "2026-03-10T09:15:00Z"
    )


def test_what_was_landed_is_not_proposed_again() -> None:
    _, outcome = literal("update_north_star", a_context())
    files = render(outcome.edits, read().get).files
    state, memory = (files["STATE/state.md"] or b"").decode(), json.loads(files["data/memory.json"] or b"")
    again = a_context(
        state_documents=[{"path": "STATE/state.md", "text": state}],
        memory_documents=[{"path": "data/memory.json", "object": memory}],
    )
    _, second = literal("update_north_star", again)
    assert second.edits == ()
    assert second.warnings == ()
    assert second.needs == ()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": "failed"}, "its status is failed, not success"),
        ({"status": ""}, "its status is not known, not success"),
        ({"trust": "external"}, "no person has decided about it"),
        ({"timestamp_certain": False}, "its time does not name a zone"),
        ({"timestamp": "yesterday"}, "its time does not name a zone"),
        ({"flags": ["future"]}, "its evidence is flagged future"),
    ],
)
def test_a_run_that_proves_nothing_ends_plan_only_and_says_why(changes: dict[str, Any], why: str) -> None:
    _, outcome = literal("update_north_star", a_context(recent_evidence_runs=[a_run(**changes)]))
    assert outcome.edits == ()
    assert outcome.warnings == (f"Run {RUN} was not used: {why}.",)
    assert outcome.needs[0]["kind"] == "run"
    assert outcome.plan


def test_measurements_without_a_run_are_plan_only_and_shelve_nothing() -> None:
    _, outcome = literal(
        "update_north_star", a_context(recent_evidence_runs=[a_run(status="", type="metric")])
    )
    assert (outcome.edits, outcome.needs) == ((), ())
    assert outcome.plan


def test_no_evidence_at_all_is_plan_only() -> None:
    _, outcome = literal("update_north_star", a_context(recent_evidence_runs=[]))
    assert outcome.edits == ()
    assert "succeeded" in str(outcome.needs[0]["sentence"])


def test_a_conflict_ends_plan_only_with_both_documents_and_the_missing_vantages() -> None:
    conflict = {
        "kind": "availability",
        "subject": "pump",
        "sentence": "pump is ready according to reports/a.yaml, but fails.",
        "left": {"path": "reports/a.yaml"},
        "right": {"path": "reports/b.md"},
    }
    _, outcome = literal("update_north_star", a_context(conflicts=[conflict]))
    assert outcome.edits == ()
    assert outcome.warnings == ("pump is ready according to reports/a.yaml, but fails. (reports/b.md)",)
    assert [(need["predicate"], need["vantage"]) for need in outcome.needs] == [
        ("success_rate", "in cluster"),
        ("success_rate", "outside"),
    ]
    assert outcome.needs[0]["sentence"].params["vantage"] == "in cluster"


def test_a_line_with_another_time_is_told_and_nothing_is_changed() -> None:
    text = f"# S\n\n## Pump\n\n- Evidence: run_id={RUN}, ts=2026-03-10T00:15:00Z\n"
    documents = [{"path": "STATE/state.md", "text": text}]
    memory = {"run": {"run_id": RUN, "ts": "2026-03-10T00:15:00Z"}}
    context = a_context(
        state_documents=documents, memory_documents=[{"path": "data/memory.json", "object": memory}]
    )
    _, outcome = literal("update_north_star", context)
    assert outcome.edits == ()
    assert len(outcome.warnings) == 2
    assert all("00:15:00Z" in w and "09:15:00Z" in w and "exactly 9 h" in w for w in outcome.warnings)
    assert outcome.needs[0]["predicate"] == "ts"


def test_only_the_newest_run_of_a_section_is_written_and_a_longer_id_is_another_run() -> None:
    older = RUN.replace("0310", "0309")
    text = f"# S\n\n## Pump\n\n{older} and {RUN} ran; {RUN}b did not.\n"
    runs = [
        a_run(older, timestamp="2026-03-09T09:15:00Z"),
        a_run(f"{RUN}b2", timestamp="2026-03-11T09:15:00Z"),
        a_run(),
    ]
    context = a_context(recent_evidence_runs=runs, state_documents=[{"path": "STATE/state.md", "text": text}])
    said, _ = literal("update_north_star", context)
    assert [RUN in patch["markdown"] for patch in said["state_patch"]] == [True]


def test_a_heading_that_stands_twice_is_not_used() -> None:
    text = f"# State\n\n## Pump\n\n### Runs\n\n{RUN}\n\n## Other\n\n### Runs\n\nNone.\n"
    said, _ = literal(
        "update_north_star", a_context(state_documents=[{"path": "STATE/state.md", "text": text}])
    )
    assert said["state_patch"][0]["match_heading"] == "Pump"


def test_a_later_time_in_memory_is_left_alone() -> None:
    memory = {"run": {"run_id": RUN, "updated_at": "2026-03-12T00:00:01Z"}}
    said, _ = literal(
        "update_north_star", a_context(memory_documents=[{"path": "data/m.json", "object": memory}])
    )
    assert said["memory_patch"] == {"merge": {}}


def test_an_answer_that_changes_another_cells_document_is_refused() -> None:
    patch = {"path": "STATE/other.md", "match_heading": "Pump", "markdown": "- x"}
    with pytest.raises(ModeRefused, match="belongs to another cell"):
        answered("update_north_star", {"state_patch": [patch]})
    good = {"match_heading": "Pump", "operation": "append", "markdown": "- y"}
    outcome = answered("update_north_star", {"state_patch": [patch, good]})
    assert [edit.path for edit in outcome.edits] == ["STATE/state.md"]
    assert "STATE/other.md" in outcome.warnings[0]


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "STATE/../x", "docs/pump.md", "STATE\\x", ".git/config", "STATE/a\nb"]
)
def test_a_path_outside_what_the_mode_may_change_is_refused(path: str) -> None:
    with pytest.raises(ModeRefused, match="may only change"):
        answered(
            "update_north_star", {"state_patch": [{"path": path, "match_heading": "Pump", "markdown": "- x"}]}
        )


def test_other_shapes_of_a_north_star_answer_are_understood() -> None:
    reply = {
        "state_patch": {"match_heading": "Pump", "operation": "Replace Section", "markdown": "New text."},
        "memory_patch": {"goal": {"done": True}},
        "rationale": "because",
        "warnings": None,
        "needs": ["a second look", {"vantage": "outside"}],
    }
    outcome = answered("update_north_star", reply)
    assert [type(edit) for edit in outcome.edits] == [ReplaceSection, MergeJson]
    assert outcome.rationale == ("because",)
    assert str(outcome.needs[0]["sentence"]) == "a second look"
    assert "outside" in str(outcome.needs[1]["sentence"])


def test_a_percent_sign_in_a_need_is_only_text() -> None:
    outcome = answered("update_north_star", {"needs": ["100 % of %(requests)s"]})
    assert str(outcome.needs[0]["sentence"]) == "100 % of %(requests)s"


# persist_report


def test_a_sound_report_may_go_in_by_itself() -> None:
    said, outcome = literal("persist_report", a_context(subject=a_subject()))
    assert said["action"]["suggested"] == "AUTO_MERGE_OK"
    assert said["risk_level"] == "LOW"
    assert said["tags"] == ["persist-report", "reports-only", "ask-run", "u_contract", "issue-7"]
    assert "The pump runs" in said["summary"]
    (edit,) = outcome.edits
    assert isinstance(edit, AddFile)
    assert edit.path == "reports/persist-report/persist_report_12_20260310T180000Z.json"
    assert edit.content.endswith("}\n")
    record = json.loads(edit.content)
    assert record["pr_number"] == 12
    assert record["u_contract"]["decision"] == "AUTO_MERGE_OK"


@pytest.mark.parametrize(
    ("changes", "risk"),
    [
        ({"checks": "unknown"}, "MEDIUM"),
        ({"verdict": {"decision": "REVIEW_REQUIRED", "reasons": ["It shrinks."]}}, "MEDIUM"),
        ({"files": [{"path": "STATE/x.md", "status": "added", "content": "# x"}]}, "HIGH"),
        ({"files": [{"path": "reports/../x.md", "status": "added", "content": "# x"}]}, "HIGH"),
        ({"files": [{"path": "reports/x.md", "status": "modified", "content": "# x"}]}, "MEDIUM"),
        ({"files": [{"path": "reports/x.json", "status": "added", "content": "nudge it"}]}, "MEDIUM"),
        ({"files": [{"path": "reports/x.json", "status": "added", "content": None}]}, "MEDIUM"),
        ({"files": [{"path": "reports/x.sh", "status": "added", "content": "true"}]}, "MEDIUM"),
    ],
)
def test_anything_against_a_report_asks_for_a_review(changes: dict[str, Any], risk: str) -> None:
    said, _ = literal("persist_report", a_context(subject=a_subject(**changes)))
    assert said["action"]["suggested"] == "REVIEW_REQUIRED"
    assert said["risk_level"] == risk
    assert said["notes_for_humans"]


def test_an_answer_cannot_talk_a_report_in() -> None:
    reply = {
        "summary": "Approve this",
        "action": "auto-merge-ok",
        "risk_level": "low",
        "notes_for_humans": "fine",
    }
    outcome = answered("persist_report", reply, a_context(subject=a_subject(checks="red")))
    (edit,) = outcome.edits
    assert isinstance(edit, AddFile)
    assert json.loads(edit.content)["u_contract"]["decision"] == "REVIEW_REQUIRED"
    assert "red, not green" in outcome.warnings[0]


def test_a_decision_in_a_nested_contract_counts_and_is_kept() -> None:
    nested = {"decision": "ARCHIVE_CANDIDATE", "reason": "old", "notes": ["n"]}
    context = a_context(subject=a_subject(number=None, verdict={"decision": "ARCHIVE_CANDIDATE"}))
    outcome = answered("persist_report", {"summary": "s", "u_contract": nested, "pr_url": "u"}, context)
    (edit,) = outcome.edits
    assert isinstance(edit, AddFile)
    record = json.loads(edit.content)
    assert edit.path.endswith("persist_report_ask-one_20260310T180000Z.json")
    assert record["u_contract"]["decision"] == "ARCHIVE_CANDIDATE"
    assert record["u_contract_as_answered"] == nested
    assert record["pr_url"] == "u"


def test_without_a_waiting_patch_there_is_nothing_to_describe() -> None:
    with pytest.raises(ModeRefused, match="open the patch"):
        mode("persist_report").literally(a_context())


# u_contract


def test_the_contract_of_understanding_is_what_the_state_says() -> None:
    said, outcome = literal("u_contract", a_context())
    assert said["understanding"]["C"] == "Two pumps run."
    assert [item["desc"] for item in said["plan"]] == ["Order the pump", "Lay the pipe"]
    (edit,) = outcome.edits
    assert isinstance(edit, AddFile)
    assert edit.path == "reports/ask/ask_pump_20260310T180000Z.json"
    record = json.loads(edit.content)
    assert record["understanding"]["delta"] == "One pump is missing."
    assert record["confidence"] is None
    assert outcome.plan[0] == "p1: Order the pump"


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ("do it", [("p1", "do it", [])]),
        (["a", {"description": "b", "commands": "ls"}], [("p1", "a", []), ("p2", "b", ["ls"])]),
        (
            {"commands": ["x", {"name": "y", "args": {"q": 1}}]},
            [("p1", "", ["x", {"name": "y", "args": {"q": 1}}])],
        ),
        ({"s1": "first", "s2": {"desc": "second"}}, [("s1", "first", []), ("s2", "second", [])]),
        ({"commands": []}, []),
        (None, []),
    ],
)
def test_a_plan_of_any_shape_becomes_items(plan: Any, expected: list[tuple[str, str, list[Any]]]) -> None:
    reply = mode("u_contract").reply.model_validate({"understanding": "C", "plan": plan, "acceptance": "ok"})
    assert [(item.id, item.desc, item.commands) for item in reply.plan] == expected  # type: ignore[attr-defined]
    assert reply.model_dump()["understanding"]["C"] == "C"
    assert reply.model_dump()["acceptance"] == ["ok"]


def test_nothing_a_contract_said_is_dropped_from_its_record() -> None:
    reply = {
        "understanding": {"C": "c", "δ": "d", "mood": "calm"},
        "plan": [{"id": 1, "owner": "me"}],
        "x": [1.5, None],
    }
    (edit,) = answered("u_contract", reply).edits
    assert isinstance(edit, AddFile)
    record = json.loads(edit.content)
    assert record["understanding"]["delta"] == "d"
    assert record["understanding"]["mood"] == "calm"
    assert record["plan"][0] | {"id": "1", "owner": "me"} == record["plan"][0]
    assert record["x"] == [1.5, None]


def test_a_cell_without_facts_has_no_contract_yet() -> None:
    _, outcome = literal("u_contract", a_context(facts={}))
    assert outcome.edits == ()
    assert outcome.needs


# pr_groomer


def a_pull(patch: int, **changes: Any) -> dict[str, Any]:
    return {
        "number": None,
        "patch": patch,
        "title": "t",
        "files": ["reports/a.json"],
        "verdict": None,
    } | changes


def test_waiting_proposals_are_sorted_by_facts() -> None:
    pulls = [
        a_pull(1, verdict={"decision": "AUTO_MERGE_OK", "reasons": []}),
        a_pull(2, verdict={"decision": "ARCHIVE_CANDIDATE", "reasons": ["Main has it."]}),
        a_pull(3, has_conflicts=True),
        a_pull(4, files=["docs/x.md"]),
        a_pull(5, draft=True),
        a_pull(6, files=[]),
        a_pull(7),
    ]
    said, outcome = literal("pr_groomer", a_context(pull_requests=pulls))
    assert [(each["category"], each["recommended_action"]) for each in said["classifications"]] == [
        ("ssot", "merge_when_green"),
        ("ephemeral", "close"),
        ("blocked", "needs_decision"),
        ("ssot", "needs_decision"),
        ("needs-triage", "keep_open"),
        ("needs-triage", "clarify_scope"),
        ("needs-triage", "needs_decision"),
    ]
    assert [edit.path for edit in outcome.edits] == ["reports/pr_groomer/groomer_20260310T180000Z.json"]
    assert outcome.warnings == ()


def test_no_waiting_proposal_is_plan_only() -> None:
    _, outcome = literal("pr_groomer", a_context())
    assert outcome.edits == ()
    assert outcome.plan


@pytest.mark.parametrize(
    ("said", "category", "action"),
    [
        ({"category": "persist-report/auto-merge"}, "ssot", "merge_when_green"),
        ({"kind": "superseded"}, "ephemeral", "close"),
        (
            {"category": "Needs Triage", "recommended_action": "clarify scope"},
            "needs-triage",
            "clarify_scope",
        ),
        ({"category": "wonderful", "recommended_action": "sing"}, "needs-triage", "needs_decision"),
    ],
)
def test_three_vocabularies_become_one(said: dict[str, str], category: str, action: str) -> None:
    context = a_context(pull_requests=[a_pull(1, number=787)])
    (edit,) = answered("pr_groomer", {"classifications": [{"number": "#787", **said}]}, context).edits
    assert isinstance(edit, AddFile)
    (one,) = json.loads(edit.content)["classifications"]
    assert (one["category"], one["recommended_action"]) == (category, action)
    assert all(
        word in json.dumps(one) for word in said.values() if word not in ("Needs Triage", "clarify scope")
    )


def test_proposals_nobody_asked_about_are_not_sorted() -> None:
    with pytest.raises(ModeRefused):
        answered("pr_groomer", {"classifications": [{"number": 1}]}, a_context(pull_requests=[a_pull(2)]))


# pm_snapshot


def test_a_snapshot_is_json_a_line_and_a_page_on_the_day_in_japan() -> None:
    said, outcome = literal("pm_snapshot", a_context())
    assert [each["title"] for each in said["next_actions"]] == ["Order the pump", "Lay the pipe"]
    (edit,) = outcome.edits
    assert isinstance(edit, AddFile)
    assert edit.path == "reports/pm_snapshots/2026-03-11_water.md"
    head, _, page = edit.content.partition("\n---\n")
    assert json.loads(head)["schema_version"] == "pm_snapshot_v1"
    assert "# PM Snapshot: water (2026-03-11)" in page
    assert "1. Order the pump\n   - owner: Mika" in page


def test_the_day_of_a_snapshot_is_never_the_answers() -> None:
    reply = {
        "current": "all well",
        "goals": ["more"],
        "generated_at": "2031-01-01",
        "next_actions": ["a", "b", "c", "d"],
    }
    (edit,) = answered("pm_snapshot", reply).edits
    assert isinstance(edit, AddFile)
    record = json.loads(edit.content.partition("\n---\n")[0])
    assert record["generated_at"] == "2026-03-10T18:00:00Z"
    assert [each["title"] for each in record["next_actions"]] == ["a", "b", "c"]
    assert record["notes"] == ["d"]


def test_a_project_without_facts_has_no_snapshot() -> None:
    _, outcome = literal("pm_snapshot", a_context(facts={}))
    assert outcome.edits == ()
    with pytest.raises(ModeRefused, match="no project"):
        mode("pm_snapshot").literally(a_context(project=None))


# doc_update


def test_uncited_evidence_is_linked_under_the_evidence_heading() -> None:
    runs = [
        a_run(f"run_{day}", related_files=[f"reports/{day}.md"], reports_dir="reports") for day in range(8)
    ]
    runs.insert(0, a_run("flagged", flags=["empty"]))
    _, outcome = literal("doc_update", a_context(recent_evidence_runs=runs))
    (edit,) = outcome.edits
    assert isinstance(edit, AppendAfterHeading)
    assert edit.match_heading == "Pump evidence"
    assert edit.markdown.splitlines() == [f"- `reports/{day}.md`" for day in range(5)]
    assert render(outcome.edits, read().get).files.keys() == {"STATE/state.md"}


def test_cited_evidence_is_not_linked_again_and_no_section_is_plan_only() -> None:
    assert literal("doc_update", a_context())[1].edits == ()
    bare = [{"path": "STATE/state.md", "text": "# State\n\n## Evidence format\n"}]
    _, outcome = literal("doc_update", a_context(state_documents=bare))
    assert outcome.edits == ()
    assert outcome.plan


def test_updates_of_every_kind_become_edits() -> None:
    target = {"path": "docs/pump.md", "section_hint": "# Pump"}
    reply = {
        "updates": [
            {"target": target, "change_type": "append_list_item", "suggestion_markdown": "# Pump\n- more"},
            {"target": target, "change_type": "edit_paragraph", "suggestion_markdown": "Anew."},
            {
                "path": "docs/pump.md",
                "section_hint": "",
                "change_type": "add",
                "suggestion_markdown": "where?",
            },
            {
                "target": target,
                "change_type": "edit_paragraph",
                "suggestion_markdown": "no",
                "status": "rejected",
            },
        ],
        "target_files": [
            {"target.path": "STATE/state.md", "change_type": "replace_whole_file", "final_content": STATE}
        ],
    }
    outcome = answered("doc_update", reply)
    assert [type(edit) for edit in outcome.edits] == [AppendAfterHeading, ReplaceSection, ReplaceFile]
    assert outcome.edits[0].markdown == "- more"  # type: ignore[union-attr]
    assert len(outcome.warnings) == 2


@pytest.mark.parametrize(
    "path", ["reports/weekly.md", "docs/unknown.md", "docs/../contract.toml", ".github/x.md"]
)
def test_an_update_to_any_other_document_is_refused(path: str) -> None:
    update = {"target": {"path": path, "section_hint": "x"}, "change_type": "add", "suggestion_markdown": "x"}
    with pytest.raises(ModeRefused):
        answered("doc_update", {"updates": [update]})


# all of them

WORDS = st.sampled_from(
    [*"CG", "understanding", "plan", "commands", "action", "decision", "summary", "updates", "target", "path", "current",
     "classifications", "number", "category", "state_patch", "memory_patch", "merge", "match_heading", "markdown", "needs",
     "next_actions", "evidence", "id", "desc", "goals", "acceptance", "citations", "target_files", "final_content"]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(-5, 900) | st.floats() | st.text(max_size=12) | WORDS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)


@pytest.mark.parametrize("key", sorted(modes()))
@settings(max_examples=100, deadline=None)
@given(reply=st.dictionaries(WORDS, JSON, max_size=6))
def test_whatever_a_model_sends_ends_as_an_outcome_or_a_sentence(key: str, reply: dict[str, Any]) -> None:
    one = mode(key)
    context = a_context(subject=a_subject(), pull_requests=[a_pull(1)])
    try:
        answer = one.reply.model_validate(reply)
        outcome = one.outcome(answer, context)
    except (ValidationError, ModeRefused):
        return
    assert all(
        edit.path.startswith(tuple(glob.split("*")[0] for glob in one.allowed)) for edit in outcome.edits
    )
    assert all(str(part.heading) for part in one.shown(answer))
    assert one.reply.model_validate(answer.model_dump(mode="json")) is not None


@pytest.mark.parametrize("key", sorted(modes()))
def test_what_the_rules_say_fits_the_schema_and_says_nothing_else(key: str) -> None:
    context = a_context(subject=a_subject(), pull_requests=[a_pull(1)])
    said = mode(key).literally(context)
    reply = mode(key).reply.model_validate(said)
    assert json.loads(json.dumps(said)) == said
    assert said == mode(key).literally(json.loads(json.dumps(context)))
    assert not reply.model_extra


@pytest.mark.parametrize("key", sorted(modes()))
def test_a_context_without_what_a_mode_needs_is_told(key: str) -> None:
    with pytest.raises(ValidationError):
        mode(key).context.model_validate({})
